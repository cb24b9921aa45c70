"""A trapezoid as a rough transit: its ephemeris, fitted to unbinned data."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64
from scipy import optimize


@dataclass(frozen=True)
class Dip:
    """A periodic trapezoid.

    Args:
        period: [d].
        epoch: mid-time of one dip [d], in the frame of the light curve.
        duration: first to fourth contact [d].
        depth: relative to the flux beside it.
        ingress: length of the sloping part as a share of the duration, at most a half.
        period_error: standard error of the period [d].
    """

    period: float
    epoch: float
    duration: float
    depth: float
    ingress: float = 0.1
    period_error: float = 0.0

    def offset(self, time: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Time from the nearest mid-time [d]."""
        return (time - self.epoch + 0.5 * self.period) % self.period - 0.5 * self.period

    def number(self, time: Float64[np.ndarray, " n"]) -> np.ndarray:
        """Number of the nearest dip, counted from the epoch."""
        return np.rint((time - self.epoch) / self.period).astype(np.int64)

    def inside(self, time: Float64[np.ndarray, " n"], margin: float = 1.0) -> Bool[np.ndarray, " n"]:
        """Points within the duration times a margin."""
        return np.abs(self.offset(time)) < 0.5 * margin * self.duration


def trapezoid(offset: Float64[np.ndarray, " n"], dip: Dip) -> Float64[np.ndarray, " n"]:
    """Relative flux change at a time from mid-dip [d]."""
    slope = max(dip.ingress, 1e-3) * dip.duration
    return -dip.depth * np.clip((0.5 * dip.duration - np.abs(offset)) / slope, 0, 1)


def fitted(dip: Dip, time: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], fixed: frozenset[str] = frozenset()) -> Dip:
    """The trapezoid nearest to a flattened light curve in least squares, started from a dip.

    Args:
        dip: start; its epoch is moved to the middle of the data first, where period and epoch are least correlated.
        time: [d].
        flux: relative flux around one.
        fixed: fields that stay (period, epoch, duration).
    """
    if "epoch" not in fixed:
        dip = replace(dip, epoch=dip.epoch + dip.period * float(np.rint((np.mean(time) - dip.epoch) / dip.period)))
    near = np.abs(dip.offset(time)) < 1.5 * dip.duration
    if near.sum() < 8:
        return dip
    # Counted from the epoch: beside a Julian date the small steps of the fit would be lost to rounding.
    zero, dip = dip.epoch, replace(dip, epoch=0.0)
    t, y = time[near] - zero, flux[near] - np.median(flux)
    spread = max(float(np.std(np.diff(y))) / np.sqrt(2), 1e-9)
    cycles = max(1.0, float(np.ptp(dip.number(t))) / 2)
    # Unit steps of the fit: a period step moves the outermost dip as far as an epoch step.
    scales = {"period": 0.1 * dip.duration / cycles, "epoch": 0.1 * dip.duration, "duration": 0.2 * dip.duration}
    scales |= {"depth": max(abs(dip.depth), spread), "ingress": 0.1}
    names = [name for name in scales if name not in fixed]

    def moved(x: np.ndarray) -> Dip:
        values = {name: getattr(dip, name) + scales[name] * x[i] for i, name in enumerate(names)}
        values["ingress"] = float(np.clip(values["ingress"], 0.02, 0.5))
        values["duration"] = float(
            np.clip(values.get("duration", dip.duration), 0.2 * dip.duration, min(3 * dip.duration, 0.5 * dip.period))
        )
        return replace(dip, **values)

    def residual(x: np.ndarray) -> np.ndarray:
        trial = moved(x)
        return (y - x[-1] * spread - trapezoid(trial.offset(t), trial)) / spread

    best = optimize.least_squares(residual, np.zeros(len(names) + 1), loss="soft_l1", f_scale=3.0, diff_step=1e-3, max_nfev=60)
    result = moved(best.x)
    error = 0.0
    if "period" in names:
        curvature = float(best.jac[:, names.index("period")] @ best.jac[:, names.index("period")])
        error = scales["period"] / np.sqrt(curvature) if curvature > 0 else float("inf")
    return replace(result, epoch=zero + result.epoch, period_error=error)
