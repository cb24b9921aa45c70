"""A posterior under another prior, from draws that are already there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

from astro_sbi.inference.importance import effective_size, log_weights, normalised, steadied
from astro_sbi.inference.posterior import InferenceError, Posterior
from astro_sbi.simulators.prior import Prior

_ESS = 100.0
_TRIALS, _OUTSIDE = 20_000, 1e-3


@dataclass(frozen=True, eq=False)
class Reweighted:
    """Weights of the same draws under another prior.

    Args:
        weight: normalised weights [S], Pareto-smoothed where their k-hat is below 0.7.
        efficiency: effective share of the draws.
        ess: effective sample size, of the raw weights.
        khat: Pareto shape of the raw weights.
        log_evidence_gain: log evidence under the new prior minus that under the old one.
        log_evidence: under the new prior; None where the old one is not known.
        log_evidence_error: its standard error (of the gain where the evidence is not known).
    """

    weight: Float[np.ndarray, " S"]
    efficiency: float
    ess: float
    khat: float
    log_evidence_gain: float
    log_evidence: float | None
    log_evidence_error: float


def reweighted(posterior: Posterior, old: Prior, new: Prior, known: Mapping[str, float] | None = None) -> Reweighted:
    """The posterior's draws under another prior, with the evidence under it where there is a likelihood.

    Args:
        posterior: weighted draws under ``old``.
        old: the prior of the inference.
        new: the prior wanted, of the same free parameters.
        known: scalar known quantities that the priors depend on.

    Raises:
        InferenceError: as `reweighted_draws`.
    """
    if posterior.log_likelihood is None:
        return reweighted_draws(posterior.theta, np.log(posterior.weight), old, new, known or {}, evidence=False)
    log_weight = log_weights(posterior.log_likelihood + posterior.log_prior, posterior.log_q)
    return reweighted_draws(posterior.theta, log_weight, old, new, known or {}, evidence=True)


def reweighted_draws(
    theta: Mapping[str, np.ndarray],
    log_weight: Float[np.ndarray, " S"],
    old: Prior,
    new: Prior,
    known: Mapping[str, float],
    *,
    evidence: bool,
) -> Reweighted:
    r"""Weighted draws under another prior: :math:`w' = w\, p_\mathrm{new}(\theta) / p_\mathrm{old}(\theta)`.

    The evidences are related by :math:`Z' / Z = \langle p_\mathrm{new} / p_\mathrm{old} \rangle` over the old posterior.

    Args:
        theta: draws by name [S], physical units, fixed parameters included.
        log_weight: log weights under the old prior; equal ones for draws of a flow.
        old: the prior they were made under.
        new: the prior wanted.
        known: scalar known quantities that the priors depend on.
        evidence: whether the mean of the weights is the evidence under the old prior (likelihood times prior over proposal).

    Raises:
        InferenceError: if the priors are of different parameters or fix others, if the new prior reaches where the old one
            has no draws, or if fewer than 100 effective draws are left.
    """
    _refuse_other_parameters(old, new)
    _refuse_new_ground(old, new, known)
    raw = log_weight + _log_ratio(theta, old, new, known)
    if not np.isfinite(raw).any():
        raise InferenceError(
            "no draw lies inside the new prior: the posterior under the old one says it is impossible; infer again with it"
        )
    ess = effective_size(normalised(raw))
    if ess < _ESS:
        raise InferenceError(
            f"only {ess:.0f} effective draws of {len(raw)} are left under the new prior (100 are needed): "
            "it asks for what the old posterior hardly holds; draw more or infer again with the new prior"
        )
    smooth, shape = steadied(raw)
    total = float(special.logsumexp(smooth))
    gain = total - float(special.logsumexp(steadied(log_weight)[0]))
    error = float(np.sqrt(max(1.0 / ess - 1.0 / len(raw), 0.0)))
    known_evidence = total - float(np.log(len(raw))) if evidence else None
    return Reweighted(normalised(smooth), ess / len(raw), ess, shape, gain, known_evidence, error)


def _log_ratio(theta: Mapping[str, np.ndarray], old: Prior, new: Prior, known: Mapping[str, float]) -> Float[np.ndarray, " S"]:
    """Log of new over old prior density; -inf outside either."""
    above, below = new.log_prob(theta, known), old.log_prob(theta, known)
    return np.where(np.isfinite(above) & np.isfinite(below), above - np.where(np.isfinite(below), below, 0.0), -np.inf)


def _refuse_other_parameters(old: Prior, new: Prior) -> None:
    if set(old.free) != set(new.free) or set(old.names) != set(new.names):
        raise InferenceError(
            f"the new prior leaves {', '.join(new.free)} free and the old one {', '.join(old.free)}: "
            "weights cannot free or fix a parameter, infer again"
        )
    before, after = dict(old.distributions), dict(new.distributions)
    moved = [name for name in old.names if name not in old.free and before[name] != after[name]]
    if moved:
        raise InferenceError(f"{', '.join(moved)} was fixed elsewhere: weights cannot move a fixed parameter, infer again")


def _refuse_new_ground(old: Prior, new: Prior, known: Mapping[str, float]) -> None:
    """Refuse a new prior with more than a thousandth of its mass where the old one has none."""
    drawn = new.physical(np.random.default_rng(0).standard_normal((_TRIALS, len(new.free))), known)
    outside = ~np.isfinite(old.log_prob(drawn, known))
    if outside.mean() <= _OUTSIDE:
        return
    values = {**known, **drawn}
    beyond = [name for name, d in old.distributions if not np.isfinite(d.log_prob(drawn[name], values)).all()]
    raise InferenceError(
        f"the new prior has {outside.mean():.2g} of its mass where the old one has none ({', '.join(beyond)}): "
        "there are no draws to weigh there; infer again with the new prior or keep it inside the old one"
    )
