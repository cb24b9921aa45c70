"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from astro_sbi.runs.progress import State


class RunError(RuntimeError):
    """A run that gave no result; the message is the sentence a user reads."""


class RunCancelled(Exception):
    """The run was cancelled, here or elsewhere; the message says so."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended in this process.

    Args:
        state: of the job as this process left it; "queued" if it was given back, "running" if the lease was lost.
        result_key: of the result, if done.
        error: the sentence, if failed.
        refused: whether the request itself was at fault: a file, a prior or a setting of no use.
    """

    state: State
    result_key: str | None = None
    error: str | None = None
    refused: bool = False
