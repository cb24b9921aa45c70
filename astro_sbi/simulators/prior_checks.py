"""What a prior must keep to, and what it was made from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from astro_sbi.simulators.base import Simulator
from astro_sbi.simulators.prior import Prior, PriorError


def check_prior(simulator: Simulator, prior: Prior, known: Mapping[str, float]) -> None:
    """Look at the prior's ends, five sigma out, in all their combinations tried.

    Raises:
        PriorError: if a parameter is not finite there or leaves the range for which the simulator is made.
    """
    corners = 5.0 * np.random.default_rng(0).choice([-1.0, 0.0, 1.0], size=(512, len(prior.free)))
    with np.errstate(all="ignore"):
        theta = prior.physical(corners, known)
    for parameter in simulator.parameters:
        low, high = float(np.min(theta[parameter.name])), float(np.max(theta[parameter.name]))
        if not (np.isfinite(low) and np.isfinite(high)):
            raise PriorError(f"the prior of {parameter.name} is not finite everywhere; check its bounds")
        if low < parameter.low or high > parameter.high:
            between = f"between {parameter.low:g} and {parameter.high:g}"
            raise PriorError(f"{parameter.name} must lie {between}; its prior reaches from {low:.4g} to {high:.4g}: narrow it")


def priors_from_data(simulator: Simulator, prior: Prior) -> tuple[str, ...]:
    """Parameters whose prior was made from the data to be fitted."""
    measured = {quantity.name for quantity in simulator.known if quantity.from_data}
    return tuple(name for name, distribution in prior.distributions if distribution.depends_on & measured)
