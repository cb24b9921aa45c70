"""How far a job has come: what a task reports and what a page shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["queued", "running", "done", "failed", "cancelled"]

LOSS_POINTS = 400


@dataclass(frozen=True)
class Progress:
    """How far a job has come.

    Args:
        phase: what it does now.
        done: how much of the phase is done.
        total: how much the phase is (0 if unknown).
        fraction: done over total, between 0 and 1.
        seconds_left: in this phase, at its rate so far; None if unknown.
        losses: step, training loss and held-out loss (None where not given) in nats, at most 400 points.
        rounds: what each finished round reported.
        phases: wall seconds spent in each phase.
    """

    phase: str
    done: float = 0.0
    total: float = 0.0
    fraction: float = 0.0
    seconds_left: float | None = None
    losses: list[list[float | None]] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON object with these fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Progress:
        """Progress from what `to_json` wrote."""
        return cls(**value)


class Reporter:
    """What a task calls to say how far it is; cheap, and safe to read from another thread.

    Args:
        clock: seconds from an arbitrary start.
        on_change: called with the progress at each report, in the thread that reports.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, on_change: Callable[[Progress], None] | None = None) -> None:
        self._clock, self._on_change = clock, on_change
        self._lock = threading.Lock()
        self._phase, self._done, self._total = "queued", 0.0, 0.0
        self._entered = self._clock()
        self._past: dict[str, float] = {}
        self._losses: list[list[float | None]] = []
        self._step_offset = 0.0
        self._stride, self._reports = 1, 0
        self._rounds: list[dict[str, Any]] = []
        self._version = 0

    @property
    def version(self) -> int:
        """Grows with each report."""
        return self._version

    def __call__(self, phase: str, done: float, total: float, loss: float | tuple[float, float] | None = None) -> None:
        """Report a phase.

        Args:
            phase: name of the phase.
            done: how much of it is done.
            total: how much it is.
            loss: training loss, or training and held-out loss, in nats.
        """
        with self._lock:
            if phase != self._phase or done < self._done:
                self._enter(phase)
            self._done, self._total = float(done), float(total)
            if loss is not None:
                self._keep_loss(loss)
            self._version += 1
        self._tell()

    def round(self, summary: Mapping[str, Any]) -> None:
        """Report a finished round."""
        with self._lock:
            self._rounds.append(dict(summary))
            self._version += 1
        self._tell()

    def _tell(self) -> None:
        if self._on_change:
            self._on_change(self.progress())

    def _enter(self, phase: str) -> None:
        now = self._clock()
        if self._phase != "queued":
            self._past[self._phase] = self._past.get(self._phase, 0.0) + now - self._entered
        if self._phase == "training" and self._losses:
            self._step_offset += self._done
        self._phase, self._entered, self._done = phase, now, 0.0

    def _keep_loss(self, loss: float | tuple[float, float]) -> None:
        train, heldout = loss if isinstance(loss, tuple | list) else (loss, None)
        if self._reports % self._stride == 0:
            self._losses.append([self._step_offset + self._done, _finite(train), _finite(heldout)])
        self._reports += 1
        if len(self._losses) > LOSS_POINTS:
            self._losses, self._stride = self._losses[::2], 2 * self._stride

    def progress(self) -> Progress:
        """How far the task has come."""
        with self._lock:
            spent = self._clock() - self._entered
            fraction = min(1.0, max(0.0, self._done / self._total)) if self._total > 0 else 0.0
            known = fraction > 0 and self._phase != "compiling"
            return Progress(
                phase=self._phase,
                done=self._done,
                total=self._total,
                fraction=fraction,
                seconds_left=round(spent * (1 - fraction) / fraction, 1) if known else None,
                losses=[list(point) for point in self._losses],
                rounds=[dict(summary) for summary in self._rounds],
                phases=self._phases(spent),
            )

    def _phases(self, spent: float) -> dict[str, float]:
        seconds = dict(self._past)
        if self._phase != "queued":
            seconds[self._phase] = seconds.get(self._phase, 0.0) + spent
        return {phase: round(value, 2) for phase, value in seconds.items()}


def _finite(value: Any) -> float | None:
    number = None if value is None else float(value)
    return number if number is not None and abs(number) < float("inf") else None
