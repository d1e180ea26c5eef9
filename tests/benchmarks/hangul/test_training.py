"""Needs PyTorch, which is in no test lock: skipped where it is not installed."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from benchmarks.hangul.alphabet import alphabet  # noqa: E402
from benchmarks.hangul.beginning import begin_with  # noqa: E402
from benchmarks.hangul.export import model_of  # noqa: E402
from benchmarks.hangul.lines import Line, batch  # noqa: E402
from benchmarks.hangul.network import LineNetwork  # noqa: E402
from benchmarks.hangul.texts import Written  # noqa: E402
from benchmarks.hangul.training import Plan, train  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


class Stripes:
    """A peer of `Source` that needs no fonts: dark and bright stripes for zeros and ones. It stops at `end`."""

    seed = 1

    def __init__(self, end: int = 10**6) -> None:
        self._end = end

    def line(self, index: int) -> Line:
        if index >= self._end:
            raise KeyboardInterrupt
        text = format(index % 8, "03b")
        picture = np.repeat([255 * int(d) for d in text], 16).astype(np.uint8)
        shown = np.broadcast_to(picture[None, :, None], (48, 48, 3)).copy()
        return Line(shown, text, Written(text, text), np.array([8.0, 24, 40]))


def weights(network) -> list[np.ndarray]:
    return [value.numpy() for value in network.all.state_dict().values()]


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = train(Stripes(), Plan(12, tmp_path / "whole.pt", keep_every=4))
    with pytest.raises(KeyboardInterrupt):
        train(Stripes(128), Plan(12, tmp_path / "parts.pt", keep_every=4))
    parts = train(Stripes(), Plan(12, tmp_path / "parts.pt", keep_every=4))
    assert all(np.array_equal(a, b) for a, b in zip(weights(whole), weights(parts), strict=True))


def test_half_precision_learns_about_the_same(tmp_path: Path) -> None:
    whole, half = (train(Stripes(), Plan(6, tmp_path / f"{of}.pt", bfloat16=of)) for of in (False, True))
    pairs = list(zip(weights(whole), weights(half), strict=True))
    assert not all(np.array_equal(a, b) for a, b in pairs)
    assert all(np.allclose(a, b, atol=0.08) for a, b in pairs)


def test_the_model_answers_what_the_network_answers(tmp_path: Path) -> None:
    network = train(Stripes(), Plan(4, tmp_path / "kept.pt"))
    x = batch([Stripes().line(5).picture, Stripes().line(2).picture])
    session = ort.InferenceSession(model_of(network).SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        wanted = network.logits(torch.from_numpy(x)).softmax(-1).numpy()
    np.testing.assert_allclose(session.run(None, {"x": x})[0], wanted, atol=2e-3)  # weights are rounded to float16


def test_a_model_is_taken_up_where_its_checkpoint_is_gone(tmp_path: Path) -> None:
    x = torch.from_numpy(batch([Stripes().line(at).picture for at in range(8)]))
    before = train(Stripes(), Plan(24, tmp_path / "kept.pt"))
    after = LineNetwork(len(alphabet()) + 1)
    begin_with(after, model_of(before), x)
    after.dropout.eval()
    with torch.no_grad():
        wanted, found = (network.logits(x).softmax(-1).numpy() for network in (before, after))
    np.testing.assert_allclose(found, wanted, atol=5e-3)  # weights are rounded to float16
    with pytest.raises(ValueError, match="of another network"):
        begin_with(LineNetwork(7), model_of(before), x)


def test_a_network_with_more_layers_begins_about_where_the_model_ended(tmp_path: Path) -> None:
    x = torch.from_numpy(batch([Stripes().line(at).picture for at in range(8)]))
    after, before = (LineNetwork(len(alphabet()) + 1) for _ in range(2))
    before.layers = before.layers[:5] + before.layers[6:7] + before.layers[8:]
    for network in (before, after):
        network.all.eval()
    begin_with(after, model_of(before), x)
    with torch.no_grad():
        wanted, found = (network.logits(x) for network in (before, after))
    assert torch.corrcoef(torch.stack([wanted.flatten(), found.flatten()]))[0, 1] > 0.9


def test_another_alphabet_is_refused(tmp_path: Path) -> None:
    train(Stripes(), Plan(1, tmp_path / "kept.pt"))
    state = torch.load(tmp_path / "kept.pt", weights_only=True)
    torch.save(state | {"alphabet": ("a", "b")}, tmp_path / "kept.pt")
    with pytest.raises(ValueError, match="trained with another alphabet"):
        train(Stripes(), Plan(2, tmp_path / "kept.pt"))
