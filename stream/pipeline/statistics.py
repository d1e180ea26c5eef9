"""What the films of one process did so far, and how full its channels and batches are: read from time to time, by
whoever watches. Nothing is counted here as pictures pass; what the stages count for the manifest is added up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..dataflow.channels import ChannelMeter
from ..film import Film
from ..ranking.lifting import LAST_RESORT, LIFTED_IN_ORDER, LIMITS, NEVER_LIFTED

STAGES = (
    "scan", "decode", "measure", "split", "faces", "collect", "people", "judge", "moments", "second_look", "text",
    "maturity", "episode", "crop",
)  # fmt: skip
"""The clocks of a film."""
CHANNELS = ("decoded", "measured", "shots", "readings")
DECODERS = ("ffmpeg", "nvdec", "ffmpeg, uploaded")
CODECS = ("h264", "hevc", "av1", "vp9", "mpeg2video", "mpeg4")
"""FFmpeg's names of the codecs that libraries mostly have; there are more."""
REJECTIONS = tuple(sorted({*LIFTED_IN_ORDER, *LAST_RESORT, *NEVER_LIFTED, "duplicate"} - LIMITS))
"""Why pictures are turned down."""
READER = "reader"
"""The engines that find and read faces, together: what all films ask of them at once."""

Totals = dict[tuple[str, ...], float]
"""(what is counted, its labels) → how much. What is counted: `frames` (decoder, codec); `stage_seconds` and
`stage_items` (stage); `rejections` (reason); `episodes` (verdict); `channel_items`, `put_seconds` and `get_seconds`
(channel); `batches` (engine, size)."""


@dataclass(slots=True)
class Statistics:
    """Of one process. `batches`: engine → its batches by their size. All methods belong to the event loop."""

    batches: Mapping[str, Counter[int]] = field(default_factory=dict)
    _films: list[tuple[Film, str]] = field(default_factory=list)
    _ended: defaultdict[tuple[str, ...], float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def counting(self, film: Film, decoder: str) -> Iterator[None]:
        """Within the block the film is in work; what it did stays counted. decoder: its name."""
        entry = (film, decoder)
        self._films.append(entry)
        try:
            yield
        finally:
            self._films = [other for other in self._films if other is not entry]
            _add(self._ended, film, decoder)

    def totals(self) -> Totals:
        """All since the process began, of films in work as well. Never falls."""
        totals = self._ended.copy()
        for film, decoder in self._films:
            _add(totals, film, decoder)
        for engine, sizes in self.batches.items():
            totals.update({("batches", engine, str(size)): count for size, count in dict(sizes).items()})
        return dict(totals)

    def channels(self) -> dict[str, tuple[int, int]]:
        """Channel → items in it now, and how many it can hold; of all films in work together."""
        found = {name: (0, 0) for name in CHANNELS}
        for film, _ in self._films:
            for meter in film.channels:
                depth, capacity = found.get(meter.name, (0, 0))
                found[meter.name] = (depth + meter.depth, capacity + meter.capacity)
        return found


def since(totals: Totals, earlier: Totals) -> Totals:
    """What was added to `earlier`, without what stayed."""
    return {key: more for key, total in totals.items() if (more := total - earlier.get(key, 0.0)) > 0}


def _add(totals: defaultdict[tuple[str, ...], float], film: Film, decoder: str) -> None:
    """Add what a film did. The dictionaries are copied as a whole: threads of the film may add to them meanwhile."""
    totals["frames", decoder, film.info.codec] += film.funnel.frames
    for stage, clock in dict(film.clocks.by_name).items():
        totals["stage_seconds", stage] += clock.busy_s
        totals["stage_items", stage] += clock.items
    for reasons in (film.funnel.at_shot, film.funnel.at_end):
        for reason, count in dict(reasons).items():
            totals["rejections", reason] += count
    if film.episode is not None:
        totals["episodes", film.episode.verdict] += 1
    for meter in film.channels:
        _add_channel(totals, meter)


def _add_channel(totals: defaultdict[tuple[str, ...], float], meter: ChannelMeter) -> None:
    totals["channel_items", meter.name] += meter.items
    totals["put_seconds", meter.name] += meter.blocked_put_s
    totals["get_seconds", meter.name] += meter.blocked_get_s
