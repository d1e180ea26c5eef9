"""The states of a job, and what may become of each."""

from __future__ import annotations

from typing import Literal, get_args

State = Literal["queued", "running", "done", "failed", "quarantined", "gone", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
"""queued → running → done, or failed (its file or settings must change, or a person must ask), quarantined (it took
workers down), gone (its file is not there any more), cancelled (a person stopped it)."""

Kind = Literal["refused", "inside", "died", "hung", "device", "limits"]
"""Why a job failed: refused (a `KeyartError`: this file cannot be worked on), inside (a failure inside Keyart), died or
hung (its worker, alone with it), device (it lost the GPU, alone), limits (more than `limits` allow)."""

TroubleKind = Literal["output", "start", "device", "library", "ledger", "nowhere"]
"""What is waited for and is no film's fault: those of `stream.backfill.messages.Trouble`, the ledger, and a place where
workers may run."""

WhyStarted = Literal["first", "recycled", "died", "idle", "alone"]
"""Why a worker is started: the first of its place; in place of one that did its number of films or grew too large, that
died or hung, or that ended because nothing was queued; for one film that must be alone."""
