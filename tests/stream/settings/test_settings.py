from __future__ import annotations

from pathlib import Path

import pytest

from stream.errors import SettingsError
from stream.settings.load import REMOVED, load_settings, parse_assignment
from stream.settings.model import Settings, default_values, setting_metadata
from stream.settings.section import parse_time_s


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEYART_TOP", "KEYART_FORMATS", "KEYART_MODELS", "KEYART_PROBES__PER_SHOT", "KEYART_PROBES"):
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "my.toml"
    path.write_text(text)
    return path


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = write(tmp_path, "top = 2\njpeg_quality = 80\n[probes]\nper_shot = 2\ncandidates_per_shot = 1\n")
    monkeypatch.setenv("KEYART_TOP", "3")
    monkeypatch.setenv("KEYART_PROBES__PER_SHOT", "5")
    settings = load_settings(config, {"top": 4, "threads": None})
    probes = settings.probes
    assert (settings.top, settings.jpeg_quality, probes.per_shot, probes.candidates_per_shot) == (4, 80, 5, 1)
    sources = {name: settings.source_of(name) for name in ("top", "jpeg_quality", "probes.per_shot", "threads")}
    assert sources == {
        "top": "flag",
        "jpeg_quality": f"file {config}",
        "probes.per_shot": "environment KEYART_PROBES__PER_SHOT",
        "threads": "default",
    }


def test_a_section_as_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_PROBES", '{"per_shot": 3}')
    settings = load_settings()
    assert settings.probes.per_shot == 3
    assert settings.source_of("probes.per_shot") == "environment KEYART_PROBES"


