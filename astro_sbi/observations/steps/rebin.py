"""A spectrum on a coarser grid: flux is conserved, and errors allow for the correlation that sharing a pixel brings.

With ``w_ji`` the length of new pixel j that old pixel i covers and ``c_j = sum_i w_ji``: ``F_j = sum_i w_ji f_i / c_j`` and
``C_jk = sum_i w_ji w_ki s_i^2 / (c_j c_k)`` (Carnall 2017, arXiv:1705.05165, for the flux and the diagonal). An old pixel that two new ones
share correlates them. Errors here are independent, so that the whole row of the covariance goes into them, ``s_j^2 = sum_k C_jk``: to a
model that varies little from pixel to pixel, C acts as its row sums, and its chi-square changes by as much as with C. For even pixels
``sum_k C_jk / C_jj`` is ``1/(1 - 1/(3 r))`` on average at r old pixels to a new one, the noise correlation ratio of Fruchter & Hook (2002,
PASP 114, 144, sect. 7) in one dimension.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from astropy import units as u
from jaxtyping import Float64
from scipy import ndimage, sparse

from astro_sbi.observations.observation import Kind, Noise, Observation, ObservationError, Points
from astro_sbi.observations.steps.log_wavelength import LIGHT
from astro_sbi.observations.steps.step import Prepared, Report, Step, channel_masks, finished, in_order, joined, selected, setting

_LEAST_COVERED = 0.5
_GAP = 1.5


def pixel_edges(wavelength: Float64[np.ndarray, " n"]) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    """Ends of each pixel, half-way to its neighbours; beside a gap, as wide as the pixels around."""
    steps = np.diff(wavelength)
    typical = ndimage.median_filter(steps, size=min(11, len(steps)), mode="nearest")
    half = 0.5 * np.where(steps > _GAP * typical, typical, steps)
    return wavelength - np.append(half[0], half), wavelength + np.append(half, half[-1])


@dataclass(frozen=True, eq=False)
class Overlap:
    """How old pixels lie in new ones.

    Args:
        weight: length of each new pixel that each old one covers, new by old.
        centre: of what is covered of each new pixel.
        share: of each new pixel that is covered.
    """

    weight: sparse.csr_array
    centre: Float64[np.ndarray, " m"]
    share: Float64[np.ndarray, " m"]

    @property
    def covered(self) -> Float64[np.ndarray, " m"]:
        """Length of each new pixel that is covered."""
        return np.asarray(self.weight.sum(axis=1)).reshape(-1)

    def kept(self, keep: np.ndarray) -> Overlap:
        """The same for some of the new pixels."""
        return Overlap(self.weight[np.flatnonzero(keep)], self.centre[keep], self.share[keep])

    def mean(self, value: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " m"]:
        """Mean over each new pixel of something that is constant in each old one."""
        return self.weight @ value / self.covered

    def variances(self, sigma: Float64[np.ndarray, " n"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Diagonal of the covariance of the means, sums of its rows, and correlation of each new pixel with the next."""
        covered, old = self.covered, sigma**2
        diagonal = self.weight.multiply(self.weight) @ old / covered**2
        rows = self.weight @ (old * (self.weight.T @ (1 / covered))) / covered
        shared = self.weight[:-1].multiply(self.weight[1:]) @ old / (covered[:-1] * covered[1:])
        return diagonal, rows, shared / np.sqrt(diagonal[:-1] * diagonal[1:])


def overlap(low: Float64[np.ndarray, " n"], high: Float64[np.ndarray, " n"], edges: Float64[np.ndarray, " m+1"]) -> Overlap:
    """The overlap of old pixels, given by their ends, with new ones between successive edges."""
    size = len(edges) - 1
    first = np.clip(np.searchsorted(edges, low, "right") - 1, 0, size - 1)
    last = np.clip(np.searchsorted(edges, high, "left") - 1, 0, size - 1)
    number = last - first + 1
    old = np.repeat(np.arange(len(low)), number)
    new = np.repeat(first, number) + np.arange(len(old)) - np.repeat(np.cumsum(number) - number, number)
    left, right = np.maximum(low[old], edges[new]), np.minimum(high[old], edges[new + 1])
    length = np.maximum(right - left, 0.0)
    covered = np.bincount(new, length, size)
    middle = 0.5 * (edges[:-1] + edges[1:])
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(covered > 0, np.bincount(new, 0.5 * (left + right) * length, size) / covered, middle)
    return Overlap(sparse.csr_array((length, (new, old)), shape=(size, len(low))), centre, covered / np.diff(edges))


