"""Work side by side on a processor, whose cores one program of small steps leaves idle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
from jaxtyping import Int

from astro_sbi.simulators.numpy_processes import cores


def on_processor() -> bool:
    """Whether there is no accelerator, which would rather have everything in one program."""
    return jax.default_backend() == "cpu"


def side_by_side(work: Callable[[int], Any], numbers: Sequence[int], halt: Callable[[], None] = lambda: None) -> list[Any]:
    """What ``work`` makes of each number, in their order; on a processor as many at a time as there are cores.

    Args:
        work: is called from several threads.
        numbers: what it is called with.
        halt: called as soon as one fails or the user interrupts, so that the others, which are waited for, can end early.
    """
    if not on_processor() or min(cores(), len(numbers)) < 2:
        return [work(number) for number in numbers]
    with ThreadPoolExecutor(cores()) as threads:
        found = [threads.submit(work, number) for number in numbers]
        try:
            return [one.result() for one in found]
        except BaseException:
            halt()
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def in_blocks(work: Callable[[Int[np.ndarray, " size"]], np.ndarray], count: int, size: int) -> np.ndarray:
    """What ``work`` makes of rows by number, ``size`` at a time, side by side.

    The last row fills up the last block: another shape would compile anew.
    """

    def block(start: int) -> np.ndarray:
        return work(np.minimum(np.arange(start, start + size), count - 1))

    return np.concatenate(side_by_side(block, range(0, count, size)))[:count]
