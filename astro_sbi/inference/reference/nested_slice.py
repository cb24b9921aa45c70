"""Nested sampling with slice moves: several modes and the evidence, without a flow."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from astro_sbi.inference.importance import effective_size
from astro_sbi.inference.posterior import Cancelled, InferenceError, OnProgress, ShouldStop
from astro_sbi.inference.reference.target import ReferenceDraws, Target, finite_log_likelihood, key_of

_CHUNK = 5
_REMAINING = 0.01
_ESS = 400.0
_PATHS = 200
#: Seeds scatter by this times the error of the volumes, where the posterior is curved or has several modes: benchmarks/RESULTS.md.
_SCATTER = 2.0


def nested(
    target: Target,
    *,
    draws: int = 4000,
    seed: int = 1,
    on_progress: OnProgress = lambda phase, done, total, loss: None,
    should_stop: ShouldStop = lambda: False,
    live: int = 1000,
    moves: int | None = None,
    longest: float = 200.0,
) -> ReferenceDraws:
    r"""Sample a posterior by nested slice sampling and integrate its evidence.

    Live points begin as draws of the prior; a twentieth of them, those of lowest likelihood, die at a time and are born again above
    it by slice moves along directions of the live points' covariance. Run until the live points hold less than a hundredth
    of the evidence. With dead points sorted by likelihood, :math:`\log Z = \log\sum_i L_i (X_{i-1} - X_i)` where
    :math:`\log X_i = \sum_{j \le i} \log t_j` and :math:`t_j \sim \mathrm{Beta}(n_j, 1)`; :math:`n_j` counts the points alive.
    A mode without live points at the start is lost: take more of them for narrow modes.

    Args:
        target: the posterior; only its likelihood is used.
        draws: equally weighted draws resampled from the dead points.
        seed: of everything.
        on_progress: told of phase "sampling", of the e-folds of volume left behind and of an estimate of those needed.
        should_stop: asked every few generations.
        live: live points; the error of the evidence falls with their square root, the time grows with them.
        moves: slice moves of a new point; ``max(5, 2 d)`` if None.
        longest: e-folds of volume after which to give up.

    Returns:
        The draws; converged means that the live points' share is below a hundredth, slice moves did not get stuck and the weights are
        worth more than 400 draws. The error of the evidence is twice that of the unknown volumes: so far seeds lie apart
        on posteriors that are curved or have several modes; on a Gaussian by half of it.

    References: Skilling 2006, Bayesian Analysis 1, 833; Fowlie, Handley & Su 2021, MNRAS 503, 1199 (the counts of live points);
        Yallup, Kroupa & Handley 2026, arXiv:2601.23252 (the moves).
    """
    began = time.perf_counter()
    run = _Run(target, live, moves or max(5, 2 * target.dimension), seed)
    remaining, chunk = 1.0, 0
    on_progress("sampling", 0, longest, None)
    while remaining > _REMAINING and run.folds < longest:
        if should_stop():
            raise Cancelled
        remaining = run.advance(chunk)
        chunk += 1
        on_progress("sampling", run.folds, max(run.needed, run.folds), None)
    return _integrated(run, remaining, draws, seed, began)


class Dead(NamedTuple):
    """Points in the order of their likelihoods, with the likelihood above which each was born (-inf: drawn from the prior)."""

    position: Float[np.ndarray, "N d"]
    log_likelihood: Float[np.ndarray, " N"]
    birth: Float[np.ndarray, " N"]


def evidence_of(dead: Dead, rng: np.random.Generator) -> tuple[float, float, Float[np.ndarray, " N"]]:
    """Log evidence, its standard error over random volumes, and the normalised weights of the points at mean volumes."""
    alive = np.sum(np.isneginf(dead.birth)) + np.searchsorted(np.sort(dead.birth[np.isfinite(dead.birth)]), dead.log_likelihood)
    count = np.maximum(alive - np.arange(len(alive)), 1)

    def log_shell(log_shrink: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
        outer = np.concatenate([[0.0], np.cumsum(log_shrink)[:-1]])
        return outer + np.log(-np.expm1(log_shrink))

    log_weight = dead.log_likelihood + log_shell(-1.0 / count)
    paths = [special.logsumexp(dead.log_likelihood + log_shell(-rng.standard_exponential(len(count)) / count)) for _ in range(_PATHS)]
    evidence = float(special.logsumexp(log_weight))
    return evidence, float(np.std(paths)), np.exp(log_weight - evidence)


class _Run:
    """One run: its compiled chunk, the live points and what has died."""

    def __init__(self, target: Target, live: int, moves: int, seed: int) -> None:
        if live < 20 * target.dimension:
            raise InferenceError(
                f"{live} live points cannot tell a covariance of {target.dimension} parameters: take {40 * target.dimension}"
            )
        self._live, self._delete = live, max(live // 20, 1)
        algorithm = blackjax.nss(
            lambda z: -0.5 * jnp.sum(z**2),
            finite_log_likelihood(target.explicit("nested")),
            num_inner_steps=moves,
            num_delete=self._delete,
        )
        start = jax.random.normal(key_of(seed, 0), (live, target.dimension))
        self._state: Any = jax.jit(algorithm.init)(start)
        likelihood = np.asarray(self._state.particles.loglikelihood)
        if np.isfinite(likelihood).sum() < 2:
            raise InferenceError("the likelihood is finite at hardly any draw of the prior; check the simulator and the prior's bounds")
        self._key, self._parts, self.evaluations, self._failed = key_of(seed, 1), [], live, 0

        def chunk(state: Any, key: Array) -> tuple[Any, Any]:
            return jax.lax.scan(lambda state, key: _generation(algorithm, state, key), state, jax.random.split(key, _CHUNK))

        self._chunk = jax.jit(chunk)

    def advance(self, number: int) -> float:
        """Replace a few generations; the share of the evidence that the live points hold."""
        self._state, (dead, evaluations, failed) = self._chunk(self._state, jax.random.fold_in(self._key, number))
        self._parts.append(jax.tree.map(np.asarray, dead))
        self.evaluations += int(evaluations.sum())
        self._failed += int(failed.sum())
        gap = float(self._state.integrator.logZ_live - self._state.integrator.logZ)
        return float(special.expit(gap))

    @property
    def folds(self) -> float:
        """E-folds of prior volume left behind."""
        return len(self._parts) * _CHUNK * self._delete / self._live

    @property
    def needed(self) -> float:
        """Estimate of the e-folds needed, from the best likelihood alive."""
        integrator, best = self._state.integrator, float(self._state.particles.loglikelihood.max())
        left = best + float(integrator.logX) - float(np.logaddexp(integrator.logZ, integrator.logZ_live)) - np.log(_REMAINING)
        return self.folds + max(left, 0.0)

    @property
    def stuck(self) -> float:
        """Share of new points born exactly on another one."""
        return self._failed / max(len(self._parts) * _CHUNK * self._delete, 1)

    def finished(self) -> Dead:
        """All that died and the live points, sorted."""
        particles = self._state.particles
        parts = [*self._parts, (particles.position, particles.loglikelihood, particles.loglikelihood_birth)]
        position, value, birth = (
            np.concatenate([np.asarray(part[leaf], np.float64).reshape(-1, *np.shape(parts[-1][leaf])[1:]) for part in parts])
            for leaf in range(3)
        )
        order = np.argsort(value, kind="stable")
        return Dead(position[order], value[order], np.where(np.isnan(birth), -np.inf, birth)[order])


def _generation(algorithm: Any, state: Any, key: Array) -> tuple[Any, Any]:
    """One generation; what died, likelihoods evaluated, and new points whose every move failed."""
    state, info = algorithm.step(key, state)
    dead, moved = info.particles, info.update_info
    evaluations = jnp.sum(moved.num_expansions + moved.num_shrink + 2)
    failed = jnp.sum(~jnp.any(moved.is_accepted, axis=-1))
    return state, ((dead.position, dead.loglikelihood, dead.loglikelihood_birth), evaluations, failed)


def _integrated(run: _Run, remaining: float, draws: int, seed: int, began: float) -> ReferenceDraws:
    """Evidence and equally weighted draws of a finished run."""
    dead = run.finished()
    evidence, error, weight = evidence_of(dead, np.random.default_rng([seed, 7]))
    converged, reason = _judged(remaining, effective_size(weight), run.stuck)
    return ReferenceDraws(
        "nested",
        dead.position[_systematic(weight, draws, np.random.default_rng([seed, 8]))],
        converged,
        reason,
        run.evaluations,
        time.perf_counter() - began,
        ess=np.full(dead.position.shape[1], effective_size(weight)),
        log_evidence=evidence,
        log_evidence_error=_SCATTER * error,
    )


def _systematic(weight: Float[np.ndarray, " N"], draws: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of equally weighted draws by systematic resampling, in random order."""
    steps = (np.arange(draws) + rng.random()) / draws
    index = np.searchsorted(np.cumsum(weight) / weight.sum(), steps)
    return rng.permutation(np.minimum(index, len(weight) - 1))


def _judged(remaining: float, ess: float, stuck: float) -> tuple[bool, str]:
    if remaining > _REMAINING:
        return False, f"given up while live points still held {remaining:.0%} of the evidence: allow more e-folds of volume"
    if stuck > 0.01:
        return False, f"{stuck:.0%} of the new points could not move: the likelihood is flat or broken where they are"
    if ess < _ESS:
        return False, f"the dead points are worth only {ess:.0f} draws (400 are needed): take more live points"
    return True, f"the live points hold {remaining:.1%} of the evidence and the dead points are worth {ess:.0f} draws"
