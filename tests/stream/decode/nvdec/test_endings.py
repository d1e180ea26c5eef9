"""When a session of NVDEC ends: after the copies of its pictures, before the stream that they are queued on."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from stream.decode.decoder import DecodeOptions
from stream.decode.nvdec.open import open_on_chip
from stream.decode.nvdec.session import Chip

from ..decoders import write_film
from ..host_memory import HostMemory
from .fake_nvdec import FakeDecoder, FakeError, FakeNvdec, said

ONE = DecodeOptions(threads=1)


@pytest.fixture
def film(make_film, moving) -> Path:
    """Fifty pictures, a key frame every twelve."""
    return make_film("film.mp4", moving(50))


@pytest.mark.parametrize("close_first", [True, False])
def test_the_chips_decoder_dies_before_the_stream_it_works_on(film, close_first):
    deaths = list[str]()

    class Decoder(FakeDecoder):
        def __del__(self) -> None:
            deaths.append("decoder")

    class Memory(HostMemory):
        def __del__(self) -> None:
            deaths.append("memory")

    fake = FakeNvdec(make=Decoder)
    decoder = open_on_chip(film, ONE, Chip(fake), Memory)
    fake.decoders.clear()
    pictures = decoder.batches()
    next(pictures)
    if close_first:
        decoder.close()
    pictures.close()
    assert deaths == (["decoder"] if close_first else [])
    del pictures, decoder
    gc.collect()
    assert deaths == ["decoder", "memory"]


ENDS = ("closed early", "broken", "broken at the end", "search given up", "new sets")


@pytest.mark.parametrize("end", ENDS)
def test_no_session_is_destroyed_while_copies_of_its_pictures_are_queued(film, tmp_path, moving, end):
    """A session goes with its pictures when nothing refers to it any more."""
    queued, memory = list[int](), HostMemory()

    class Decoder(FakeDecoder):
        def __del__(self) -> None:
            queued.append(memory.queued)

        def Decode(self, packet):
            if not packet.bsl and end == "broken at the end":
                raise FakeError(said("Decode", 1, "m_api.cuvidParseVideoData(m_hParser, &packet) returned error 1"))
            return super().Decode(packet)

    class Chips(FakeNvdec):
        def CreateDecoder(self, **arguments):
            decoder = super().CreateDecoder(**arguments)
            self.decoders.clear()
            return decoder

    if end == "new sets":
        sets = [{"options": {"x264-params": f"ref={count}"}} for count in (1, 8)]
        parts = [write_film(tmp_path / f"{n}.ts", moving, 20, **of) for n, of in enumerate(sets)]
        film.write_bytes(b"".join(part.read_bytes() for part in parts))
    fake = Chips(make=Decoder, fail_after=[29] if end == "broken" else None)
    decoder = open_on_chip(film, ONE, Chip(fake), lambda: memory)
    pictures = decoder.batches()
    if end != "closed early":
        list(pictures)
    if end == "search given up":
        with pytest.raises(ZeroDivisionError):
            decoder._search(0.4, 1.2, 0.4, lambda time_s: 1 / (time_s < 0.8) > 0)
    assert bool(queued) == (end in ("broken", "broken at the end", "search given up", "new sets"))
    pictures.close()
    decoder.close()
    gc.collect()
    assert queued and not any(queued)
