"""Who was seen beside somebody in one picture is somebody else, whatever faces look like and how they are grouped."""

from __future__ import annotations

from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stream.people.characters import find_characters, seen_together
from stream.people.evidence import faces_only
from stream.people.grouping import group_tracks, on_strong_evidence, within_limit, without_gap
from stream.people.merging import merge_groups
from stream.records import Shot, Track
from stream.settings.sections import PeopleSettings

from ..portraits import face, shots


@st.composite
def looks(draw: st.DrawFn, count: int) -> np.ndarray:
    """(count, 16) unit vectors of a few people, from takes that are the same to people who can hardly be told apart."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    unlike, wobble = draw(st.sampled_from([0.0, 0.2, 1.0])), draw(st.sampled_from([0.0, 0.1, 0.4]))
    people = rng.normal(size=16) + unlike * rng.normal(size=(draw(st.integers(1, 4)), 16))
    takes = people[rng.integers(0, len(people), count)] + wobble * rng.normal(size=(count, 16))
    return (takes / np.linalg.norm(takes, axis=1, keepdims=True)).astype(np.float32)


@st.composite
def bonds(draw: st.DrawFn, count: int) -> np.ndarray:
    """(count, count) bool, symmetric: pairs that were seen in one picture."""
    drawn = draw(arrays(bool, (count, count), elements=st.integers(0, 7).map(lambda n: n == 0), fill=st.nothing()))
    upper = np.triu(drawn, 1)
    return upper | upper.T


COUNTS = st.integers(1, 16)
CASES = COUNTS.flatmap(lambda n: st.tuples(looks(n), bonds(n)))
ACCEPTS = st.sampled_from([partial(within_limit, 0.2), partial(without_gap, 0.2), partial(on_strong_evidence, 0.1)])


def first_labels(draw: st.DrawFn, apart: np.ndarray) -> np.ndarray:
    """Groups to begin with, none of which holds a pair that is apart; some points are loose."""
    labels = np.array(draw(st.lists(st.integers(-1, 4), min_size=len(apart), max_size=len(apart))))
    for i in range(len(labels)):
        if labels[i] >= 0 and (apart[i, :i] & (labels[:i] == labels[i])).any():
            labels[i] = -1
    return labels


def together(labels: np.ndarray) -> np.ndarray:
    """(N, N) bool: pairs in one group."""
    return (labels[:, None] == labels) & (labels >= 0)


@given(CASES, ACCEPTS, st.data())
def test_merging_never_joins_what_is_apart_nor_parts_what_was_together(case, accept, data) -> None:
    takes, apart = case
    before = data.draw(st.composite(first_labels)(apart))
    after = merge_groups(takes.astype(np.float64) @ takes.T, before, apart, accept)
    assert not (together(after) & apart).any()
    assert (together(after) >= together(before)).all()
    assert ((after >= 0) >= (before >= 0)).all()
    for label in set(after[after >= 0].tolist()):
        assert (before[after == label] >= 0).any(), "loose points alone are no group"


@given(CASES, ACCEPTS, st.data())
def test_groups_are_numbered_by_their_first_member(case, accept, data) -> None:
    takes, apart = case
    before = data.draw(st.composite(first_labels)(apart))
    after = merge_groups(takes.astype(np.float64) @ takes.T, before, apart, accept)
    firsts = [int(np.flatnonzero(after == label)[0]) for label in range(int(after.max(initial=-1)) + 1)]
    assert firsts == sorted(firsts)


@given(CASES, st.integers(0, 20))
@settings(max_examples=50)
def test_people_are_never_one_who_were_seen_in_one_picture(case, few_tracks: int) -> None:
    takes, apart = case
    labels, method = group_tracks(takes, faces_only(apart), PeopleSettings(few_tracks=few_tracks), "cpu")
    assert not (together(labels) & apart).any()
    assert method


@st.composite
def films(draw: st.DrawFn) -> tuple[list[Track], list[Shot]]:
    """Tracks of one to three faces in six shots, at whole seconds, so that many share a picture; some are poor."""
    count = draw(COUNTS)
    takes = draw(looks(count))
    tracks = []
    for index, take in enumerate(takes):
        shot = draw(st.integers(0, 5))
        seconds = draw(st.sets(st.integers(0, 3), min_size=1, max_size=3))
        faces = [(4.0 * shot + second, face(embedding=take)) for second in sorted(seconds)]
        tracks.append(Track(index, shot, faces, take if draw(st.booleans()) else None))
    return tracks, shots(6)


@given(films())
@settings(max_examples=50)
def test_a_character_has_one_face_in_a_picture_and_a_face_one_character(film: tuple[list[Track], list[Shot]]) -> None:
    tracks, takes = film
    characters, _ = find_characters(tracks, takes, PeopleSettings(), "cpu")
    apart = seen_together(tracks)
    for character in characters:
        assert not apart[np.ix_(character.tracks, character.tracks)].any()
        assert character.shots == tuple(sorted({tracks[t].shot for t in character.tracks}))
    everyone = [track for character in characters for track in character.tracks]
    assert len(everyone) == len(set(everyone))
    assert sum(c.main for c in characters) <= PeopleSettings().main_characters
    assert [c.screen_time_s for c in characters] == sorted((c.screen_time_s for c in characters), reverse=True)
