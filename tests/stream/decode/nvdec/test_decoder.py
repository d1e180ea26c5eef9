"""What only the NVDEC decoder can do: refuse a film, fail in the middle, run out of slots, overwrite its pictures."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import anyio
import av
import numpy as np
import pytest
from anyio import to_thread

from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.nvdec.demux_decode import NvPass
from stream.decode.nvdec.open import chip_of_first_gpu, open_on_chip
from stream.decode.nvdec.packets import PacketReader
from stream.decode.nvdec.session import Chip, RefusedError
from stream.decode.slots import Demand
from stream.errors import KeyartError

from ..decoders import assert_same_picture, open_kind, shown, watched
from ..host_memory import HostMemory
from .fake_nvdec import FakeDecoder, FakeNvdec

ONE = DecodeOptions(threads=1)


@pytest.fixture
def film(make_film, moving) -> Path:
    """Fifty pictures, a key frame every twelve."""
    return make_film("film.mp4", moving(50))


def opened(path: Path, fake: FakeNvdec, options: DecodeOptions = ONE):
    return open_on_chip(path, options, Chip(fake), HostMemory)


@pytest.mark.parametrize(
    ("fake", "words"),
    [
        (FakeNvdec(refused={"H264"}), "the GPU does not decode it;"),
        (FakeNvdec(refused={"H264"}, lie=True), "Codec not supported on this GPU"),
        (FakeNvdec(largest=(64, 64)), "the GPU does not decode it at 96x64"),
        (FakeNvdec(fail_after=[0] * 20), "decodes no picture"),
    ],
)
def test_what_the_chip_refuses_is_decoded_by_ffmpeg_and_named(film, fake, words):
    decoder = opened(film, fake)
    assert decoder.name == "ffmpeg, uploaded"
    notices = {notice.code: notice.message for notice in decoder.notices}
    assert notices.keys() == {"decoded_on_cpu"}
    assert notices["decoded_on_cpu"].startswith("h264, High, yuv420p, 8 bits: ")
    assert words in notices["decoded_on_cpu"] and "\n" not in notices["decoded_on_cpu"]
    assert len(watched(decoder)[0]) == 50
    assert decoder.notices[0].message == notices["decoded_on_cpu"] + ": 50 frames"


@pytest.mark.parametrize(
    ("layout", "chip", "words"),
    [
        ("yuv444p", {"420", "422", "444"}, "no surface for 4:4:4 yet"),
        ("yuv422p", {"420", "422"}, "no surface for 4:2:2 yet"),
        ("yuv422p", {"420"}, "the GPU does not decode it"),
        ("yuv420p10le", {"420"}, "10 bits"),
    ],
)
def test_layouts_and_depths_are_asked_for(tmp_path, moving, layout, chip, words):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, layout
        for picture in moving(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    fake = FakeNvdec(chroma=frozenset(chip))
    decoder = opened(path, fake)
    assert len(fake.asked) == 1
    assert decoder.name == "ffmpeg, uploaded" and words in decoder.notices[0].message
    assert_same_picture(watched(decoder)[3][2], watched(open_kind("ffmpeg", path))[3][2])


@pytest.mark.parametrize("call", ["GetDecoderCaps", "CreateDecoder", "Decode"])
def test_want_of_memory_is_no_refusal(film, call):
    memory, fake = HostMemory(), FakeNvdec(no_room=frozenset({call}))
    with pytest.raises(KeyartError, match=r"^needs more GPU memory than there is, set batching\.in_flight lower$"):
        open_on_chip(film, ONE, Chip(fake), lambda: memory)
    assert memory.closed and len(fake.decoders) <= 1


@pytest.mark.parametrize("gone", ["room", "file"])
def test_memory_is_given_back_when_not_even_ffmpeg_can_have_it(film, gone):
    class Room(HostMemory):
        def reserve(self, nbytes: int) -> None:
            if gone == "room":
                raise KeyartError("is not there (no room)")

    class Refusing(FakeNvdec):
        def GetDecoderCaps(self, **arguments):
            if gone == "file":
                film.unlink()
            return super().GetDecoderCaps(**arguments)

    memory = Room()
    with pytest.raises(KeyartError, match=r"not there|not exist"):
        open_on_chip(film, ONE, Chip(Refusing(refused={"H264"})), lambda: memory)
    assert memory.closed


def test_want_of_memory_in_the_middle_is_no_damage(film):
    fake = FakeNvdec(fail_after=[29])
    decoder = opened(film, fake)
    fake.no_room = frozenset({"CreateDecoder"})
    with pytest.raises(KeyartError, match=r"set batching\.in_flight lower"):
        watched(decoder)


def test_a_codec_that_the_chip_has_not_is_not_asked_about(tmp_path, moving):
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        for picture in moving(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    fake = FakeNvdec()
    decoder = opened(path, fake)
    assert decoder.name == "ffmpeg, uploaded" and "has no decoder for it" in decoder.notices[0].message
    assert not fake.asked and len(watched(decoder)[0]) == 5


def test_the_chip_is_asked_once_a_kind_of_film(film):
    fake = FakeNvdec()
    one = Chip(fake)
    for _ in range(3):
        open_on_chip(film, ONE, one, HostMemory).close()
    assert fake.asked == [("H264", "420", 8)]


def test_a_file_without_pictures_is_no_matter_of_the_chip(tmp_path):
    path = tmp_path / "words.mp4"
    path.write_bytes(b"only words, no film at all\n" * 9)
    with pytest.raises(KeyartError, match="not a video"):
        opened(path, FakeNvdec())


def test_a_decoder_that_breaks_is_replaced_at_the_next_key_frame(film):
    fake = FakeNvdec(fail_after=[29])
    decoder = opened(film, fake)
    pts_s, frames, damaged, pictures = watched(decoder)
    assert len(fake.decoders) == 2
    assert frames[-14:] == list(range(36, 50)) and 20 < len(frames) - 14 < 30
    assert frames == [round(time_s * 25) for time_s in pts_s]
    assert not any(damaged[:20]) and not any(damaged[-14:])
    assert "damaged" in {notice.code for notice in decoder.notices}
    whole = watched(open_kind("ffmpeg", film))[3]
    for number, picture in zip(frames, pictures, strict=True):
        assert_same_picture(picture, whole[number])


def test_a_chip_that_breaks_for_good_fails_the_film(make_film, moving):
    path = make_film("long.mp4", moving(150))
    decoder = opened(path, FakeNvdec(fail_after=[20] + [0] * 30))
    with pytest.raises(KeyartError, match=r"fails on the GPU's decoder \(.* returned error 1, error 1\), use"):
        watched(decoder)


def test_one_decoder_serves_the_pass_and_the_searches(film):
    fake = FakeNvdec()
    decoder = opened(film, fake)
    pts_s, _, _, pictures = watched(decoder)
    for pick in (40, 3, 25):
        assert_same_picture(shown(decoder.frame_at(pts_s[pick])), pictures[pick])
    assert len(decoder.between(0.4, 0.8)) == 11
    assert len(fake.decoders) == 1


def test_a_search_after_a_broken_one_has_a_new_decoder(film):
    fake = FakeNvdec(fail_after=[55])
    decoder = opened(film, fake)
    pts_s, _, _, pictures = watched(decoder)
    assert_same_picture(shown(decoder.frame_at(pts_s[47])), pictures[47])
    assert_same_picture(shown(decoder.frame_at(pts_s[46])), pictures[46])
    assert len(fake.decoders) == 2


def test_what_nobody_needs_does_not_reach_the_chip(film):
    fakes = {mode: FakeNvdec() for mode in ("all", "reference")}
    counts = {}
    for mode, fake in fakes.items():
        counts[mode] = len(watched(opened(film, fake, DecodeOptions(mode=mode, threads=1)))[0])
        assert fake.decoders[0].packets == counts[mode]
    assert counts["reference"] < 0.8 * counts["all"]


def test_a_search_feeds_little_before_its_picture(film):
    fake = FakeNvdec()
    decoder = opened(film, fake)
    before = fake.decoders[0].packets
    decoder.frame_at(47 / 25)
    assert fake.decoders[1].packets <= 14
    assert fake.decoders[0].packets == before


class EagerDecoder(FakeDecoder):
    """A session that shows pictures whose references it was never fed, as the chip does."""

    def _fresh(self) -> av.VideoCodecContext:
        context = super()._fresh()
        context.flags |= 8  # AV_CODEC_FLAG_OUTPUT_CORRUPT
        return context


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_pictures_before_the_key_frame_of_an_open_group_are_left_out_after_a_seek(tmp_path, moving, suffix):
    path = tmp_path / f"open.{suffix}"
    with av.open(str(path), "w") as container:
        options = {"x264-params": "bframes=3:open-gop=1:keyint=10:min-keyint=10:scenecut=0"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for picture in moving(60):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    pts_s, _, _, pictures = watched(open_kind("ffmpeg", path))
    reading = NvPass(path, Chip(FakeNvdec(make=EagerDecoder)), HostMemory())
    reading.reader.seek(pts_s[25])
    shown_pts = [picture.pts for picture in reading.pictures()]
    keys = [packet.pts for packet in PacketReader(path).packets() if packet.key]
    assert shown_pts[0] in keys and shown_pts == sorted(shown_pts)
    decoder = opened(path, FakeNvdec(make=EagerDecoder))
    for number in range(15, 45, 2):
        assert_same_picture(shown(decoder.frame_at(pts_s[number])), pictures[number])


def test_the_slots_hold_the_decoder_back(film):
    memory = HostMemory()
    options = DecodeOptions(threads=1, batch=2, kept_1080p=0)
    decoder = open_on_chip(film, options, Chip(FakeNvdec()), lambda: memory)
    limit = Demand(batch=2, kept_1080p=0).slots(96 * 96)
    held = [surface for batch in decoder.batches() for surface in batch.surfaces]
    assert len(held) == 50 < limit and memory.alive == 50
    del held
    for batch in decoder.batches():
        assert memory.alive == 50 and len(batch.surfaces) == 2


def test_cancelling_a_decoder_that_waits_for_a_slot(film):
    memory = HostMemory()
    decoder = open_on_chip(film, replace(ONE, batch=8), Chip(FakeNvdec()), lambda: memory)
    decoder._pool._limit = 12
    batches = decoder.batches()
    held = [next(batches)]

    async def run() -> None:
        with anyio.move_on_after(0.2) as scope:
            await to_thread.run_sync(partial(next, batches))
        assert scope.cancelled_caught

    anyio.run(run)
    del held
    decoder.close()
    assert memory.closed


def test_searches_of_several_threads_take_turns_and_agree(film):
    decoder = opened(film, FakeNvdec())
    pts_s, _, _, pictures = watched(decoder)
    found: dict[int, np.ndarray] = {}

    def look(number: int) -> None:
        found[number] = shown(decoder.frame_at(pts_s[number]))

    threads = [Thread(target=look, args=(number,)) for number in range(5, 45, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5
    for number, picture in found.items():
        assert_same_picture(picture, pictures[number])


def test_a_stretch_longer_than_foreseen_gets_its_slots(film):
    decoder = opened(film, FakeNvdec())
    decoder._pool._limit = 5
    object.__setattr__(decoder._demand, "beside", 4)
    assert len(decoder.between(0.0, 1.9)) == 48


def test_a_pass_that_is_left_early_closes_its_file(film):
    decoder = opened(film, FakeNvdec(), DecodeOptions(threads=1, range=DecodeRange(0.0, 0.4)))
    assert len(watched(decoder)[0]) == 10
    decoder.close()


def test_a_chip_that_stays_silent_is_not_fed_to_the_end(make_film, moving):
    class Silent(FakeNvdec):
        def CreateDecoder(self, **arguments):
            decoder = super().CreateDecoder(**arguments)
            decoder._handed_out = lambda frames: []
            return decoder

    fake = Silent()
    decoder = opened(make_film("long.mp4", moving(700, size=(32, 32))), fake)
    assert decoder.name == "ffmpeg, uploaded" and "gives no picture" in decoder.notices[0].message
    assert sum(d.packets for d in fake.decoders) <= 600


def test_without_the_package_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "PyNvVideoCodec", None)
    with pytest.raises(RuntimeError, match="PyNvVideoCodec cannot be imported"):
        chip_of_first_gpu.__wrapped__()


def test_refusing_is_an_error_of_its_own(film):
    info = open_kind("ffmpeg", film).info
    with pytest.raises(RefusedError, match="does not decode it"):
        Chip(FakeNvdec(refused={"H264"})).check(info)


def test_a_frame_is_one_copy_and_its_size_is_asked_once_a_key_frame(film):
    class Asking(FakeDecoder):
        sizes = 0

        def GetWidth(self) -> int:
            Asking.sizes += 1
            return super().GetWidth()

    class Counting(HostMemory):
        copies = 0

        def copy_rows(self, slot, rows, source):
            self.copies += 1
            super().copy_rows(slot, rows, source)

    memory = Counting()
    decoder = open_on_chip(film, ONE, Chip(FakeNvdec(make=Asking)), lambda: memory)
    assert len(watched(decoder)[0]) == memory.copies == 50
    assert Asking.sizes <= 5
