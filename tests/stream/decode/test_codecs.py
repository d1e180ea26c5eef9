"""Codecs and containers of mezzanines and of old films: every picture once, its true time, its colour."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from kernels.cpu import CpuOps
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.errors import KeyartError

COUNT = 30
COLOURS = np.array([[200, 60, 50], [60, 170, 70], [50, 80, 200], [210, 200, 60], [60, 60, 60], [220, 220, 220]])
CLOSE, CLOSE_IF_COARSE = 6.0, 12.0
"""Furthest mean colour of a patch, in 8-bit code values: quantisation of the codec and 4:2:0."""
KINDS: dict[str, tuple[str, str, tuple[int, int], dict[str, str]]] = {
    "prores_hq.mov": ("prores_ks", "yuv422p10le", (320, 192), {"profile": "hq"}),
    "prores_4444.mov": ("prores_ks", "yuva444p10le", (320, 192), {"profile": "4444"}),
    "prores.mxf": ("prores_ks", "yuv422p10le", (320, 192), {}),
    "dnxhr.mov": ("dnxhd", "yuv422p", (320, 192), {"profile": "dnxhr_hq"}),
    "dnxhr_10.mxf": ("dnxhd", "yuv422p10le", (320, 192), {"profile": "dnxhr_hqx"}),
    "jpeg2000.mxf": ("jpeg2000", "yuv422p10le", (320, 192), {}),
    "jpeg2000.mov": ("jpeg2000", "yuv420p", (320, 192), {}),
    "mpeg2.mxf": ("mpeg2video", "yuv422p", (320, 192), {}),
    "mpeg2.mpg": ("mpeg2video", "yuv420p", (320, 192), {}),
    "mpeg2.vob": ("mpeg2video", "yuv420p", (320, 192), {}),
    "mpeg2.ts": ("mpeg2video", "yuv420p", (320, 192), {}),
    "h264.m2ts": ("libx264", "yuv420p", (320, 192), {}),
    "mpeg1.mpg": ("mpeg1video", "yuv420p", (320, 192), {}),
    "wmv2.wmv": ("wmv2", "yuv420p", (320, 192), {}),
    "wmv1.asf": ("wmv1", "yuv420p", (320, 192), {}),
    "asp.avi": ("mpeg4", "yuv420p", (320, 192), {}),
    "msmpeg4.avi": ("msmpeg4", "yuv420p", (320, 192), {}),
    "mjpeg.avi": ("mjpeg", "yuvj422p", (320, 192), {}),
    "ffv1.mkv": ("ffv1", "yuv422p10le", (320, 192), {}),
    "flash.flv": ("flv", "yuv420p", (320, 192), {}),
    "h264.flv": ("libx264", "yuv420p", (320, 192), {}),
    "h263.3gp": ("h263", "yuv420p", (352, 288), {}),
    "fragmented.mp4": ("libx264", "yuv420p", (320, 192), {}),
    "hevc.mp4": ("libx265", "yuv420p10le", (320, 192), {"x265-params": "log-level=error"}),
    "vp8.webm": ("libvpx", "yuv420p", (320, 192), {"deadline": "realtime"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", (320, 192), {"deadline": "realtime"}),
    "av1.mp4": ("libsvtav1", "yuv420p", (320, 192), {"preset": "10", "svtav1-params": "enable-tf=0", "crf": "20"}),
    "av1.mkv": ("libsvtav1", "yuv420p10le", (320, 192), {"preset": "10", "svtav1-params": "enable-tf=0", "crf": "20"}),
    "dv.dv": ("dvvideo", "yuv420p", (720, 576), {}),
}
COARSE = {"h263.3gp", "flash.flv", "msmpeg4.avi", "wmv1.asf", "wmv2.wmv", "mjpeg.avi"}
CONTAINER_OPTIONS = {"fragmented.mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}}


def patches(size: tuple[int, int], number: int) -> np.ndarray:
    """Two rows of three flat colours, which take turns every ten pictures, with a bar that wanders below them."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    turn = number // 10
    for k in range(6):
        top, left = k // 3 * (height // 2), k % 3 * (width // 3)
        picture[top : top + height // 2, left : left + width // 3 + 3] = COLOURS[(k + turn) % 6]
    picture[height // 2 - 4 : height // 2 + 4, 4 * number : 4 * number + 16] = 255 - 20 * (number % 2)
    return picture


def write(path: Path, codec: str, pix_fmt: str, size: tuple[int, int], options: dict[str, str]) -> Path:
    with av.open(str(path), "w", options=CONTAINER_OPTIONS.get(path.name, {})) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.codec_context.gop_size = 12
        if codec not in ("dvvideo", "libx265", "libsvtav1"):
            stream.codec_context.bit_rate = 6_000_000
        for number in range(COUNT):
            frame = av.VideoFrame.from_ndarray(patches(size, number), format="rgb24")
            # A DNxHD stream that says nothing is BT.709 by its standard; of the others BT.601 is guessed by their size.
            frame = frame.reformat(format=pix_fmt, dst_colorspace="ITU709" if codec == "dnxhd" else "ITU601")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", KINDS)
def test_every_picture_comes_once_with_its_time_and_its_colours(tmp_path: Path, name: str) -> None:
    codec, pix_fmt, size, options = KINDS[name]
    decoder = AvDecoder(write(tmp_path / name, codec, pix_fmt, size, options), DecodeOptions(threads=2))
    assert_is_film(decoder, size, CLOSE_IF_COARSE if name in COARSE else CLOSE)


def assert_is_film(decoder: AvDecoder, size: tuple[int, int], close: float) -> None:
    batches = list(decoder.batches())
    surfaces, times = [s for b in batches for s in b.surfaces], np.concatenate([b.pts_s for b in batches])
    assert len(surfaces) == COUNT
    assert np.allclose(times - times[0], np.arange(COUNT) / 25, atol=1.5e-3)
    assert not np.concatenate([b.damaged for b in batches]).any()
    assert decoder.info.scan.kind == "progressive" or decoder.info.container == "dv"  # DV flags all as interlaced
    shown, (width, height) = CpuOps(), size
    for number in (3, 14, 25):
        found = shown.rgb(surfaces[number], size=size).astype(float)
        truth = patches(size, number)
        for k in range(6):
            inside = (
                slice(k // 3 * height // 2 + height // 8, k // 3 * height // 2 + height * 3 // 8),
                slice(k % 3 * (width // 3) + width // 12, (k % 3 + 1) * (width // 3) - width // 12),
            )
            assert np.abs(found[inside].mean(axis=(0, 1)) - truth[inside].mean(axis=(0, 1))).max() < close
    again = decoder.frame_at(float(times[14]))
    assert np.array_equal(again.y, surfaces[14].y)


def test_an_unknown_codec_is_named_in_one_line(tmp_path: Path, make_film: Callable[..., Path], moving) -> None:
    data = make_film("film.avi", moving(5), codec="mpeg4").read_bytes()
    film = tmp_path / "unknown.avi"
    film.write_bytes(data.replace(b"FMP4", b"ZZZ9").replace(b"fmp4", b"ZZZ9"))
    with pytest.raises(KeyartError, match=r"video codec that this FFmpeg cannot decode \(ZZZ9\)") as refused:
        AvDecoder(film, DecodeOptions())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sound.m4a", "has sound and no video stream"),
        ("sound.mka", "has sound and no video stream"),
        ("sound.wav", r"is a file of sound \(WAV"),
        ("sound.mp3", r"is a file of sound \(MP2/3"),
        ("sound.flac", r"is a file of sound \(.*FLAC"),
    ],
)
def test_a_file_of_sound_is_called_one(tmp_path: Path, name: str, words: str) -> None:
    codecs = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".flac": "flac"}
    with av.open(str(tmp_path / name), "w") as container:
        stream = container.add_stream(codecs.get(Path(name).suffix, "aac"), rate=44100, layout="mono")
        samples = (8000 * np.sin(np.arange(4096) / 20)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 44100
        for part in (frame, None):
            container.mux(stream.encode(part))
    with pytest.raises(KeyartError, match=words) as refused:
        AvDecoder(tmp_path / name, DecodeOptions())
    assert "\n" not in str(refused.value)


def test_a_cover_makes_no_film_of_a_file_of_sound(tmp_path: Path) -> None:
    path = tmp_path / "album.mp3"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("libmp3lame", rate=44100)
        for number in range(40):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1152), np.int16), format="s16p", layout="stereo")
            frame.sample_rate, frame.pts = 44100, 1152 * number
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    jpeg = cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes()
    content = b"\0image/jpeg\0\x03\0" + jpeg  # ID3v2.3, 4.15
    frame_of_tag = b"APIC" + len(content).to_bytes(4) + b"\0\0" + content
    size = len(frame_of_tag)
    synchsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    data = path.read_bytes()
    begin = data.index(b"\xff\xfb")
    path.write_bytes(b"ID3\x03\0\0" + synchsafe + frame_of_tag + data[begin:])
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    with pytest.raises(KeyartError, match=r"is a file of sound \(MP2/3"):
        AvDecoder(path)



