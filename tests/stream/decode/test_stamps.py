"""Times are those a player shows, also of containers that keep no presentation times."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stream.decode.decoder import DecodeMode, DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.picture_times import picture_times
from stream.decode.stamps import FrameStamps, StampRule, rule_of

from .decoders import FILMS, open_kind, shown, watched, write_film

B_FRAMES = {"options": {"x264-params": "bframes=3:b-pyramid=normal:keyint=20:scenecut=0"}}
KINDS = {
    "b_frames.avi": B_FRAMES,
    "no_b_frames.avi": {"options": {"x264-params": "bframes=0"}},
    "asp.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "b_frames.mp4": B_FRAMES,
    "film.ts": {},
    "film.flv": {},
    "mpeg2.mpg": {"codec": "mpeg2video", "options": {"bf": "2"}},
    "uneven.mkv": FILMS["uneven.mkv"],
}
MADE_UP = ["b_frames.avi"]


@pytest.fixture
def film(tmp_path: Path, moving):
    return lambda name: write_film(tmp_path / name, moving, 60, **KINDS[name])


def of_ffprobe(ffprobe: Path, path: Path) -> list[float | None]:
    """The best-effort times of all pictures, None where it gives none."""
    asked = [ffprobe, "-v", "error", "-select_streams", "v", "-show_frames", "-of", "json", path]
    frames = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)["frames"]
    return [float(one["best_effort_timestamp_time"]) if "best_effort_timestamp_time" in one else None for one in frames]


def assert_like_ffprobe(ffprobe: Path, path: Path, zero: bool = True) -> None:
    """`zero`: whether the first picture is to have the same time, too."""
    expected, (found, *_) = of_ffprobe(ffprobe, path), watched(AvDecoder(path, DecodeOptions(threads=1)))
    assert len(found) == len(expected)
    known = [number for number, time_s in enumerate(expected) if time_s is not None]
    assert len(known) >= len(expected) - 2
    begin_s = 0.0 if zero else found[0] - (expected[0] or 0.0)
    assert [found[number] - begin_s for number in known] == pytest.approx([expected[n] for n in known], abs=1e-6)
    assert np.all(np.diff(found) > 0)


@pytest.mark.debian
@pytest.mark.parametrize("name", KINDS)
def test_times_are_ffprobes(film, name, debian_tool: Callable[[str, str], Path]):
    # FFmpeg 8 makes up times for H.264 in AVI one picture later than FFmpeg 5 does.
    assert_like_ffprobe(debian_tool("ffmpeg", "ffprobe"), film(name), zero=name != "no_b_frames.avi")


@pytest.mark.debian
@pytest.mark.testdata
@pytest.mark.parametrize("name", ["h264_bframes.avi", "asp_packed.avi", "midgop.ts", "slide_5s.mp4"])
def test_times_of_files_from_the_field_are_ffprobes(testdata: Path, name, debian_tool: Callable[[str, str], Path]):
    assert_like_ffprobe(debian_tool("ffmpeg", "ffprobe"), testdata / "field" / name)


@pytest.mark.debian
@pytest.mark.parametrize(
    "name, options",
    [
        ("xvid.avi", ["-c:v", "libxvid", "-bf", "2", "-q:v", "3"]),  # two pictures in a packet, and empty ones
        ("turned.ts", ["-c:v", "libx264", "-bsf:v", "h264_metadata=display_orientation=insert:rotate=0"]),
    ],
)
def test_times_that_the_demuxer_loses_are_ffprobes(film, tmp_path, name, options, debian_tool):
    """In the second one packet may have no stamp, by how its data lie in the transport stream."""
    made = tmp_path / name
    ffmpeg, source = debian_tool("ffmpeg", "ffmpeg"), film("b_frames.mp4")
    subprocess.run([str(ffmpeg), "-v", "error", "-i", source, "-an", *options, made], check=True)
    assert_like_ffprobe(debian_tool("ffmpeg", "ffprobe"), made)
    decoder = AvDecoder(made, DecodeOptions(threads=1))
    pts_s, _, _, pictures = watched(decoder)
    assert {notice.code for notice in decoder.notices} == set()
    assert np.array_equal(shown(decoder.frame_at(pts_s[31])), pictures[31])


def test_a_picture_without_a_time_among_others_gets_that_of_the_packet_that_gave_it_out():
    stamps, frames = FrameStamps(StampRule()), [SimpleNamespace(pts=p, dts=d) for p, d in ((4, 2), (None, 5), (6, 6))]
    frames += [SimpleNamespace(pts=None, dts=5), SimpleNamespace(pts=None, dts=None), SimpleNamespace(pts=9, dts=9)]
    for frame in frames:
        stamps.restamp(frame)
    assert [frame.pts for frame in frames] == [4, 5, 6, None, None, 9]
    first = SimpleNamespace(pts=None, dts=3)
    FrameStamps(StampRule()).restamp(first)
    assert first.pts is None  # what a film begins with is counted back


@pytest.mark.parametrize("name", KINDS)
def test_only_made_up_times_are_left_aside(film, name):
    assert rule_of(film(name)).by_dts == (name in MADE_UP)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", MADE_UP)
def test_pictures_without_presentation_times_are_found_again(film, name, threads):
    path = film(name)
    decoder = AvDecoder(path, DecodeOptions(threads=threads))
    pts_s, frames, _, pictures = watched(decoder)
    assert list(frames) == list(range(60))
    assert np.diff(pts_s) == pytest.approx(0.04)
    assert decoder.notices == []
    assert list(picture_times(path, 0.0, 99.0).times_s) == pytest.approx(pts_s)
    for pick in (0, 19, 20, 33, 59):
        assert np.array_equal(shown(decoder.frame_at(pts_s[pick])), pictures[pick])
    assert [time_s for time_s, _ in decoder.between(pts_s[30], pts_s[34])] == pytest.approx(pts_s[30:35])
    assert [time_s for time_s, _ in decoder.at([pts_s[21], pts_s[28]])] == pytest.approx([pts_s[21], pts_s[28]])


@pytest.mark.parametrize("mode", ["all", "reference"])
@pytest.mark.parametrize("name", MADE_UP)
def test_a_part_of_them_has_the_same_times_and_numbers(film, name, mode: DecodeMode):
    path = film(name)
    whole = watched(AvDecoder(path, DecodeOptions(threads=1)))
    part = watched(AvDecoder(path, DecodeOptions(threads=1, mode=mode, range=DecodeRange(1.0, 1.59))))
    first = next(number for number, time_s in enumerate(whole[0]) if time_s >= whole[0][0] + 1.0 - 1e-9)
    assert list(part[0]) == list(whole[0][first : first + len(part[0])])
    assert len(part[0]) == 15
    assert list(part[1]) == list(whole[1][first : first + 15])


def test_the_chip_leaves_them_to_ffmpeg_and_says_so(film):
    decoder = open_kind("nvdec", film("b_frames.avi"), name="ffmpeg, uploaded")
    (why,) = decoder.notices
    assert why.code == "decoded_on_cpu" and "keeps no presentation times" in why.message
    assert len(watched(decoder)[0]) == 60


def test_a_replaced_file_is_looked_at_again(film, tmp_path):
    path = film("b_frames.avi")
    assert rule_of(path).by_dts
    path.write_bytes(film("no_b_frames.avi").read_bytes())
    assert rule_of(path) == StampRule()


@pytest.mark.debian
def test_stamps_that_wrap_go_on(tmp_path, debian_tool: Callable[[str, str], Path]):
    """The 33 bits of MPEG-TS wrap after 95,443.7 s: in the middle of this film."""
    path = tmp_path / "film.ts"
    asked = ["-v", "error", "-f", "lavfi", "-i", "testsrc=s=96x64:r=25:d=6", "-c:v", "libx264", "-g", "25"]
    late = ["-output_ts_offset", "95439", "-muxdelay", "0"]
    subprocess.run([debian_tool("ffmpeg", "ffmpeg"), *asked, *late, path], check=True)
    assert_like_ffprobe(debian_tool("ffmpeg", "ffprobe"), path)
    decoder = AvDecoder(path, DecodeOptions(threads=1))
    pts_s, frames, _, pictures = watched(decoder)
    assert pts_s[0] < 0 < pts_s[-1]
    assert frames == list(range(150))
    assert decoder.notices == []
    for pick in (0, 60, 149):
        assert np.array_equal(shown(decoder.frame_at(pts_s[pick])), pictures[pick])


@pytest.mark.debian
@pytest.mark.parametrize(("name", "used"), [("film.ts", 1), ("film.mkv", 0)])
def test_of_several_videos_the_one_that_is_used_is_named(
    tmp_path, name, used, debian_tool: Callable[[str, str], Path]
):
    """The larger program; in Matroska the first stream, which FFmpeg flags as default."""
    path = tmp_path / name
    made = [["-f", "lavfi", "-i", f"testsrc=s={size}:d=1"] for size in ("96x64", "160x96")]
    programs = ["-program", "title=a:st=0", "-program", "title=b:st=1"] if name == "film.ts" else []
    ffmpeg = debian_tool("ffmpeg", "ffmpeg")
    coded = ["-map", "0", "-map", "1", "-c:v", "libx264", *programs, "-disposition:v:0", "default"]
    subprocess.run([ffmpeg, "-v", "error", *made[0], *made[1], *coded, path], check=True)
    decoder = AvDecoder(path, DecodeOptions(threads=1))
    assert (decoder.info.stream, decoder.info.other_streams) == (used, (1 - used,))
    assert decoder.info.width == (96, 160)[used]
    (notice,) = decoder.notices
    assert notice.code == "several_videos" and f"used number {decoder.info.stream} " in notice.message