@dataclass(frozen=True)
class Rebin(Step):
    """Average pixels into wider ones of equal length in wavelength or in velocity."""

    kinds: ClassVar[tuple[Kind, ...]] = ("spectrum",)
    title: ClassVar[str] = "Rebin"

    pixel_width: float = setting(0.0, "length of a new pixel; 0 keeps the pixels", "Angstrom", low=0.0, high=1e6)
    pixel_velocity: float = setting(0.0, "length of a new pixel in velocity, for an even log grid; 0 for none", "km / s", low=0.0, high=1e5)

    def __post_init__(self) -> None:
        """Check that only one length is given."""
        if self.pixel_width and self.pixel_velocity:
            raise ObservationError("prepare.pixel_width and prepare.pixel_velocity are both given; give one")

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Mean flux of each new pixel with its error; new pixels less than half covered are dropped."""
        observation = prepared.observation
        if not (self.pixel_width or self.pixel_velocity):
            return finished(prepared, observation, (self.title, "the pixels were kept as they are"), {}, {})
        parts = [self._rebinned(selected(observation, here)) for here in channel_masks(observation)]
        after = in_order(joined([part for part, _, _, _ in parts]))
        dropped = {"in a new pixel less than half covered": sum(count for *_, count in parts)}
        correlation = float(np.average([part[1] for part in parts], weights=[len(part[0]) for part in parts]))
        factor = float(np.average([part[2] for part in parts], weights=[len(part[0]) for part in parts]))
        width = f"{self.pixel_width:g} Angstrom" if self.pixel_width else f"{self.pixel_velocity:g} km/s"
        sentence = (
            f"{len(observation):,} pixels averaged in {len(after):,} of {width}; neighbours share pixels and correlate by "
            f"{correlation:.2f}, for which errors were raised by a factor of {factor:.3f} on average"
        )
        resolved = {"pixel_correlation": correlation, "pixel_error_factor": factor}
        resolved |= {"pixel_width": self.pixel_width} if self.pixel_width else {"pixel_velocity": self.pixel_velocity}
        return finished(prepared, after, (self.title, sentence), dropped, resolved)

    def _rebinned(self, old: Observation) -> tuple[Observation, float, float, int]:
        """One channel, its neighbours' mean correlation, the mean factor on the errors, and the number of points dropped."""
        wavelength, sigma = old.points.coordinate, old.points.noise.sigma
        if len(np.unique(wavelength)) < 3:
            raise ObservationError(f"{len(old)} pixels are too few to average; set prepare.pixel_width=0")
        low, high = pixel_edges(wavelength)
        whole = overlap(low, high, self._edges(wavelength, low[0], high[-1]))
        lying = whole.kept(whole.share >= _LEAST_COVERED)
        if not len(lying.centre):
            raise ObservationError("no new pixel is half covered; give wider pixels (prepare.pixel_width)")
        diagonal, rows, correlation = lying.variances(sigma)
        dropped = int((np.asarray(lying.weight.sum(axis=0)).reshape(-1) <= 0).sum())
        noise = Noise(np.sqrt(rows), old.points.noise.source)
        known = {name: quantity for name, quantity in old.points.known.items() if quantity.isscalar}
        known |= {name: lying.mean(q.value) * q.unit for name, q in old.points.known.items() if not q.isscalar}
        if "resolution" in known:
            known["resolution"] = _broadened(
                known["resolution"], lying, (high - low) / wavelength, self._length(lying.centre) / lying.centre
            )
        known["bin_width"] = self.pixel_width * u.Angstrom if self.pixel_width else self.pixel_velocity * u.km / u.s
        size = len(lying.centre)
        points = Points(lying.centre, np.full(size, old.points.channel[0], np.int32), np.ones(size, bool), noise, known)
        new = replace(old, points=points, value=lying.mean(old.value))
        return new, float(np.mean(correlation)) if size > 1 else 0.0, float(np.mean(np.sqrt(rows / diagonal))), dropped

    def _length(self, wavelength: np.ndarray) -> np.ndarray:
        return np.full(len(wavelength), self.pixel_width) if self.pixel_width else wavelength * self.pixel_velocity / LIGHT

    def _edges(self, wavelength: np.ndarray, start: float, end: float) -> np.ndarray:
        """Ends of the new pixels.

        Raises:
            ObservationError: if they are not wider than the old ones.
        """
        step = float(np.median(np.diff(wavelength) / self._length(wavelength[1:])))
        if step >= 1:
            factor, name = (self.pixel_width, "pixel_width") if self.pixel_width else (self.pixel_velocity, "pixel_velocity")
            raise ObservationError(f"new pixels of {factor:g} are not wider than its own of {factor * step:.3g}; raise prepare.{name}")
        if self.pixel_width:
            return start + self.pixel_width * np.arange(int(np.ceil((end - start) / self.pixel_width - 1e-9)) + 1)
        ratio = self.pixel_velocity / LIGHT
        return start * np.exp(ratio * np.arange(int(np.ceil(np.log(end / start) / ratio - 1e-9)) + 1))


def _broadened(resolution: u.Quantity, lying: Overlap, old: np.ndarray, new: np.ndarray) -> u.Quantity:
    """Standard deviation of the line spread function with the new pixel's own, length over sqrt(12), in place of the old one's."""
    added = np.maximum(new**2 - lying.mean(old**2), 0.0) / 12 * LIGHT**2
    return np.sqrt(resolution.to_value("km/s") ** 2 + added) * (u.km / u.s)