@pytest.mark.parametrize("text", ["square,portrait", '["square", "portrait"]'])
def test_lists_in_the_environment(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_FORMATS", text)
    assert load_settings().formats == ("square", "portrait")


def test_settings_made_in_python_say_so() -> None:
    settings = Settings(top=3)
    assert (settings.source_of("top"), settings.source_of("decode")) == ("argument", "default")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"top": 0}, r"top \(flag\): .*greater than or equal to 1, not 0"),
        ({"device": "gpu"}, r"device \(flag\): .*'auto', 'cuda' or 'cpu'"),
        ({"probes.per_shto": 1}, r"probes\.per_shto .*did you mean probes\.per_shot"),
        ({"shots.cut_flor": 1}, r"shots\.cut_flor .*did you mean shots\.cut_floor"),
        ({"formats": ["tv"]}, r"formats: 'tv' is not known; known are landscape, portrait, square"),
        ({"formats": ["square", "square"]}, r"formats: each name only once"),
        ({"start_s": "0:90"}, r"start_s .*H:MM:SS"),
        ({"start_s": 9, "end_s": 3}, r"end_s \(--end\): must be later than start_s \(--start\)"),
        ({"top.x": 1, "top": 3}, r"top"),
        ({"rank.weights.eyes": float("nan")}, r"rank\.weights\.eyes"),
    ],
)
def test_what_cannot_be_is_one_line_with_its_place(flags: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(None, flags)
    assert "\n" not in str(caught.value)


def test_a_removed_setting_is_named_with_its_place_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "was removed after 0.1.0, it had no effect; delete it"
    config = write(tmp_path, "[text]\nmax_area = 0.02\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(config)
    assert str(caught.value) == f"text.max_area (file {config}): {told}"
    with pytest.raises(SettingsError) as caught:
        load_settings(None, dict([parse_assignment("text.max_area=0.02")]))
    assert str(caught.value) == f"text.max_area (flag): {told}"
    monkeypatch.setenv("KEYART_TEXT__MAX_AREA", "0.02")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == f"text.max_area (environment KEYART_TEXT__MAX_AREA): {told}"


def test_removed_settings_are_gone() -> None:
    assert not REMOVED.keys() & default_values().keys()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml: cannot be read .*check --config"):
        load_settings(tmp_path / "gone.toml")
    with pytest.raises(SettingsError, match="is not TOML"):
        load_settings(write(tmp_path, "top = = 3"))
    with pytest.raises(SettingsError, match=r"nope \(file .*my\.toml\): no such setting"):
        load_settings(write(tmp_path, "nope = 3"))


def test_environment_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_PROBES", "{")
    with pytest.raises(SettingsError, match="environment"):
        load_settings()


def test_a_users_format_stands_beside_the_selection(tmp_path: Path) -> None:
    rules = 'formats = ["tv", "square"]\n[custom_formats.tv]\naspect = [4, 3]\nsize = [1200, 900]\neyes_line = 0.4\n'
    settings = load_settings(write(tmp_path, rules))
    tv, square = settings.chosen_formats()
    assert (tv.name, tv.size, tv.eyes_line, tv.max_enlargement) == ("tv", (1200, 900), 0.4, 1.5)
    assert (square.name, square.aspect_ratio) == ("square", 1.0)
    assert settings.source_of("custom_formats.tv.headroom") == "default"


@pytest.mark.parametrize(
    ("name", "rules", "message"),
    [
        ("tv", "aspect = [4, 3]\nsize = [1600, 900]", "1600x900 is not 4:3"),
        ("characters", "aspect = [1, 1]\nsize = [9, 9]", "folder of the result"),
        ("'../up'", "aspect = [1, 1]\nsize = [9, 9]", "pattern"),
        ("tv", "aspect = [0, 3]\nsize = [9, 9]", "greater than 0"),
    ],
)
def test_formats_that_cannot_be(tmp_path: Path, name: str, rules: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(write(tmp_path, f"[custom_formats.{name}]\n{rules}\n"))


def test_paths_in_a_file_are_relative_to_the_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'models = "weights"\nengines = "built/here"\nlog = "../log.jsonl"\n'))
    assert (settings.models, settings.engines) == (tmp_path / "weights", tmp_path / "built/here")
    assert settings.log == tmp_path / "../log.jsonl"
    assert load_settings(write(tmp_path, 'engines = "/elsewhere"\n')).engines == Path("/elsewhere")
    given = load_settings(write(tmp_path, 'engines = "built"\n'), {"engines": "mine"})
    assert given.engines == Path("mine"), "a flag means the folder where the command runs"


def test_fingerprint_follows_what_bears_on_the_result(tmp_path: Path) -> None:
    plain = Settings().settings_fingerprint
    assert plain == load_settings().settings_fingerprint
    for same in ({"threads": 3}, {"overwrite": True}, {"models": tmp_path}, {"device": "cpu"}, {"log": tmp_path}):
        assert Settings(**same).settings_fingerprint == plain
        assert Settings(**same).non_default() == {}
    others = [Settings(top=3), Settings(rank={"weights": {"eyes": 2}}), Settings(formats=("portrait", "landscape"))]
    assert len({plain, *(other.settings_fingerprint for other in others)}) == 4
    assert others[1].non_default() == {"rank.weights.eyes": 2.0}


def test_fingerprint_takes_the_definition_of_chosen_formats_only() -> None:
    def settings(eyes_line: float, *chosen: str) -> str:
        tv = {"aspect": (4, 3), "size": (1200, 900), "eyes_line": eyes_line}
        return Settings(custom_formats={"tv": tv}, formats=chosen).settings_fingerprint

    assert settings(0.3, "square") == settings(0.4, "square")
    assert settings(0.3, "tv") != settings(0.4, "tv")


def test_every_line_has_help_and_a_default() -> None:
    values = default_values()
    assert values["top"] == 10
    assert values["formats"] == ["landscape", "portrait"]
    assert [name for name in values if not setting_metadata(name)["help"]] == []


def test_defaults_do_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYART_TOP", "3")
    assert default_values()["top"] == 10
    assert Settings().non_default() == {"top": 3}


@pytest.mark.parametrize(("text", "seconds"), [("90.5", 90.5), ("1:30", 90.0), ("1:00:01.5", 3601.5), (" 0:05 ", 5.0)])
def test_times(text: str, seconds: float) -> None:
    assert parse_time_s(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:60", "1:2:3:4", "-5", "1:-5", "1.5:00", "nan"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(SettingsError, match="start_s"):
        load_settings(None, {"start_s": text})


def test_assignments() -> None:
    assert parse_assignment("probes.per_shot=4") == ("probes.per_shot", 4)
    assert parse_assignment('formats=["square"]') == ("formats", ["square"])
    assert parse_assignment("end_s=0:01:00") == ("end_s", "0:01:00")
    with pytest.raises(SettingsError, match=r"section\.key=value"):
        parse_assignment("probes.per_shot")


def test_an_empty_path_is_none_and_a_tilde_is_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KEYART_LOG", "")
    monkeypatch.setenv("KEYART_ENGINES", "~/engines")
    config = write(tmp_path, 'models = ""\n')
    settings = load_settings(config, {"log": None})
    assert settings.log is None and settings.models is None
    assert settings.engines == tmp_path / "engines"
    assert load_settings(None, {"log": ""}).log is None
