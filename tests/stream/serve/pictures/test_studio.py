"""Pictures as requests want them: whole, cut, small; what is open and kept is bounded."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kernels.cpu import CpuOps
from stream.backfill.messages import path_out
from stream.errors import KeyartError
from stream.manifest import read_manifest
from stream.output.jpeg import CpuEncoder
from stream.serve.pictures.cache import JpegCache
from stream.serve.pictures.client import PicturePool
from stream.serve.pictures.link import PROCESS
from stream.serve.pictures.messages import Begin, Crop, Crops, Frame, Neighbours, Thumbnail
from stream.serve.pictures.process import answer
from stream.serve.pictures.source import CropOrder, PictureError
from stream.serve.pictures.studio import Studio
from stream.settings.model import Settings

from ...conftest import MakeFilm

BEGIN = Begin(threads=1, films=2, idle_s=60, cache_bytes=1 << 20)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def studio(clock: Callable[[], float] | None = None) -> Studio:
    return Studio(BEGIN, CpuOps(), CpuEncoder(), clock or Clock())


def frame_of(path: Path, width: int = 4000, time_s: float = 0.0) -> Frame:
    return Frame(video=path_out(path), time_s=time_s, width=width)


def opened(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")).astype(int)


def test_a_frame_is_upright_with_square_pixels_and_never_enlarged(make_film: MakeFilm, moving) -> None:
    path = make_film("wide.mp4", moving(5, size=(96, 64)), sample_aspect=Fraction(2, 1))
    (whole,) = studio().answer(frame_of(path))
    (small,) = studio().answer(frame_of(path, 48))
    assert opened(whole).shape == (64, 192, 3)
    assert opened(small).shape == (16, 48, 3)


def test_a_frame_looks_like_the_film(make_film: MakeFilm, moving) -> None:
    pictures = moving(20)
    path = make_film("film.mp4", pictures)
    (jpeg,) = studio().answer(frame_of(path, time_s=0.4))
    distances = [np.abs(opened(jpeg) - picture).mean() for picture in pictures]
    assert np.argmin(distances) == 10


def test_a_frame_that_was_made_is_not_made_again(make_film: MakeFilm, moving) -> None:
    path, made = make_film("film.mp4", moving(5)), studio()
    first = made.answer(frame_of(path))
    with path.open("rb+") as file:  # the same size and, below, the same time: nothing of it is read again
        status = os.stat(path)
        file.write(bytes(status.st_size))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert made.answer(frame_of(path)) == first


def test_another_film_under_the_same_name_is_another_film(make_film: MakeFilm, moving) -> None:
    path, made = make_film("film.mp4", moving(5)), studio()
    first = made.answer(frame_of(path))
    make_film("film.mp4", moving(5, seed=1))
    assert made.answer(frame_of(path)) != first


def test_few_films_stay_open_and_idle_ones_are_closed(make_film: MakeFilm, moving) -> None:
    clock = Clock()
    made = studio(clock)
    for number in range(4):
        clock.now_s = number
        made.answer(Neighbours(video=path_out(make_film(f"{number}.mp4", moving(5))), time_s=0.0))
        assert made.open_films == min(2, number + 1)
    clock.now_s = 62.5
    made.close_idle()
    assert made.open_films == 1
    clock.now_s = 63.0
    made.close_idle()
    assert made.open_films == 0


def test_crops_come_in_the_order_asked_for(make_film: MakeFilm, moving) -> None:
    path = make_film("film.mp4", moving(20))
    crops = [Crop(time_s=t, source=(0, 0, 48, 32), size=(w, 32), quality=90) for t, w in ((0.4, 8), (0, 16), (0.4, 24))]
    pictures = studio().answer(Crops(video=path_out(path), wanted=tuple(crops)))
    assert [opened(p).shape[1] for p in pictures if isinstance(p, bytes)] == [8, 16, 24]


@pytest.mark.parametrize("width", [10, 40, 100, 333, 640, 5000])
def test_a_thumbnail_is_as_wide_as_asked_and_never_enlarged(tmp_path: Path, width: int) -> None:
    shades = np.linspace(0, 255, 640, dtype=np.uint8)
    (tmp_path / "a.jpg").write_bytes(CpuEncoder().jpeg(np.repeat(np.tile(shades, (360, 1))[..., None], 3, 2), 95))
    (small,) = studio().answer(Thumbnail(file=path_out(tmp_path / "a.jpg"), width=width))
    picture, wide = opened(small), min(width, 640)
    assert picture.shape == (round(wide * 360 / 640), wide, 3)
    assert np.abs(picture.mean(axis=(0, 2)) - np.linspace(0, 255, wide)).mean() < 8


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    for name, content in (("empty.jpg", b""), ("text.jpg", b"no picture")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(KeyartError, match="is no picture, or a broken one, remove it and ask for its title again"):
            studio().answer(Thumbnail(file=path_out(tmp_path / name), width=9))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "a.jpg")
    with pytest.raises(KeyartError, match="is no file, or too large"):
        studio().answer(Thumbnail(file=path_out(tmp_path / "a.jpg"), width=9))


def test_a_process_ends_with_its_input_in_the_midst_of_its_work(make_film: MakeFilm, moving) -> None:
    path, asked = make_film("film.mp4", moving(80, size=(320, 240))), 60
    requests = [frame_of(path, 100 + number, 3.16) for number in range(asked)]
    done = subprocess.run(
        PROCESS, input=b"".join(m.line() for m in (BEGIN, *requests)), stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == 0
    assert done.stdout.count(b'{"type":"pictures"') < asked


def test_refusals_say_what_to_do(tmp_path: Path, make_film: MakeFilm, moving) -> None:
    (tmp_path / "text.mp4").write_text("not a film")
    whole = make_film("cut.mp4", moving(20)).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    said = {}
    for name in ("absent.mp4", "text.mp4", "cut.mp4", "."):
        message, pictures = answer(studio(), frame_of(tmp_path / name))
        said[name] = json.loads(message.line())["reason"]
        assert pictures == []
    assert said == {
        "absent.mp4": "is not there any more, put it back and try again",
        "text.mp4": "is a text and not a video, give the videos themselves",
        "cut.mp4": "is not a video or its index is cut off, copy it again or repair it",
        ".": "is a folder, name the video files in it",
    }


def test_the_cache_keeps_what_was_asked_for_lately_within_its_bytes() -> None:
    cache = JpegCache(30)
    for key in "abc":
        cache.put(key, key.encode() * 10)
    assert cache.get("a") == b"a" * 10
    cache.put("d", b"d" * 15)
    assert [key for key in "abcd" if cache.get(key)] == ["a", "d"]
    cache.put("e", b"e" * 31)
    cache.put("a", b"f" * 5)
    assert cache.get("e") is None and cache.get("a") == b"f" * 5 and cache.held_bytes == 5


@pytest.mark.anyio
async def test_a_pool_of_real_processes_answers(make_film: MakeFilm, moving, tmp_path: Path) -> None:
    path = make_film("film.mp4", moving(20))
    async with PicturePool(Settings()) as pictures:
        assert opened(await pictures.frame(path, 0.4, 48)).shape == (32, 48, 3)
        assert await pictures.neighbours(path, 0.4) == pytest.approx((0.36, 0.44))
        assert await pictures.spread(path, 0.0, 0.8, 4) == pytest.approx([0.1, 0.3, 0.5, 0.7], abs=0.021)
        order = CropOrder(0.4, (0, 0, 96, 64), (30, 20), 90)
        (crop,) = await pictures.crops(path, [order])
        assert opened(crop).shape == (20, 30, 3)
        (tmp_path / "crop.jpg").write_bytes(crop)
        assert opened(await pictures.thumbnail(tmp_path / "crop.jpg", 15)).shape == (10, 15, 3)
        with pytest.raises(PictureError, match=r"^absent\.mp4: is not there any more, put it back and try again$"):
            await pictures.frame(tmp_path / "absent.mp4", 0.4, 48)


@pytest.mark.anyio
@pytest.mark.models
@pytest.mark.slow
async def test_a_choice_left_as_it_was_is_the_results_own_file(demo_video: Path, demo_result: Path) -> None:
    manifest = read_manifest(demo_result / "manifest.json")
    quality = Settings().jpeg_quality
    files = [(image.time_s, crop) for image in manifest.images for crop in image.crops]
    orders = [CropOrder(time_s, crop.source_rect, (crop.width, crop.height), quality) for time_s, crop in files]
    async with PicturePool(Settings()) as pictures:
        for (time_s, _), neighbour_first in zip(files[::5], (False, True) * len(files), strict=False):
            if neighbour_first:  # so that the frame is at hand when it is cut
                await pictures.neighbours(demo_video, time_s)
        made = await pictures.crops(demo_video, orders)
    assert len(made) > 5
    for (_, crop), jpeg in zip(files, made, strict=True):
        assert jpeg == (demo_result / crop.path).read_bytes(), crop.path
