"""A run followed at a terminal: its progress, and Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from astro_sbi.runs.progress import Progress
from astro_sbi.runs.text import progress_text


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one interrupts."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(*_: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress_line() -> Iterator[Any]:
    """A function that shows progress on standard error: one line that changes on a terminal, one line a phase elsewhere."""
    terminal, shown = sys.stderr.isatty(), {"at": 0.0, "phase": ""}

    def show(progress: Progress) -> None:
        now, phase = time.monotonic(), f"{len(progress.rounds)} {progress.phase}"
        if phase == shown["phase"] and (not terminal or now - shown["at"] < 0.2):
            return
        shown.update(at=now, phase=phase)
        text = progress_text(progress)
        sys.stderr.write(f"\r\x1b[K{text[:100]}" if terminal else f"{text}\n")
        sys.stderr.flush()

    try:
        yield show
    finally:
        if terminal:
            sys.stderr.write("\r\x1b[K")
