"""A plain mutation fuzzer, for where atheris is not installed: bytes flipped, cut, repeated, spliced, and tokens put in."""

from __future__ import annotations

import faulthandler
import random
import time
from pathlib import Path

from tests.fuzz.targets import LONGEST, Tally, Target, fault

_MOST_KEPT = 2000
_LONGEST_FILE = 200_000


def mutated(content: bytes, others: list[bytes], tokens: tuple[bytes, ...], chance: random.Random) -> bytes:
    """A file with one to eight things changed."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(content) + 1)
        end = min(len(content), place + chance.choice((1, 2, 4, 8, 80, 1000)))
        piece = content[place:end]
        kind = chance.randrange(8)
        if kind == 0:
            piece = bytes(byte ^ (1 << chance.randrange(8)) for byte in piece[:1]) + piece[1:]
        elif kind == 1:
            piece = chance.randbytes(len(piece))
        elif kind == 2:
            piece = b""
        elif kind == 3:
            piece = piece * chance.choice((2, 3, 50))
        elif kind == 4 and tokens:
            piece = chance.choice(tokens)
        elif kind == 5:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1)
            piece = other[start : start + len(piece)]
        elif kind == 6:
            piece = bytes(chance.choice(b"0123456789+-.eE'\" ,;<>&*") for _ in piece)
        elif chance.random() < 0.2:
            return content[:place]
        content = (content[:place] + piece + content[end:])[:_LONGEST_FILE]
    return content


def fuzzed(target: Target, seconds: float, keep: Path, seed: int = 0, most: int | None = None) -> tuple[Tally, list[str]]:
    """What came of fuzzing a target for so long, or so many runs; inputs with a fault are kept in a folder.

    A reader that hangs where Python cannot stop it ends this process; the file ``current`` in the folder is its input.
    """
    tally, faults, chance = Tally(), [], random.Random(seed)
    seeds = list(target.seeds())
    kept = list(seeds)
    known = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and (most is None or tally.runs < most):
        content = mutated(chance.choice(seeds if chance.random() < 0.5 else kept), kept, target.tokens, chance)
        (keep / "current").write_bytes(content)
        faulthandler.dump_traceback_later(2 * LONGEST, exit=True)
        found = fault(target, content, tally)
        faulthandler.cancel_dump_traceback_later()
        if found:
            path = keep / f"{target.name}-{len(faults)}"
            path.write_bytes(content)
            faults.append(f"{path.name} {found}")
        if len(tally.sentences) + len(tally.leaked) > known and len(kept) < _MOST_KEPT:
            known = len(tally.sentences) + len(tally.leaked)
            kept.append(content)
    return tally, faults
