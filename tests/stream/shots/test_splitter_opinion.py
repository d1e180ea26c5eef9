"""Where the splitter is in doubt, a second opinion decides with it; elsewhere nobody is asked."""

from __future__ import annotations

import numpy as np
import pytest

from stream.records import Shot
from stream.settings.sections import ShotSettings
from stream.shots.cut_model import MODEL, CutModel
from stream.shots.second_opinion import AskedOpinion, SecondOpinion, StreamedOpinion
from stream.shots.splitter import ShotSplitter

from .made_films import BLACK, FPS, Film, fade, mix, pan, rows_of, still
from .made_opinions import Network, Said, numbered

DENIED, CONFIRMED = 0.001, 0.999
"""What a second opinion says (0–1)."""


def always(log_odds: float) -> CutModel:
    """A model of which all likely rows have the same log odds, in doubt between −1 and 1."""
    return CutModel(alone=(0.0,) * 8 + (log_odds,), joint=(1.0, 1.0, 0.0), doubt=(-1.0, 1.0))


def with_opinion(film: Film, opinion: SecondOpinion | None, model: CutModel = MODEL) -> list[tuple[int, str]]:
    """First row and transition of each shot but the first."""
    splitter = ShotSplitter(ShotSettings(), FPS, opinion, model)
    shots = [*splitter.add(rows_of(film)), *splitter.finish(len(film) / FPS)]
    return [(shot.first_row, shot.transition) for shot in shots[1:]]


@pytest.mark.parametrize(("own", "said", "found"), [(-0.5, CONFIRMED, True), (0.5, DENIED, False)])
def test_a_doubtful_cut_is_what_the_second_opinion_says(own: float, said: float, found: bool) -> None:
    film = still(1, 40) + still(2, 40)
    assert with_opinion(film, None, always(own)) == ([] if found else [(40, "cut")])
    opinion = Said(said)
    assert with_opinion(film, opinion, always(own)) == ([(40, "cut")] if found else [])
    assert opinion.questions == [("cut", 40)]


@pytest.mark.parametrize("own", [-3.0, 3.0])
@pytest.mark.parametrize("said", [DENIED, CONFIRMED])
def test_where_nothing_is_in_doubt_nobody_is_asked(own: float, said: float) -> None:
    opinion = Said(said)
    assert with_opinion(still(1, 40) + still(2, 40), opinion, always(own)) == ([(40, "cut")] if own > 0 else [])
    assert opinion.questions == []


def test_plain_cuts_fades_and_dissolves_raise_no_question() -> None:
    film = still(1, 60) + still(2, 60) + mix(still(2, 12), still(3, 12)) + still(3, 60)
    opinion = Said(DENIED, DENIED)
    found = with_opinion(film + fade(3, 12) + [BLACK] * 6 + fade(4, 12)[::-1] + still(4, 60), opinion)
    assert [kind for _, kind in found] == ["cut", "dissolve", "fade"]
    assert opinion.questions == []


def test_a_flash_is_no_cut_whatever_a_second_opinion_says() -> None:
    film = pan(1, 80, step=1)
    film[40:42] = [0.2 * p + 0.8 * 255.0 for p in film[40:42]]
    assert with_opinion(film, Said(CONFIRMED), always(0.5)) == []


def grainy_dissolve() -> Film:
    """A dissolve whose mixed frames alone have grain, so that it is not quite a mix: it is found, but doubtful."""
    random = np.random.default_rng(1)
    mixed = [np.clip(p + random.normal(0, 12, p.shape), 0, 255) for p in mix(still(1, 40), still(2, 40))]
    return still(1, 60) + mixed + still(2, 60)


@pytest.mark.parametrize(("said", "found"), [(DENIED, []), (CONFIRMED, ["dissolve"])])
def test_a_doubtful_dissolve_is_what_the_second_opinion_says(said: float, found: list[str]) -> None:
    opinion = Said(DENIED, said)
    assert [kind for _, kind in with_opinion(grainy_dissolve(), None)] == ["dissolve"]
    assert [kind for _, kind in with_opinion(grainy_dissolve(), opinion)] == found
    assert [what for what, _ in opinion.questions] == ["transition"]


def split_with_network(rows: np.ndarray, network: Network, batch: int, streamed: bool) -> list[Shot]:
    """Pictures and rows are added `batch` at a time; every likely row is asked about."""
    opinion: SecondOpinion = StreamedOpinion(network) if streamed else AskedOpinion(network, 1)
    splitter, shots, pictures = ShotSplitter(ShotSettings(), FPS, opinion, always(0.0)), [], numbered(len(rows))
    for first in range(0, len(rows), batch):
        opinion.add(pictures[first : first + batch])
        shots += splitter.add(rows[first : first + batch])
    return shots + splitter.finish(float(rows["pts_s"][-1]) + 1 / FPS)


@pytest.mark.parametrize("streamed", [False, True])
def test_batch_sizes_change_nothing_with_a_second_opinion(streamed: bool) -> None:
    """Here the answers depend on the window in which the network sees a row, so that other windows make other shots."""
    film = [p for seed in range(1, 9) for p in (pan(seed, 45, step=5) if seed % 2 else still(seed, 30))]
    rows = rows_of(film + grainy_dissolve())
    # Near even odds of each row: the place in the window decides, which is up to .0074 of the probability.
    about = [np.full(len(rows), p) for p in (0.494, 0.4925)]
    network, other = (Network(p, p - 0.25, by_window=True) for p in about)
    expected = split_with_network(rows, network, len(rows), streamed)
    assert len(expected) > 3 and len(network.windows_shown) > 3
    assert split_with_network(rows, other, len(rows), streamed) != expected
    assert all(split_with_network(rows, network, batch, streamed) == expected for batch in (1, 7, 32, 100))
