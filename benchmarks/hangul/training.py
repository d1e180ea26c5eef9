"""Trains the network on lines that are made while it learns; goes on from its checkpoint when it was stopped."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from .alphabet import alphabet, classes
from .beginning import begin_with
from .lines import HEIGHT_PX, Line, Source, batch
from .network import COLUMN_PX, LineNetwork
from .repeating import LineChunks

BATCH = 32
_SORTED_TOGETHER = 8
"""Batches whose lines are sorted by width, so that little of a batch is padding."""
CHUNK = BATCH * _SORTED_TOGETHER
PEAK_RATE = 3e-3
GUIDED_STEPS = 800
_WARMUP_STEPS = 150
_UNKNOWN = -100


@dataclass(frozen=True, slots=True)
class Plan:
    """steps: of all runs together; the learning rate falls to nought with the last. checkpoint: where the state is kept
    and taken up. threads: of PyTorch. guided_steps: in so many at the beginning it mainly learns where characters
    stand, and half as much after that; with CTC alone it answers nothing but blanks for long. keep_every: steps between
    two checkpoints. makers: processes that draw lines; 0: this one draws them between two steps. begin_with: a model of
    `export.model_of` to begin with where there is no checkpoint. bfloat16: convolutions are computed in it, which
    takes half of the time where the processor can."""

    steps: int
    checkpoint: Path
    threads: int = 1
    peak_rate: float = PEAK_RATE
    guided_steps: int = GUIDED_STEPS
    keep_every: int = 100
    makers: int = 0
    begin_with: Path | None = None
    bfloat16: bool = False


def train(source: Source, plan: Plan) -> LineNetwork:
    """Trains up to `plan.steps` and returns the network, ready to read."""
    torch.set_num_threads(plan.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(source.seed)
    network = LineNetwork(len(alphabet()) + 1)
    optimiser = torch.optim.AdamW(network.all.parameters(), lr=plan.peak_rate, weight_decay=0.01)
    step = _resume(plan.checkpoint, network, optimiser)
    network.all.train()
    if not step and plan.begin_with:
        begin_with(network, onnx.load(plan.begin_with), _pictures(LineChunks(source, CHUNK)[0]))
    began, seen = time.monotonic(), []
    for lines in _batches(source, step, plan):
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, plan)
        torch.manual_seed(source.seed + step)  # what is dropped out depends on the step alone, too
        seen.append(_learn(network, optimiser, lines, step < plan.guided_steps, plan.bfloat16))
        step += 1
        if step % plan.keep_every == 0 or step == plan.steps:
            _keep(plan.checkpoint, network, optimiser, step)
            took_s = time.monotonic() - began
            print(f"step {step} of {plan.steps}: loss {np.mean(seen):.4f}, {took_s:.0f} s", flush=True)
            seen = []
    network.all.eval()
    return network


def _rate(step: int, plan: Plan) -> float:
    """Rises to the peak, then falls along a cosine."""
    if step < _WARMUP_STEPS:
        return plan.peak_rate * (step + 1) / _WARMUP_STEPS
    done = (step - _WARMUP_STEPS) / max(1, plan.steps - _WARMUP_STEPS)
    return plan.peak_rate * 0.5 * (1 + float(np.cos(np.pi * min(1.0, done)))) + 1e-6


def _batches(source: Source, step: int, plan: Plan) -> Iterator[list[Line]]:
    """The batches from `step` on, each of lines that depend on its number alone."""
    chunks = range(step // _SORTED_TOGETHER, -(-plan.steps // _SORTED_TOGETHER))
    loader = DataLoader(
        LineChunks(source, CHUNK), batch_size=None, sampler=chunks, num_workers=plan.makers, collate_fn=list
    )
    for chunk, lines in zip(chunks, loader, strict=True):
        lines.sort(key=lambda line: line.picture.shape[1])
        order = np.random.default_rng((source.seed, chunk, 1)).permutation(_SORTED_TOGETHER).tolist()
        for at in order[step - chunk * _SORTED_TOGETHER :][: plan.steps - step]:
            yield lines[at * BATCH : (at + 1) * BATCH]
            step += 1


def _pictures(lines: Sequence[Line]) -> Tensor:
    x = torch.from_numpy(batch([line.picture for line in lines]))
    return x.contiguous(memory_format=torch.channels_last)


def columns_of(lines: Sequence[Line], labels: Sequence[Sequence[int]], columns: int) -> np.ndarray:
    """(N, columns) int64: the class of the column in the middle of each character, the blank halfway between two and
    beyond the ends, `_UNKNOWN` elsewhere."""
    found = np.full((len(lines), columns), _UNKNOWN)
    for row, line, label in zip(found, lines, labels, strict=True):
        at = np.clip(line.centres / COLUMN_PX, 0, columns - 1)
        if not len(at):
            continue
        half = (at[1:] - at[:-1]).mean() / 2 if len(at) > 1 else HEIGHT_PX / COLUMN_PX / 2
        row[: max(0, int(at[0] - half))] = row[int(np.ceil(at[-1] + half)) + 1 :] = 0
        row[((at[1:] + at[:-1]) / 2).astype(int)] = 0
        row[at.astype(int)] = label
    return found


def _learn(
    network: LineNetwork, optimiser: torch.optim.Optimizer, lines: list[Line], guided: bool, bfloat16: bool = False
) -> float:
    x = _pictures(lines)
    labels = [classes(line.written.text) for line in lines]
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        logits = network.logits(x)
    answers = logits.float().log_softmax(-1).transpose(0, 1)
    lengths = torch.full((len(lines),), x.shape[-1] // COLUMN_PX)
    target = torch.tensor([c for label in labels for c in label])
    loss = nn.functional.ctc_loss(
        answers, target, lengths, torch.tensor([len(label) for label in labels]), zero_infinity=True
    )
    columns = torch.from_numpy(columns_of(lines, labels, x.shape[-1] // COLUMN_PX))
    places = nn.functional.nll_loss(answers.permute(1, 2, 0), columns, ignore_index=_UNKNOWN)
    loss = 0.1 * loss + places if guided else loss + 0.5 * places
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.all.parameters(), 2.0)
    optimiser.step()
    return float(loss.detach())


def _keep(path: Path, network: LineNetwork, optimiser: torch.optim.Optimizer, step: int) -> None:
    """Writes the state completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"network": network.all.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    torch.save(state | {"alphabet": alphabet()}, path.with_suffix(".new"))
    os.replace(path.with_suffix(".new"), path)


def _resume(path: Path, network: LineNetwork, optimiser: torch.optim.Optimizer) -> int:
    """The step of the checkpoint; 0 where there is none. Raises ValueError when its alphabet is another."""
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    if tuple(state["alphabet"]) != alphabet():
        raise ValueError(f"{path}: trained with another alphabet; delete it or name another checkpoint")
    network.all.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])
