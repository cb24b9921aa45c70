"""The parts of a galaxy's spectrum around H beta with [O III] and around H alpha with [N II] and [S II]."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import constants
from astropy import units as u

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, selected, setting, with_known

CHANNELS = ("H beta", "H alpha")
# Rest-frame vacuum windows and the line that each must hold [Angstrom].
_WINDOWS = ((4780.0, 5080.0, 4862.683), (6480.0, 6800.0, 6564.614))
_MARGIN = 15.0
_LEAST_POINTS = 30
_LINES = (4862.683, 4960.295, 5008.240, 6549.86, 6564.614, 6585.27, 6718.294, 6732.674)
_LINE_HALF_WIDTH = 800.0
_C = constants.c.to_value("km/s")
_FWHM = 2 * np.sqrt(2 * np.log(2))


@dataclass(frozen=True)
class LineWindows(Step):
    """Cut to the windows, number them as channels, and measure the scales of continuum and lines."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Cut to line windows"

    resolving_power: float | None = setting(None, "lambda / FWHM of the instrument; the file's, or 2000, if not given", low=50.0, high=1e6)
    ebv: float | None = setting(None, "Milky Way reddening E(B-V) toward the galaxy", "mag", low=0.0, high=10.0)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Points of the windows with channel 0 (H beta) or 1 (H alpha), and what a simulator must know about them."""
        observation, redshift = prepared.observation, prepared.number("redshift")
        rest = observation.points.coordinate / (1 + redshift)
        channel = np.full(len(rest), -1, np.int32)
        missing = []
        for index, window in enumerate(_WINDOWS):
            inside = _covered(rest, *window)
            channel[inside] = index
            if not inside.any():
                missing.append(f"{CHANNELS[index]} ({window[2] * (1 + redshift):.0f} Angstrom)")
        if (channel < 0).all():
            low, high = observation.points.coordinate[[0, -1]]
            raise ObservationError(
                f"at redshift {redshift:.4f} neither H beta nor H alpha lies in its {low:.0f} to {high:.0f} Angstrom; "
                "give another redshift (prepare.redshift)"
            )
        kept = selected(observation, channel >= 0)
        kept = replace(kept, points=replace(kept.points, channel=channel[channel >= 0]), channels=CHANNELS)
        resolved, known, assumed = self._resolution(kept)
        known |= _scales(kept, redshift)
        if self.ebv is not None:
            known["ebv"], resolved["ebv"] = self.ebv * u.mag, self.ebv
        sentence = f"{len(kept):,} points around {' and '.join(CHANNELS[i] for i in np.unique(kept.points.channel))} kept"
        sentence += f"; not covered: {', '.join(missing)}" * bool(missing) + assumed
        dropped = {"outside the line windows": len(observation) - len(kept)}
        return finished(prepared, with_known(kept, known), (self.title, sentence), dropped, resolved)

    def _resolution(self, observation: Observation) -> tuple[dict[str, float | str], dict[str, u.Quantity], str]:
        """Resolved values, standard deviation of the line spread function at each point, and a clause for the sentence."""
        size = len(observation)
        if self.resolving_power is None and "resolution" in observation.points.known:
            middle = float(np.median(observation.points.known["resolution"].to_value("km/s")))
            return {"resolving_power": float(_C / (_FWHM * middle)), "resolution_source": "from the file"}, {}, ""
        power = self.resolving_power or 2000.0
        width = np.full(size, _C / (_FWHM * power)) * (u.km / u.s)
        source = "given" if self.resolving_power else "assumed"
        clause = "" if self.resolving_power else "; the file does not say its resolution: a resolving power of 2000 was assumed"
        return {"resolving_power": power, "resolution_source": source}, {"resolution": width}, clause


def _covered(rest: np.ndarray, low: float, high: float, line: float) -> np.ndarray:
    """Points in a window; none where the line itself is not covered."""
    inside = (rest >= low) & (rest <= high)
    near = inside & (np.abs(rest - line) < _MARGIN)
    whole = (near & (rest < line)).any() and (near & (rest > line)).any()
    return inside if whole and inside.sum() >= _LEAST_POINTS else np.zeros(len(rest), bool)


def _scales(observation: Observation, redshift: float) -> dict[str, u.Quantity]:
    """Continuum level and line flux of the data, which the priors are scaled with."""
    wavelength, flux, sigma = observation.points.coordinate, observation.value, observation.points.noise.sigma
    velocity = _C * (wavelength[:, None] / (1 + redshift) / np.array(_LINES) - 1)
    free = (np.abs(velocity) > _LINE_HALF_WIDTH).all(axis=1)
    levels, lines = [], []
    for index in np.unique(observation.points.channel):
        here = observation.points.channel == index
        level = float(np.median(flux[here & free] if (here & free).sum() > 5 else flux[here]))
        step = np.gradient(wavelength[here])
        near = ~free[here]
        lines.append(float(np.sum(np.abs(flux[here] - level)[near] * step[near])))
        levels.append(abs(level))
    floor = float(np.median(sigma) * np.sqrt(np.sum(np.gradient(wavelength) ** 2) / 10))
    unit = u.Unit(observation.value_axis.unit)
    continuum = max(*levels, float(np.median(sigma)))
    return {"continuum_scale": continuum * unit, "flux_scale": max(*lines, floor) * unit * u.Angstrom}
