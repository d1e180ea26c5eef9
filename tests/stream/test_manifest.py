from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from stream.manifest import Manifest, read_manifest, schema_json

from .samples import sample_manifest, sample_tree


def shipped_schema() -> str:
    return resources.files("stream").joinpath("manifest.schema.json").read_text(encoding="utf-8")


def test_shipped_schema_is_that_of_the_records() -> None:
    assert shipped_schema() == schema_json(), "write schema_json() to stream/manifest.schema.json"


def test_written_manifest_satisfies_the_schema() -> None:
    schema = json.loads(shipped_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(sample_manifest().dump_json()), schema)


@pytest.mark.parametrize("field", ["schema", "tool", "video", "shots", "images", "funnel", "timings", "warnings"])
def test_schema_misses_what_is_not_there(field: str) -> None:
    tree = json.loads(sample_manifest().dump_json())
    del tree[field]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, json.loads(shipped_schema()))


def test_numbers_are_rounded_where_they_enter() -> None:
    image = sample_manifest().images[0]
    assert (image.time_s, image.score, image.components["eyes"]) == (1.234568, 0.1235, 0.9877)
    assert image.faces[0].box[0] == 1.23
    assert str(image.faces[0].pose.yaw) == "0.0"


def test_keys_come_in_the_order_of_the_records_and_tables_sorted() -> None:
    tree = json.loads(sample_manifest().dump_json())
    assert list(tree)[:3] == ["schema", "tool", "video"]
    assert list(tree["funnel"]["rejected"]["at_shot"]) == ["blurred", "dark"]
    assert list(tree["tool"]["models"]) == ["detector", "eyes"]
    assert list(tree["images"][0]["components"]) == ["eyes", "sharpness"]


def test_unknown_is_null_and_optional_is_absent() -> None:
    tree = json.loads(sample_manifest().dump_json())
    assert tree["shots"][0]["end_frame"] is None
    assert "episode" not in tree
    assert tree["warnings"] == [{"code": "fewer_images", "message": "only one image"}]
    assert "explicit" not in tree["images"][0]
    rated = [{**sample_tree()["images"][0], "explicit": 0.123456}]
    assert json.loads(Manifest.model_validate(sample_tree(images=rated)).dump_json())["images"][0]["explicit"] == 0.1235
    timed = Manifest.model_validate(sample_tree(warnings=[{"code": "a", "message": "b", "time_s": 1}]))
    assert json.loads(timed.dump_json())["warnings"][0]["time_s"] == 1.0


EPISODE: dict[str, Any] = {
    "verdict": "confirmed", "confidence": 0.99996, "read": "7", "expected": "S01E07", "why": "The picture says 7.",
    "evidence": [{"time_s": 4.00000049, "box": [1.234, 2, 3, 4], "text": "제 7 화", "confidence": 0.987654,
                  "number": "7", "kind": "this"}],
}  # fmt: skip


def test_an_episode_has_fields_of_its_own() -> None:
    manifest = Manifest.model_validate(sample_tree(episode=EPISODE))
    tree = json.loads(manifest.dump_json())
    jsonschema.validate(tree, json.loads(shipped_schema()))
    assert list(tree["episode"]) == ["verdict", "confidence", "read", "expected", "evidence", "why"]
    assert tree["episode"]["confidence"] == 1.0
    (seen,) = tree["episode"]["evidence"]
    assert (seen["time_s"], seen["box"], seen["confidence"]) == (4.0, [1.23, 2.0, 3.0, 4.0], 0.9877)
    unread = {**EPISODE, "read": None, "expected": None, "evidence": []}
    assert json.loads(Manifest.model_validate(sample_tree(episode=unread)).dump_json())["episode"]["read"] is None


@pytest.mark.parametrize("change", [{"verdict": "right"}, {"confidence": "high"}, {"read": 7}, {"evidence": [{}]}])
def test_an_episode_of_another_form_is_refused(change: dict[str, Any]) -> None:
    tree = {**sample_tree(), "episode": {**EPISODE, **change}}
    with pytest.raises(ValidationError):
        Manifest.model_validate(tree)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tree, json.loads(shipped_schema()))


def test_reading_back_gives_the_same_and_ignores_later_fields(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({**json.loads(sample_manifest().dump_json()), "added_later": 1}))
    assert read_manifest(path) == sample_manifest()
    assert read_manifest(path).dump_json() == sample_manifest().dump_json()


def test_another_schema_and_nan_are_refused() -> None:
    with pytest.raises(ValidationError, match="schema"):
        Manifest.model_validate(sample_tree(schema="keyart/manifest/2"))
    tree = sample_tree()
    tree["images"][0]["score"] = float("nan")
    with pytest.raises(ValidationError, match="score"):
        Manifest.model_validate(tree)


def test_one_line_for_pipes_and_names_that_are_not_text() -> None:
    manifest = Manifest.model_validate(sample_tree("caf\udce9.mp4"))
    text = manifest.dump_json(indent=None)
    assert text.count("\n") == 1
    assert json.loads(text.encode())["video"]["path"] == "caf\N{REPLACEMENT CHARACTER}.mp4"
