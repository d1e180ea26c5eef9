"""The figures of the GPU check, computed from the results of its parts."""

from __future__ import annotations

from typing import Any

from benchmarks.gpu_check.figures import EPISODES, figures


def rate(codec: str, mode: str, videos: int, value: float, share: float = 0.5) -> dict[str, Any]:
    return {"codec": codec, "mode": mode, "videos": videos, "ratio": value, "non_reference_share": share}


def by_name(results: dict[str, Any]) -> dict[str, Any]:
    return {figure["name"]: (figure["value"], figure["met"]) for figure in figures(results)}


def test_figures_are_met_or_not_or_not_known() -> None:
    film = {"same_shots": True, "bars_apart_px": 1, "same_mains": True, "shared_of_ten": 9.0}
    films = {name: film for name in EPISODES}
    results = {
        "rates_h264": {
            "rates": [
                rate("h264", "all", 7, 0.2), rate("h264", "all", 14, 0.96), rate("h264", "reference", 14, 1.58)
            ]
        },
        "memory": {"run": {"peak_mib": 2500.0, "bare_mib": 500.0, "grown_mib": 70.0}},
        "host_bytes": {
            "doors": {"measured_a_frame": 480.0, "beside_crops_a_frame": 648.0},
            "cupti": {"beside_crops_a_frame": 512.0},
        },
        "parity": {"films": {**films, "E02": {**film, "shared_of_ten": 7.0}}},
        "clustering": {"runs": {f"{name}_faces": {"of": "films", "equal": True} for name in EPISODES}},
        "engines": {"models": {"eyes": {"cpu_nodes": 0}, "mesh": {"cpu_nodes": 2}}},
    }  # fmt: skip
    found = by_name(results)
    assert found["whole pipeline / raw decoder, 14 videos, H.264"] == (0.96, True)
    assert found["whole pipeline / raw decoder, 14 videos, HEVC"] == (None, None)
    assert found["`reference` / raw decoder of all frames, 14 videos, H.264"] == (1.58, False)
    assert found["device to host to measure a frame, bytes"] == (480.0, True)
    assert found["device to host a frame beside the crops, bytes"] == (648.0, False)
    assert found["device to host a frame beside the crops, by CUPTI, bytes"] == (512.0, True)
    assert found["device memory for one 1080p film, MiB"] == (2000.0, True)
    assert found["device memory late in an hour of film beyond early, MiB"] == (70.0, False)
    assert found["CPU and CUDA: bars apart, px"] == (1, True)
    assert found["CPU and CUDA: images shared of ten"] == (7.0, False)
    assert found["clustering: cuML and scikit-learn agree on the films"] == (True, True)
    assert found["tests on the GPU pass"] == (None, None)
    assert found["nodes on the CPU, all models"] == (2, False)
    few = {"rates_h264": {"rates": [rate("h264", "reference", 14, 1.3, share=0.2)]}}
    assert by_name(few)["`reference` / raw decoder of all frames, 14 videos, H.264"] == (1.3, None)


def test_without_all_five_films_parity_is_not_known() -> None:
    film = {"same_shots": False, "bars_apart_px": 3, "same_mains": False, "shared_of_ten": 2.0}
    rows = [row for row in figures({"parity": {"films": {"E01": film, "E05": film}}}) if "CPU and CUDA" in row["name"]]
    assert [(row["value"], row["met"]) for row in rows] == [(None, None)] * 4
    full = by_name({"parity": {"films": dict.fromkeys(EPISODES, film)}})
    assert full["CPU and CUDA: same shots"] == (False, False)


def test_agreement_is_judged_on_the_films_alone() -> None:
    def judged(runs: dict[str, Any]) -> Any:
        return by_name({"clustering": {"runs": runs}})["clustering: cuML and scikit-learn agree on the films"]

    films: dict[str, Any] = {f"{name}_faces": {"of": "films", "equal": True} for name in EPISODES}
    assert judged({**films, "20000": {"of": "made", "equal": False}}) == (True, True)
    assert judged({**films, "E01_tracks": {"of": "films", "equal": False}}) == (False, False)
    assert judged({"500": {"of": "made", "equal": True}}) == (None, None)
    assert judged({**films, "E03_faces": {"of": "films", "equal": None}}) == (None, None)
    assert judged({name: run for name, run in films.items() if name != "E04_faces"}) == (None, None)


def test_where_cupti_is_not_there_its_figure_is_not_known() -> None:
    name = "device to host a frame beside the crops, by CUPTI, bytes"
    assert by_name({"host_bytes": {"doors": {}, "cupti": {"reason": "CUPTI saw no copy"}}})[name] == (None, None)
    assert by_name({})[name] == (None, None)
