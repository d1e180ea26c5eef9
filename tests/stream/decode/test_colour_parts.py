"""Films whose pictures change their colour: each is shown by its own, and the change is said."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest

from kernels.colour import rgb_matrix
from kernels.cpu import CpuOps
from kernels.reference_tone_mapping import mapped
from kernels.surface import Colour, Geometry, Surface
from kernels.tone_mapping import SDR, is_mapped
from stream.decode.colour_parts import MOST_PARTS, FilmColours, treatment
from stream.decode.decoder import DecodeOptions, DecodeRange
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.decode.ffmpeg.scan import colours_of_large
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip
from stream.decode.watch_anew import LateShapeError
from stream.records import ColourPart, FrameBatch, Notice

from .host_memory import HostMemory
from .nvdec.fake_nvdec import FakeNvdec

CODES = (512, 480, 560)
RATE, COUNT = 5, 25


class Kind(NamedTuple):
    """`tags`: primaries, transfer, matrix, range by H.273, or none. `colour`: as which its pictures are shown."""

    tags: tuple[int, int, int, int] | None
    colour: Colour
    claims: str = ""


HD = Colour("bt709", False, "bt709", "bt709")
KINDS = {
    "sdr": Kind((1, 1, 1, 1), HD),
    "full": Kind((1, 1, 1, 2), Colour("bt709", True, "bt709", "bt709")),
    "bt601": Kind((6, 6, 6, 1), Colour("bt601", False, "bt601", "bt601")),
    "untold": Kind(None, Colour("bt601", False, "unknown", "unknown")),
    "pq": Kind((9, 16, 9, 1), Colour("bt2020", False, "bt2020", "pq")),
    "pq_400": Kind((9, 16, 9, 1), Colour("bt2020", False, "bt2020", "pq", 400.0), ":hdr10=1:max-cll=400,100"),
    "pq_4000": Kind((9, 16, 9, 1), Colour("bt2020", False, "bt2020", "pq", 4000.0), ":hdr10=1:max-cll=4000,100"),
    "hlg": Kind((9, 18, 9, 1), Colour("bt2020", False, "bt2020", "hlg")),
    "ycgco": Kind((1, 1, 8, 1), Colour("bt601", False, "bt709", "bt709")),
    "ictcp": Kind((9, 16, 14, 1), Colour("bt601", False, "bt2020", "pq")),
}


def written(path: Path, kind: Kind, size: tuple[int, int], count: int) -> Path:
    """A part of one colour in 10 bits, by x265, with a key picture every five."""
    with av.open(str(path), "w", format="mpegts") as container:
        params = "log-level=none:pools=none:frame-threads=1:lossless=1:keyint=5:repeat-headers=1" + kind.claims
        stream: Any = container.add_stream("libx265", rate=Fraction(RATE), options={"x265-params": params})
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p10le"
        frame = av.VideoFrame(*size, "yuv420p10le")
        for plane, code in zip(frame.planes, CODES, strict=True):
            np.frombuffer(plane, np.uint16)[:] = code  # type: ignore[call-overload]
        for target in (stream.codec_context, frame) if kind.tags else ():
            target.color_primaries, target.color_trc, target.colorspace, target.color_range = kind.tags
        for number in range(count):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def joined(folder: Path, *names: str, size: tuple[int, int] = (96, 64), count: int = COUNT) -> Path:
    """The parts one after the other in one stream, by their bytes."""
    film, stream = folder / "film.ts", None
    with av.open(str(film), "w") as target:
        for number, name in enumerate(names):
            with av.open(str(written(folder / f"part{number}.ts", KINDS[name], size, count))) as source:
                template = source.streams.video[0]
                stream = stream or target.add_stream_from_template(template)
                packets = [packet for packet in source.demux(template) if packet.pts is not None]
                moved = number * count * 90_000 // RATE - min(int(packet.pts or 0) for packet in packets)
                for packet in packets:
                    packet.pts, packet.dts = int(packet.pts or 0) + moved, int(packet.dts or 0) + moved
                    packet.stream = stream
                    target.mux(packet)
    return film


def pictures_of(decoder: AvDecoder) -> tuple[list[tuple[float, Surface]], FilmColours]:
    found, colours = [], FilmColours()
    for batch in decoder.batches():
        colours.add(batch)
        found += [(float(time_s), one) for time_s, one in zip(batch.pts_s, batch.surfaces, strict=True)]
    return found, colours


def expected_rgb(colour: Colour) -> np.ndarray:
    to_rgb = rgb_matrix(colour, 10)
    rgb = np.clip(np.array(CODES) @ to_rgb[:, :3].T + to_rgb[:, 3], 0.0, 255.0)
    return mapped(rgb / 255.0, colour) if is_mapped(colour) else rgb


@pytest.mark.parametrize(("name", "form"), [("ycgco", "YCgCo"), ("ictcp", "ICtCp")])
def test_a_part_in_a_form_that_is_not_converted_is_told(tmp_path: Path, name: str, form: str) -> None:
    decoder = AvDecoder(joined(tmp_path, "bt601", name), DecodeOptions(threads=1))
    found, _ = pictures_of(decoder)
    message = f"pictures from {found[COUNT][0]:.2f} s on have colours in the form {form}, which is not converted"
    told = [notice for notice in decoder.notices if notice.code == "colour_not_converted"]
    assert [(one.message, one.time_s) for one in told] == [
        (f"{message}, shown as BT.601, which is wrong", found[COUNT][0])
    ]


def test_the_chip_leaves_such_a_part_to_ffmpeg(tmp_path: Path) -> None:
    """Its matrix is taken for that of the film, so nothing else would tell them apart."""
    film = joined(tmp_path, "bt601", "ycgco")
    decoder = open_on_chip(film, DecodeOptions(threads=1), Chip(FakeNvdec()), HostMemory)
    assert decoder.name == "nvdec"
    with pytest.raises(LateShapeError, match="change their colours"):
        list(decoder.batches())
    decoder.close()


CASES = [
    ("sdr", "pq_400"), ("pq_400", "sdr"), ("pq_400", "untold"), ("pq", "hlg"), ("hlg", "sdr"), ("hlg", "untold"),
    ("sdr", "bt601"), ("sdr", "full"), ("sdr", "pq_400", "pq_4000", "sdr"),
]  # fmt: skip


@pytest.mark.parametrize("names", CASES, ids="_then_".join)
def test_every_picture_is_shown_by_its_own_colour_however_it_is_fetched(tmp_path: Path, names: tuple[str, ...]) -> None:
    film = joined(tmp_path, *names)
    for threads in (1, 3):
        decoder = AvDecoder(film, DecodeOptions(threads=threads))
        found, colours = pictures_of(decoder)
        assert len(found) == COUNT * len(names)
        shown = [KINDS[name].colour for name in names for _ in range(COUNT)]
        assert [treatment(surface.colour) for _, surface in found] == [treatment(colour) for colour in shown]
        for (time_s, surface), colour in list(zip(found, shown, strict=True))[::12]:
            assert treatment(decoder.frame_at(time_s).colour) == treatment(colour)
            np.testing.assert_allclose(CpuOps().rgb(surface)[30, 40], expected_rgb(colour), atol=1.5)
        again = decoder.at([time_s for time_s, _ in found[::12]])
        assert [treatment(surface.colour) for _, surface in again] == [treatment(colour) for colour in shown[::12]]
        begins = [found[place * COUNT][0] for place in range(len(names))]
        seen = [(part.time_s, treatment(part.colour)) for part in colours.parts]
        assert seen == [(at, treatment(KINDS[name].colour)) for at, name in zip(begins, names, strict=True)]
        (notice,) = (one for one in colours.notices(decoder.info) if one.code == "colour_changed")
        assert notice.time_s == begins[1]
        assert ("3 times" in notice.message) == (len(names) == 4)


def test_what_is_told_of_a_change_names_both_colours(tmp_path: Path) -> None:
    decoder = AvDecoder(joined(tmp_path, "sdr", "pq"))
    found, colours = pictures_of(decoder)
    changed, assumed = colours.notices(decoder.info)
    assert "from SDR (bt709, limited range) to PQ (bt2020, limited range, 1,000 cd/m²)" in changed.message
    assert (assumed.code, assumed.time_s) == ("hdr_peak_assumed", found[COUNT][0])
    # Of what a film begins with it was said when it was opened.
    other = AvDecoder(joined(tmp_path, "pq", "sdr"))
    assert [notice.code for notice in pictures_of(other)[1].notices(other.info)] == ["colour_changed"]


def test_a_film_of_one_colour_is_said_to_have_one(tmp_path: Path) -> None:
    decoder = AvDecoder(joined(tmp_path, "sdr", "sdr"))
    _, colours = pictures_of(decoder)
    assert len(colours.parts) == 1 and colours.notices(decoder.info) == []
    assert colours.main(decoder.info) == ColourPart(decoder.info.first_pts_s, HD)


def test_the_films_colour_is_that_of_most_of_what_was_watched(tmp_path: Path) -> None:
    film = joined(tmp_path, "sdr", "pq_400", "pq_400", "sdr")
    for first_s, end_s, name in ((0, 8, "sdr"), (1, None, "pq_400"), (0, 4, "sdr"), (6, 10, "pq_400")):
        decoder = AvDecoder(film, DecodeOptions(threads=1, range=DecodeRange(first_s, end_s)))
        _, colours = pictures_of(decoder)
        assert colours.main(decoder.info).colour == KINDS[name].colour, (first_s, end_s)


def test_what_is_assumed_of_high_dynamic_range_is_said_where_some_was_watched(tmp_path: Path) -> None:
    assumed, other = Notice("hdr_peak_assumed", "assumed"), Notice("damaged", "damaged")
    film = joined(tmp_path, "pq", "sdr")
    for begin_s, said in ((0.0, True), (6.0, False)):
        decoder = AvDecoder(film, DecodeOptions(threads=1, range=DecodeRange(begin_s, 8.0)))
        _, colours = pictures_of(decoder)
        assert (colours.allows(assumed), colours.allows(other)) == (said, True)
    assert FilmColours().allows(assumed)


def test_names_that_change_nothing_are_no_change() -> None:
    assert treatment(HD) == treatment(Colour("bt709", False, "unknown", "gamma22"))
    assert treatment(HD) != treatment(Colour("bt709", False, "p3", "bt709"))
    assert treatment(KINDS["pq"].colour) == treatment(Colour("bt2020", False, "unknown", "pq", 1000.0))
    assert treatment(KINDS["pq"].colour) != treatment(KINDS["pq_400"].colour)


def test_of_very_many_changes_some_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    decoder = AvDecoder(joined(tmp_path, "sdr", count=2))
    colours, names = FilmColours(), ("sdr", "bt601")
    none = Surface(np.zeros((2, 2), np.uint8), None, None, 8, HD, Geometry(2, 2))
    for number in range(1000):
        part = ColourPart(float(number), KINDS[names[number % 2]].colour)
        numbers = np.full(1, number, np.int32)
        batch = FrameBatch([none], np.array([float(number)]), numbers, np.zeros(1, np.bool_), colours=(part,))
        colours.add(batch)
    assert len(colours.parts) == MOST_PARTS and colours.changes == 999
    assert "999 times" in colours.notices(decoder.info)[0].message
    assert all(after.time_s - before.time_s == 1.0 for before, after in pairwise(colours.parts))


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("sdr", "pq"), "mapped"),
        (("sdr", "hlg"), "mapped"),
        (("sdr", "bt601"), "change their colours"),
        (("sdr", "sdr"), ""),
    ],
    ids=str,
)
@pytest.mark.parametrize("size", [(96, 64), (32, 1280)], ids=str)
def test_a_chip_is_not_asked_for_a_film_whose_colours_change(
    tmp_path: Path, names: tuple[str, ...], why: str, size: tuple[int, int]
) -> None:
    film = joined(tmp_path, *names, size=size)
    decoder = open_on_chip(film, DecodeOptions(threads=1), Chip(FakeNvdec()), HostMemory)
    said = " ".join(notice.message for notice in decoder.notices if notice.code == "decoded_on_cpu")
    assert (why in said) if why else decoder.name == "nvdec"
    if why:
        found = [surface for batch in decoder.batches() for surface in batch.surfaces]
        first, last = (KINDS[name].colour for name in names)
        assert [one.colour for one in found] == [first] * COUNT + [SDR if is_mapped(last) else last] * COUNT
    decoder.close()


def test_of_large_pictures_the_colours_are_looked_at_alone(tmp_path: Path) -> None:
    decoder = AvDecoder(joined(tmp_path, "sdr", "hlg", size=(32, 1280)))
    assert decoder.info.colours == ()
    assert {colour.transfer for colour in colours_of_large(decoder.info)} == {"bt709", "hlg"}
