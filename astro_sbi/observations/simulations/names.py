"""Names of columns as the names of parameters in settings."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 40


def parameter_names(columns: Sequence[str]) -> tuple[str, ...]:
    """Names in small letters, digits and underscores, none twice: ``Omega_m`` is ``omega_m`` in settings, ``M tot`` is ``m_tot``."""
    taken: list[str] = []
    for column in columns:
        plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")[:_LONGEST] or "parameter"
        plain = plain if plain[0].isalpha() else f"p_{plain}"
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.append(name)
    return tuple(taken)


def same_name(one: str, other: str) -> bool:
    """Whether a name in a setting means a column: written alike, or alike as names of parameters."""
    return one == other or parameter_names([one]) == parameter_names([other])