@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_a_still_picture_is_a_film_of_one_frame_also_with_notes_of_its_camera(tmp_path: Path, suffix: str) -> None:
    still, exif = Image.fromarray(patches((320, 192), 0)), Image.Exif()
    exif[271] = "a camera"
    still.save(tmp_path / f"still.{suffix}", exif=exif)
    decoder = AvDecoder(tmp_path / f"still.{suffix}", DecodeOptions(threads=1))
    assert [len(batch.surfaces) for batch in decoder.batches()] == [1]
    assert decoder.info.scan.kind == "progressive"


@pytest.mark.parametrize("suffix", ["exr", "j2k", "svg", "pdf"])
def test_other_pictures_and_documents_are_refused_in_one_line(tmp_path: Path, suffix: str) -> None:
    heads = {"exr": b"v/1\x01\x02\0\0\0", "j2k": b"\xff\x4f\xff\x51\0\x2f", "svg": b"<svg/>", "pdf": b"%PDF-1.4\n"}
    (tmp_path / f"file.{suffix}").write_bytes(heads[suffix] * 3)
    with pytest.raises(KeyartError, match=r"is a picture|is a document|not a video") as refused:
        AvDecoder(tmp_path / f"file.{suffix}", DecodeOptions())
    assert "\n" not in str(refused.value)


@pytest.mark.debian
@pytest.mark.slow
@pytest.mark.parametrize("codec", ["libopenjpeg", "libaom-av1", "prores_aw"])
def test_files_of_another_encoder_are_read_too(tmp_path: Path, debian_tool, codec: str) -> None:
    size, pix_fmt = (320, 192), "yuv422p10le" if codec == "prores_aw" else "yuv420p"
    film = tmp_path / ("film.mkv" if codec == "libaom-av1" else "film.mov")
    raw = b"".join(patches(size, number).tobytes() for number in range(COUNT))
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "320x192", "-r", "25", "-i", "-"]
    coded = ["-c:v", codec, "-pix_fmt", pix_fmt, "-b:v", "6M", *(["-cpu-used", "8"] if "aom" in codec else [])]
    command = [str(debian_tool("ffmpeg", "ffmpeg")), "-v", "error", *source, *coded, str(film)]
    subprocess.run(command, input=raw, check=True)
    assert_is_film(AvDecoder(film, DecodeOptions(threads=2)), size, CLOSE)
