"""Films are read for their episode number by the real models: made ones with a card, and a composed episode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import numpy as np
import pytest
from anyio import CapacityLimiter
from PIL import Image, ImageDraw, ImageFont
from skimage.data import astronaut

from engines.zoo import Zoo
from kernels.active_areas import BarsEvidence
from stream.candidates.picture_pool import PicturePool
from stream.decode.decoder import DecodeOptions
from stream.decode.ffmpeg.decoder import AvDecoder
from stream.device.kit import Kit
from stream.device.kit_cpu import host_kit
from stream.device.models import EPISODE_ROLES, ROLES
from stream.episode.looks import LookRows
from stream.episode.verify import Verdict
from stream.errors import KeyartError
from stream.film import Film
from stream.pipeline import extract
from stream.pipeline.episode import Read, episode_models, judge_watched, open_reader
from stream.records import Shot
from stream.settings.episode import EpisodeSettings
from stream.settings.model import Settings

from ..conftest import MakeFilm

SIZE = (640, 360)
SETTINGS = Settings(device="cpu", threads=2)


def test_the_kit_is_told_that_episode_numbers_are_read() -> None:
    """On a GPU it warms the shapes that these looks ask."""
    asked: list[Settings] = []

    def no_device(settings: Settings) -> Kit:
        asked.append(settings)
        raise KeyartError("no device")

    with pytest.raises(KeyartError, match="no device"), open_reader(SETTINGS, make_kit=no_device):
        pass
    assert not SETTINGS.episode.enabled and asked[0].episode.enabled
    assert asked[0].model_copy(update={"episode": SETTINGS.episode}) == SETTINGS


@pytest.fixture(scope="module")
def read(models_dir: Path) -> Iterator[Read]:
    with open_reader(SETTINGS) as opened:
        yield opened


@pytest.mark.models
def test_a_card_over_footage_is_read(read: Read, make_film: MakeFilm) -> None:
    film = make_film("film.mp4", _pictures(["", "", "", "EPISODE 14", "EPISODE 14", "", ""]), fps=5, gop=5)
    reading = read(film, None)
    assert str(reading.number) == "14" and reading.confidence > 0.5
    assert all(3.0 <= one.time_s < 5.0 for one in reading.evidence)
    x, y, width, height = reading.evidence[0].box
    assert 40 < x < 90 and 130 < y < 170 and 250 < width < 450 and 30 < height < 90


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "kind"), [("Next: Episode 15", "next"), ("Season of 16 episodes", "total"), ("12 March 1998", None)]
)
def test_what_is_no_number_of_this_file_is_none(
    read: Read, make_film: MakeFilm, text: str, kind: str | None
) -> None:
    reading = read(make_film("film.mp4", _pictures(["", text, text, ""]), fps=5, gop=5), None)
    assert reading.number is None or (kind is None and reading.confidence < 0.2)


@pytest.mark.models
def test_small_letters_in_a_corner_are_read(read: Read, make_film: MakeFilm) -> None:
    pictures = _pictures(["S02E05"] * 6, place=(1130, 20), letters=22, size=(1280, 720))
    reading = read(make_film("film.mp4", pictures, fps=5, gop=5), None)
    assert str(reading.number) == "S02E05"


@pytest.mark.models
def test_a_watched_film_is_read_with_its_rows_and_shots(models_dir: Path, make_film: MakeFilm) -> None:
    film = make_film("film.mp4", _pictures(["", "", "", "EPISODE 14", "EPISODE 14", "", ""]), fps=5, gop=5)
    kit = host_kit(SETTINGS)
    decoder = AvDecoder(film, DecodeOptions(threads=1))
    rows, meter = LookRows(), kit.meter(decoder.info.geometry)
    for batch in decoder.batches():
        rows.add(meter.measure(batch.surfaces, batch.pts_s, batch.frames), batch.damaged)
    shots = [_shot(0, 0, 15), _shot(1, 15, 25), _shot(2, 25, 35)]
    watched = Film(decoder.info, PicturePool(1, 1), BarsEvidence(decoder.info.geometry), shots=shots, look_rows=rows)

    async def work() -> Verdict:
        with episode_models(SETTINGS, kit, {}) as models:
            return await judge_watched(models, SETTINGS, decoder, watched, CapacityLimiter(1))

    verdict = anyio.run(work)
    decoder.close()
    assert str(verdict.read) == "14"
    assert (verdict.verdict, verdict.expected) == ("unverified", None)


@pytest.mark.models
@pytest.mark.slow
def test_extract_says_whether_the_film_is_the_episode_of_its_path(models_dir: Path, make_film: MakeFilm) -> None:
    film = make_film("show 14.mp4", _pictures(["", "", "EPISODE 14", "EPISODE 14", "", ""]), fps=5, gop=5)
    found = {}
    for template in ("show {episode}.mp4", "{episode}w 14.mp4"):
        settings = Settings(device="cpu", threads=1, episode=EpisodeSettings(enabled=True, template=template))
        episode = extract(film, settings).episode
        assert episode is not None
        found[template] = (episode.verdict, episode.read, episode.expected)
    assert found["show {episode}.mp4"] == ("confirmed", "14", "14")
    assert found["{episode}w 14.mp4"] == ("unverified", "14", None)
    assert extract(film, Settings(device="cpu", threads=1)).episode is None


@pytest.mark.models
def test_sessions_that_are_there_are_used_and_stay_open(models_dir: Path) -> None:
    kit = host_kit(SETTINGS)
    opened: list[str] = []

    def counting(path: Path, role: str):  # type: ignore[no-untyped-def]
        opened.append(role)
        return kit.open_session(path, role)

    detector = kit.open_session(Zoo.default().path("text_detection"), "text_detection")
    with episode_models(SETTINGS, replace(kit, open_session=counting), {"text_detection": detector}):
        assert opened == [role for role in EPISODE_ROLES if role in Zoo.default().roles and role != "text_detection"]
    assert detector.run({"x": np.zeros((1, 3, 32, 32), np.float32)})
    detector.close()


def test_of_models_for_text_extract_needs_all_but_that_of_direction() -> None:
    assert set(EPISODE_ROLES) - set(ROLES) == {"text_direction"}


@pytest.mark.models
def test_what_is_no_film_is_refused(read: Read, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"nothing")
    with pytest.raises(KeyartError):
        read(tmp_path / "film.mp4", None)


@pytest.mark.models
@pytest.mark.testdata
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"), [("E01/E01.mp4", "3"), ("E03/E03.mp4", "S02E05"), ("E04/E04.mp4", "12"), ("E05/E05.mkv", None)]
)
def test_composed_episodes_say_their_number(read: Read, testdata: Path, name: str, number: str | None) -> None:
    reading = read(testdata / "episodes" / name, None)
    assert (str(reading.number) if reading.confidence >= 0.9 else None) == number


def _pictures(
    texts: list[str], place: tuple[int, int] = (60, 140), letters: int = 60, size: tuple[int, int] = SIZE
) -> list[np.ndarray]:
    """A second of five pictures for each text, over footage that moves; another scene for each run of a text."""
    scene = Image.fromarray(astronaut()).resize((size[0] * 2, size[1] * 2))
    font, pictures = ImageFont.load_default(letters), []
    for number in range(5 * len(texts)):
        text = texts[number // 5]
        left = 4 * number + (size[0] // 2 if text else 0)
        picture = scene.crop((left, 100, left + size[0], 100 + size[1]))
        ImageDraw.Draw(picture).text(place, text, font=font, fill="white", stroke_width=3, stroke_fill="black")
        pictures.append(np.asarray(picture))
    return pictures


def _shot(index: int, first: int, end: int) -> Shot:
    return Shot(index, first, end, first, end, first / 5, end / 5, first, end, "cut")
