"""A first guess of a galaxy's redshift: given, from the file's header, from its emission lines, or from a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.observation import Axis, Kind, Observation, ObservationError
from astro_sbi.observations.steps.log_wavelength import LIGHT, log_grid, resampled, vertex
from astro_sbi.observations.steps.redshift_template import Matched, cross_correlated
from astro_sbi.observations.steps.step import Prepared, Report, Step, envelope, finished, setting, with_known

_PIXEL = 69.0
_WIDTH = 150.0
# Vacuum wavelengths [Angstrom] and relative strengths of lines that shine together; atomic physics fixes the [O III] and [N II] ratios.
_GROUPS = (
    ((4960.295, 5008.240), (0.336, 1.0)),
    ((4862.683,), (1.0,)),
    ((6564.614,), (1.0,)),
    ((6549.86, 6585.27), (0.328, 1.0)),
    ((6718.294, 6732.674), (1.0, 0.8)),
    ((3727.092, 3729.875), (1.0, 1.2)),
)
_CONVINCING = 60.0
# Peaks of noise alone reach 4.5 sigma; right peaks stand a fifth above the next.
_FAINTEST, _CONFIDENT = 5.0, 0.2


def line_search(
    wavelength: Float64[np.ndarray, " n"], flux: Float64[np.ndarray, " n"], sigma: Float64[np.ndarray, " n"]
) -> tuple[float, float, int]:
    """The redshift at which the strong nebular lines explain most, by a matched filter.

    The gain of a group of lines is its filtered signal-to-noise squared where it is positive, and the sum over groups is maximised.

    Returns:
        Redshift, gain in chi-square, and number of groups above three sigma.
    """
    grid = log_grid(wavelength, _PIXEL)
    y, w = resampled(grid, wavelength, flux, sigma, _PIXEL)
    kernel = np.exp(-0.5 * (np.arange(-8, 9) * _PIXEL / _WIDTH) ** 2)
    numerator, denominator = np.convolve(y * w, kernel, "same"), np.convolve(w, kernel**2, "same")
    step = _PIXEL / LIGHT
    rest = np.log([line for lines, _ in _GROUPS for line in lines])
    shifts = np.arange(max(-0.003, grid[0] - rest.max()), grid[-1] - np.log(4862.683), step)
    if not len(shifts):
        return 0.0, 0.0, 0
    gain, groups = np.zeros(len(shifts)), np.zeros(len(shifts), int)
    for lines, strengths in _GROUPS:
        top, bottom = np.zeros(len(shifts)), np.zeros(len(shifts))
        for line, strength in zip(lines, strengths, strict=True):
            index = np.rint((np.log(line) + shifts - grid[0]) / step).astype(int)
            inside = (index >= 0) & (index < len(grid))
            index = np.clip(index, 0, len(grid) - 1)
            top += strength * numerator[index] * inside
            bottom += strength**2 * denominator[index] * inside
        ratio = np.where(bottom > 0, np.clip(top, 0, None) / np.sqrt(np.maximum(bottom, 1e-30)), 0)
        gain, groups = gain + ratio**2, groups + (ratio > 3)
    best = int(np.argmax(gain))
    return float(np.expm1(shifts[best] + step * vertex(gain, best))), float(gain[best]), int(groups[best])


@dataclass(frozen=True)
class Redshift(Step):
    """Settle the redshift about which the lines are looked for."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Redshift"

    redshift: float | None = setting(None, "guessed redshift; the file's, or that of a search, if not given", low=-0.01, high=20.0)
    line_search: str = setting(
        "auto",
        "where a redshift that is not given comes from: the file, then emission lines, then a template (auto); emission lines (always); "
        "cross-correlation with a template of lines in emission and absorption (template)",
        choices=("auto", "always", "template"),
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Add ``redshift_guess``, and say where it comes from."""
        observation = prepared.observation
        value, source, matched = self._settled(observation)
        resolved: dict[str, float | str] = {"redshift": value, "redshift_source": source}
        after = with_known(observation, {"redshift_guess": value * u.dimensionless_unscaled})
        if matched is None:
            return finished(prepared, after, (self.title, f"redshift {value:.5f} ({source})"), {}, resolved)
        resolved |= {"redshift_runner_up": matched.runner_up, "redshift_confidence": matched.confidence}
        axes = Axis("redshift", ""), Axis("correlation with a template in sigma", "")
        shown = envelope(matched.trial, matched.correlation), axes
        return finished(prepared, after, (self.title, _told(matched)), {}, resolved, shown)

    def _settled(self, observation: Observation) -> tuple[float, str, Matched | None]:
        """Redshift, where it comes from, and the cross-correlation where that is it."""
        header = observation.points.known.get("redshift")
        if self.redshift is not None:
            return self.redshift, "given", None
        if header is not None and self.line_search == "auto":
            return float(header.value), "from the file", None
        if len(observation) < 50:
            raise ObservationError(f"it has {len(observation)} points, too few to find lines in; give the redshift (prepare.redshift)")
        spectrum = observation.points.coordinate, observation.value, observation.points.noise.sigma
        if self.line_search != "template":
            value, gain, groups = line_search(*spectrum)
            if gain >= _CONVINCING and groups >= 2:
                return value, "line search", None
            if self.line_search == "always":
                raise ObservationError("no emission lines were found that would tell its redshift; give it (prepare.redshift)")
        matched = cross_correlated(*spectrum)
        if matched is None or matched.height < _FAINTEST:
            raise ObservationError(
                "no emission lines and no match with a template were found that would tell its redshift; give it (prepare.redshift)"
            )
        return matched.redshift, "template" if matched.confidence >= _CONFIDENT else "guessed with a template", matched


def _told(matched: Matched) -> str:
    """A sentence on a cross-correlation, its doubt included."""
    peak = f"redshift {matched.redshift:.4f} by cross-correlation with a template of galaxy lines, {matched.height:.1f} sigma"
    second = f"{100 * matched.confidence:.0f} % above the next peak at {matched.runner_up:.4f}"
    doubt = "" if matched.confidence >= _CONFIDENT else ": this is a guess, check it against the lines and give the redshift if you know it"
    return f"{peak}, {second}{doubt}"
