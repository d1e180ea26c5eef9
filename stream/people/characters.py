"""The characters of a film: good face tracks are grouped, poor ones added to the groups, the main characters marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..dataflow.cancellation import checkpoint
from ..records import Character, Shot, Track
from ..settings.sections import PeopleSettings
from .evidence import Descriptors, weigh_evidence
from .grouping import clusters_by_density, group_tracks, join_by_evidence
from .main_characters import Presence, main_people
from .tracks import GOOD_SCORE

_COMPARED = 2000
"""Tracks that are compared each with each; the numbers about their pairs then take 32 MB a kind. In a film that has
more, so many are drawn by lot, which keeps how dense each person is, and the others are added as poor ones are. Two
hours of 720p had about a thousand."""
_CLEARLY_NEARER = 1.5
"""A poor track belongs to the nearest person only if the second nearest is at least this many times as far away.
E01–E05: the same from 0.5 to 2 times."""


def find_characters(
    tracks: Sequence[Track],
    shots: Sequence[Shot],
    settings: PeopleSettings,
    device: str,
    descriptors: Descriptors | None = None,
    clusters: np.ndarray | None = None,
) -> tuple[list[Character], str]:
    """The film's characters, longest on screen first, and a text that says how they were found.

    A character's tracks are those that were grouped and those that were added afterwards: the poor ones, and in a film
    of very many tracks (`_COMPARED`) good ones as well. The order of `tracks` does not matter. `device`: where to
    cluster, "cpu" or "cuda". `descriptors`: of the shots' pictures. `clusters`: what `dense_clusters` found, where it
    was asked before. Raises ValueError for embeddings that are not finite.
    """
    ordered = _ordered(tracks)
    good = [t for t in ordered if t.embedding is not None]
    certain = good or [t for t in ordered if _is_certain(t)]
    if not certain:
        return [], "none: no face is good enough to tell people apart"
    told = _drawn(certain)
    evidence = weigh_evidence(told, seen_together(told), shots, descriptors or {})
    embeddings = np.stack([e for t in told if (e := _embedding(t)) is not None])
    if good:
        labels, method = group_tracks(embeddings, evidence, settings, device, clusters)
    else:
        labels, method = join_by_evidence(embeddings, evidence, settings)
    method += f", by {len(told)} of {len(certain)} face tracks" if len(told) < len(certain) else ""
    people = _grouped(told, labels)
    if not people:
        return [], f"none: {method}, and no two face tracks are alike"
    compared = {t.index for t in told}
    others = [t for t in (ordered if good else certain) if t.index not in compared]
    added = _assign_others(people, others, 1 - settings.same_person_cosine)
    return _as_characters(people, added, ordered, shots, settings), method


def dense_clusters(tracks: Sequence[Track], settings: PeopleSettings, device: str) -> np.ndarray | None:
    """The clusters by density that `find_characters` asks a device for; None in a film that has too few tracks. Raises
    ValueError for embeddings that are not finite. Synchronises (on a device)."""
    told = _drawn([t for t in _ordered(tracks) if t.embedding is not None])
    if len(told) < settings.few_tracks:
        return None
    return clusters_by_density(np.stack([t.embedding for t in told if t.embedding is not None]), device)


def _ordered(tracks: Sequence[Track]) -> list[Track]:
    return sorted(tracks, key=lambda t: (t.faces[0][0] if t.faces else 0.0, t.index))


def _drawn(tracks: Sequence[Track]) -> list[Track]:
    """The tracks to compare, in their order: `_COMPARED` of them at most, by a lot that depends on their number
    alone. (Every second one, or the like, would miss people in a film that repeats itself.)"""
    if len(tracks) <= _COMPARED:
        return list(tracks)
    places = np.random.default_rng(len(tracks)).choice(len(tracks), _COMPARED, replace=False)
    return [tracks[place] for place in np.sort(places)]


def _grouped(tracks: Sequence[Track], labels: np.ndarray) -> list[list[Track]]:
    """For each label from 0 its tracks."""
    people: list[list[Track]] = [[] for _ in range(int(labels.max()) + 1)]
    for track, label in zip(tracks, labels.tolist(), strict=True):
        if label >= 0:
            people[label].append(track)
    return people


def _is_certain(track: Track) -> bool:
    """Whether a track without a good face shows somebody for certain: in two pictures, by faces that have an
    embedding."""
    seen = [face for _, face in track.faces if face.embedding is not None]
    return len(seen) > 1 and float(np.median([face.score for face in seen])) >= GOOD_SCORE


def _embedding(track: Track) -> np.ndarray | None:
    """(D,) unit vector of the good faces, or where none is good of all."""
    return track.embedding if track.embedding is not None else _mean_of_faces(track)


def seen_together(tracks: Sequence[Track]) -> np.ndarray:
    """(N, N) bool: whether one picture shows both tracks, so that they are two people."""
    moments = [{(t.shot, pts_s) for pts_s, _ in t.faces} for t in tracks]
    apart = np.zeros((len(tracks), len(tracks)), bool)
    by_shot: dict[int, list[int]] = {}
    for i, track in enumerate(tracks):
        for j in by_shot.setdefault(track.shot, []):
            apart[i, j] = apart[j, i] = not moments[i].isdisjoint(moments[j])
        by_shot[track.shot].append(i)
    return apart


def _assign_others(people: Sequence[Sequence[Track]], others: Sequence[Track], balance: float) -> list[list[Track]]:
    """For each person those of the other tracks, most of them poor, that are theirs.

    A track is added if its distance to the person is at most `balance`, the second nearest person is clearly farther
    away, and no picture shows the track beside that person. Being near is not enough, because the embedding of a poor
    face lies towards the mean of all faces. It is compared with the mean of a person's embeddings, which is nearer to
    each of their faces than those are to each other.
    """
    added: list[list[Track]] = [[] for _ in people]
    shown: dict[tuple[int, float], set[int]] = {}
    for number, person in enumerate(people):
        for moment in (moment for track in person for moment in _pictures_of(track)):
            shown.setdefault(moment, set()).add(number)
    centres = np.stack([_mean_of_tracks(person) for person in people])
    wishes = [(track, 1 - centres @ embedding) for track in others if (embedding := _embedding(track)) is not None]
    for track, distances in sorted(wishes, key=lambda w: (round(float(w[1].min()), 6), w[0].index)):
        checkpoint()
        beside = {number for moment in _pictures_of(track) for number in shown.get(moment, ())}
        distances = np.round(distances, 6)
        distances[list(beside)] = np.inf
        nearest = int(np.argmin(distances))
        second = np.delete(distances, nearest).min(initial=np.inf)
        if distances[nearest] <= balance and second >= _CLEARLY_NEARER * distances[nearest]:
            added[nearest].append(track)
            for moment in _pictures_of(track):
                shown.setdefault(moment, set()).add(nearest)
    return added


def _pictures_of(track: Track) -> list[tuple[int, float]]:
    """The shot and the time (s) of each picture that shows the track."""
    return [(track.shot, pts_s) for pts_s, _ in track.faces]


def nearest_character(
    embedding: np.ndarray | None, characters: Sequence[Character], settings: PeopleSettings
) -> Character | None:
    """Whose a single face is, by the rule for poor tracks: the nearest character, where the face is as near as the
    balance point asks for and the second nearest is clearly farther away. None where nobody is.

    `embedding`: (D,) unit vector, None where the face has none.
    """
    if embedding is None or not characters:
        return None
    distances = np.round([1 - float(c.embedding @ embedding) for c in characters], 6)
    nearest = int(np.argmin(distances))
    others = np.delete(distances, nearest).min(initial=np.inf)
    near = distances[nearest] <= 1 - settings.same_person_cosine
    return characters[nearest] if near and others >= _CLEARLY_NEARER * distances[nearest] else None


def _mean_of_faces(track: Track) -> np.ndarray | None:
    """(D,) unit mean of all faces of the track that have an embedding, good or not; None when none has."""
    known = [face.embedding for _, face in track.faces if face.embedding is not None]
    return _unit(np.mean(known, axis=0)) if known else None


def _as_characters(
    people: Sequence[list[Track]],
    added: Sequence[list[Track]],
    everyone: Sequence[Track],
    shots: Sequence[Shot],
    settings: PeopleSettings,
) -> list[Character]:
    length_s = {shot.index: shot.end_s - shot.start_s - shot.gap_s for shot in shots}
    moments = _moments(everyone)
    found = [_presence(person, poor, length_s, moments) for person, poor in zip(people, added, strict=True)]
    main = main_people(found, shots, settings.main_characters)
    ranked = sorted(range(len(found)), key=lambda i: (-found[i].screen_time_s, i))
    return [
        Character(
            id=f"c{number:02d}",
            main=i in main,
            tracks=tuple(sorted(t.index for t in [*people[i], *added[i]])),
            shots=tuple(found[i].shots),
            screen_time_s=found[i].screen_time_s,
            embedding=_mean_of_tracks(people[i]),
        )
        for number, i in enumerate(ranked, 1)
    ]


def _presence(
    person: Sequence[Track], poor: Sequence[Track], length_s: Mapping[int, float], moments: Mapping[int, set[float]]
) -> Presence:
    own = _moments([*person, *poor])
    seen_s = sum(length_s.get(shot, 0.0) * len(times) / len(moments[shot]) for shot, times in own.items())
    total_s = sum(length_s.get(shot, 0.0) for shot in own)
    return Presence(person, sorted(own), round(total_s, 6), round(seen_s, 6))


def _moments(tracks: Sequence[Track]) -> dict[int, set[float]]:
    """Shot → times (s) of the pictures in which these tracks have a face."""
    found: dict[int, set[float]] = {}
    for track in tracks:
        found.setdefault(track.shot, set()).update(pts_s for pts_s, _ in track.faces)
    return found


def _mean_of_tracks(person: Sequence[Track]) -> np.ndarray:
    return _unit(np.mean([e for t in person if (e := _embedding(t)) is not None], axis=0))


def _unit(vector: np.ndarray) -> np.ndarray:
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
