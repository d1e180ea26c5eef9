"""The reader of Korean lines that comes with Keyart: its interface, and what it reads."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.hangul.alphabet import ANY, alphabet
from benchmarks.hangul.lines import scaled
from benchmarks.hangul.readers import onnx_reader
from engines.ocr import BLANK, alphabet_of
from engines.open_session import open_session
from engines.session import Session

MODEL = Path(__file__).resolve().parents[2] / "engines" / "hangul.onnx"
FOLDER = "/usr/share/fonts/truetype/nanum"


@pytest.fixture
def session() -> Iterator[Session]:
    with closing(open_session(MODEL, name="hangul_recognition", threads=1)) as opened:
        yield opened


def test_it_has_the_interface_of_ppocrs_readers() -> None:
    model = onnx.load(MODEL)
    (x,), (answer,) = model.graph.input, model.graph.output
    shape = [d.dim_value or d.dim_param for d in x.type.tensor_type.shape.dim]
    assert (x.name, shape) == ("x", ["N", 3, 48, "W"])
    assert [d.dim_value or d.dim_param for d in answer.type.tensor_type.shape.dim] == ["N", "T", len(alphabet()) + 1]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    (entry,) = model.metadata_props
    assert alphabet_of({entry.key: entry.value}, "hangul") == (BLANK, *alphabet())


def test_it_is_small() -> None:
    assert 1_000_000 <= MODEL.stat().st_size <= 3_000_000


@pytest.mark.parametrize("width", [16, 24, 320, 640])
def test_it_gives_probabilities_at_any_width(session: Session, width: int) -> None:
    (answer,) = session.run({"x": np.zeros((2, 3, 48, width), np.float32)}).values()
    assert answer.shape == (2, width // 4, len(alphabet()) + 1)
    np.testing.assert_allclose(answer.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("width", [64, 320])
def test_a_line_does_not_depend_on_its_batch(session: Session, width: int) -> None:
    rows = np.random.default_rng(5).uniform(-1, 1, (7, 3, 48, width)).astype(np.float32)
    (together,) = session.run({"x": rows}).values()
    for count in (1, 2, 5):
        (fewer,) = session.run({"x": rows[3 : 3 + count]}).values()
        np.testing.assert_array_equal(fewer, together[3 : 3 + count])


@pytest.mark.debian
@pytest.mark.parametrize("face", ["NanumMyeongjo", "NanumSquareRoundB", "NanumGothicBold"])
def test_it_reads_plain_lines(debian_file: Callable[[str, str], Path], face: str) -> None:
    """In two faces that it was not trained on, and one that it was; spaces aside. Numbers with their counters are
    exact; of the other lines two may be misread."""
    font = ImageFont.truetype(debian_file("fonts-nanum", f"{FOLDER}/{face}.ttf"), 40)
    texts = ["제 7 화", "제12회", "12회", "제3장", "1부", "최종회", "2019년 3월", "S02E05", "EPISODE 3"]
    texts += ["15세 이상 관람가", "뷁"]
    pictures = []
    for text in texts:
        card = Image.new("RGB", (int(font.getlength(text)) + 24, 60))
        ImageDraw.Draw(card).text((12, 44), text, font=font, fill=(255, 255, 255), anchor="ls")
        pictures.append(scaled(np.asarray(card)))
    reads = onnx_reader(MODEL)(pictures)
    pairs = zip(reads, (*texts[:-1], ANY), strict=True)
    misread = [(read.text, text) for read, text in pairs if read.text.replace(" ", "") != text.replace(" ", "")]
    assert len(misread) <= 2, misread
    assert not {text for _, text in misread} & {"제 7 화", "제12회", "12회", "제3장", "1부", "S02E05", "EPISODE 3"}
    assert min(read.confidence for read in reads[:-1]) > 0.5
