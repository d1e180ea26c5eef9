"""Labels: what is read, and the messages for bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.labels import LabelError, read_data, read_folders, read_labels


def episode(folder: Path, name: str, picks: object, never: object = None) -> Path:
    """A folder of one episode with an empty film."""
    below = folder / name
    below.mkdir(parents=True)
    (below / f"{name}.mp4").touch()
    (below / "picks.json").write_text(picks if isinstance(picks, str) else json.dumps(picks))
    if never is not None:
        (below / "never.json").write_text(json.dumps(never))
    return below


def test_reads_times_and_images(tmp_path: Path) -> None:
    below = episode(tmp_path, "A", [{"time_s": 1.5, "why": "smile"}, {"image": "p.jpg"}], [{"time_s": 2}])
    (below / "p.jpg").touch()
    labelled = read_data(tmp_path)
    (video,) = labelled.videos
    assert (video.name, video.path.name) == ("A", "A.mp4")
    assert [(p.time_s, p.image) for p in video.picks] == [(1.5, None), (None, below / "p.jpg")]
    assert [n.time_s for n in video.never] == [2.0]
    assert not labelled.problems
    assert video.expert_asked
    (below / "picks.json").rename(below / "truth.json")
    (below / "truth.json").write_text("{}")
    assert not read_data(tmp_path).videos[0].expert_asked
    (below / "truth.json").unlink()
    (below / "picks.json").write_text(json.dumps([{"time_s": 1.5, "why": "smile"}, {"image": "p.jpg"}]))
    assert read_data(below).videos == labelled.videos


@pytest.mark.parametrize(
    ("picks", "line"),
    [
        ("[{", "A/picks.json: does not parse"),
        ('{"time_s": 1}', "A/picks.json: is not a list of labels"),
        ('[{"time_s": 1}, 7]', 'A/picks.json[1]: neither {"time_s": seconds}'),
        ('[{"time_s": NaN}]', "A/picks.json[0]: neither"),
        ('[{"time_s": true}]', "A/picks.json[0]: neither"),
        ('[{"image": "gone.jpg"}]', "A/picks.json[0]: gone.jpg: no such image"),
    ],
)
def test_a_bad_label_is_one_line_and_the_rest_is_read(tmp_path: Path, picks: str, line: str) -> None:
    episode(tmp_path, "A", picks)
    episode(tmp_path, "B", [{"time_s": 4}])
    labelled = read_data(tmp_path)
    (problem,) = labelled.problems
    assert problem.startswith(line)
    assert "\n" not in problem
    assert len(labelled.videos[1].picks) == 1


def test_a_missing_video_is_one_line(tmp_path: Path) -> None:
    (episode(tmp_path, "A", []) / "A.mp4").unlink()
    episode(tmp_path, "B", [])
    labelled = read_data(tmp_path)
    assert labelled.problems == ["A: no video in this folder"]
    assert [video.name for video in labelled.videos] == ["B"]


def test_a_labels_file_names_its_films(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mkv").touch()
    videos = [
        {"video": "films/a.mkv", "picks": [{"time_s": 3}]}, {"video": "films/b.mkv"}, {"picks": []},
        {"video": "films/../films/a.mkv", "picks": [{"time_s": 4}]},
    ]  # fmt: skip
    (tmp_path / "labels.json").write_text(json.dumps({"videos": videos}))
    labelled = read_labels(tmp_path / "labels.json")
    assert [(v.name, [p.time_s for p in v.picks]) for v in labelled.videos] == [("a", [3.0])]
    assert labelled.problems[0] == "labels.json: videos[1]: films/b.mkv: no such video"
    assert labelled.problems[1].startswith("labels.json: videos[2]: names no video")
    assert labelled.problems[2].endswith("a video of this name comes before it; left out")


def test_several_folders_are_sets_of_videos(tmp_path: Path) -> None:
    for folder, name in (("one", "A"), ("two", "B"), ("two", "A")):
        episode(tmp_path / folder, name, [{"time_s": 1}])
    labelled = read_folders([tmp_path / "one", tmp_path / "two"])
    assert [(video.name, video.set_name) for video in labelled.videos] == [("A", "one"), ("B", "two")]
    assert labelled.problems == [f"{tmp_path / 'two'}: A: a video of this name comes before it; left out"]
    with pytest.raises(LabelError):
        read_folders([tmp_path / "one", tmp_path])


@pytest.mark.parametrize("text", ["[]", '{"videos": 3}', "no"])
def test_a_file_of_no_use_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.json").write_text(text)
    with pytest.raises(LabelError):
        read_labels(tmp_path / "labels.json")
    with pytest.raises(LabelError):
        read_data(tmp_path)


def test_names_and_results_that_a_labels_file_gives(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    names = [{"name": name} for name in ("y/a.mp4", "../a", "/a", 7)]
    given = [{"name": "x/a.mp4", "result": "out/x/a.mp4"}, *names]
    (tmp_path / "labels.json").write_text(json.dumps({"videos": [{"video": "a.mp4", **entry} for entry in given]}))
    labelled = read_labels(tmp_path / "labels.json")
    assert [(video.name, video.result) for video in labelled.videos] == [
        ("x/a.mp4", tmp_path / "out/x/a.mp4"), ("y/a.mp4", None), ("a", None),
    ]  # fmt: skip
    assert len(labelled.problems) == 2
