"""What every task of the benchmark offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jaxtyping import Float

from astro_sbi.simulators.prior import Prior

if TYPE_CHECKING:
    from jaxtyping import Array, PRNGKeyArray


def unchanged(theta: Float[Array, "draws d"]) -> Float[Array, "draws d"]:
    """The parameters of a task that is inferred in its own parameters."""
    return theta


@dataclass(frozen=True)
class Task:
    """One inference problem of the benchmark, in the coordinates in which it is inferred.

    Args:
        name: its name in the paper, and of its folder of reference posteriors.
        prior: independent priors of the inferred coordinates.
        simulate: one simulation, to be vmapped: parameters and a key to the observation.
        log_likelihood: of many parameters for one observation, up to a constant that no parameter enters.
        to_parameters: maps inferred coordinates to the paper's parameters, in which draws are compared.
    """

    name: str
    prior: Prior
    simulate: Callable[[Float[Array, " d"], PRNGKeyArray], Float[Array, " n"]]
    log_likelihood: Callable[[Float[Array, "draws d"], Float[Array, " n"]], Float[Array, " draws"]] | None
    to_parameters: Callable[[Float[Array, "draws d"]], Float[Array, "draws d"]] = unchanged


def same_priors(count: int, distribution: str) -> Prior:
    """One distribution for each of ``theta_1`` to ``theta_count``."""
    return Prior.of(**{f"theta_{number}": distribution for number in range(1, count + 1)})
