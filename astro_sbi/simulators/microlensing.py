"""A star brightened by the gravity of another one that passes before it: microlensing by a point lens, in any number of data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.observation import Noise, Points
from astro_sbi.simulators.bands import of_channel
from astro_sbi.simulators.base import KnownQuantity, ModelOption, Pattern, Simulator, Theta
from astro_sbi.simulators.lensing import disc_excess, excess, separation_of, width_at_half_rise
from astro_sbi.simulators.microlensing_parameters import (
    DERIVED,
    DERIVED_PARALLAX,
    DERIVED_SOURCE,
    PARALLAX,
    SHARED,
    SOURCE,
    channel_derived,
    channel_parameters,
)
from astro_sbi.simulators.patterns import Sampling, random_pattern
from astro_sbi.simulators.prior import Distribution, Prior, loguniform, normal, uniform

if TYPE_CHECKING:
    from jaxtyping import Array, Float

    from astro_sbi.observations.preparation import Preparation

#: Impact parameters closer to 0 than this are taken as this.
_CLOSEST = 1e-5
_BULGE = (270.0, -28.0)
_COORDINATES = "give prepare.right_ascension and prepare.declination, such as 18:04:45.71 and -26:59:15.2"


class MicrolensingSimulator(Simulator):
    """Point lens with blending; annual parallax and a source of finite size on demand."""

    name = "microlensing"
    title = "Microlensing event"
    kind = "light_curve"
    coordinate_name = "Time from the reference"
    coordinate_unit = "d"
    value_name = "Flux"
    value_unit = ""
    signal = "microlensing event"
    summary = (
        "A star or planet passes before a more distant star and bends its light, which brightens once, the same in every colour. "
        "How long it lasts tells mass, distance and speed of the lens together; the smaller the impact parameter, the higher the peak; "
        "light of other stars in the same blur flattens the curve and can be told from a larger impact parameter by the wings alone. "
        "In long events the Earth's own motion skews the curve (parallax); a lens that crosses the source shows its disc."
    )
    reference = (
        "Paczynski 1986, ApJ 304, 1 (point lens); Gould 2004, ApJ 606, 319 (parallax in the frame of the Earth at one time); "
        "Gould 1994, ApJ 421, L71, and Witt & Mao 1994, ApJ 430, 505 (uniform source); Kim et al. 2018, AJ 155, 76 (event finder)"
    )
    options = (
        ModelOption("parallax", ("no", "yes"), "the Earth's motion around the Sun, for events of months; needs the place in the sky"),
        ModelOption("finite_source", ("no", "yes"), "the disc of the source, for lenses that cross it"),
    )

    def __init__(self, channels: tuple[str, ...] = ("",), *, parallax: bool = False, finite_source: bool = False) -> None:
        """Parameters for these data sets.

        Args:
            channels: names of the data sets (bands, telescopes), each with its own fluxes and error scale.
            parallax: whether the Earth's motion is modelled.
            finite_source: whether the source has a size.
        """
        self.channels, self.parallax, self.finite_source = channels, parallax, finite_source
        several, numbered = len(channels) > 1, tuple(enumerate(channels, 1))
        own = tuple(one for number, channel in numbered for one in channel_parameters(number, channel, several=several))
        self.parameters = (*SHARED, *(PARALLAX if parallax else ()), *(SOURCE if finite_source else ()), *own)
        fluxes = tuple(one for number, channel in numbered for one in channel_derived(number, channel, several=several))
        self.derived_parameters = (
            *DERIVED,
            *(DERIVED_PARALLAX if parallax else ()),
            *(DERIVED_SOURCE if finite_source else ()),
            *fluxes,
        )
        self.prior = Prior(tuple((one.name, self._distribution(one.name)) for one in self.parameters))
        self.known = self._known()
        self.caveats = self._caveats()

    def adapted(self, channels: tuple[str, ...], options: Mapping[str, str]) -> MicrolensingSimulator:
        """The simulator for these data sets and effects."""
        return MicrolensingSimulator(channels, parallax=options["parallax"] == "yes", finite_source=options["finite_source"] == "yes")

    def _distribution(self, name: str) -> Distribution:
        """Prior of a parameter; uniform in u0 and log-uniform in width and rise is so in u0, tE and source flux too."""
        stem, _, number = name.rpartition("_")
        shared = {
            "epoch_offset": uniform("-0.5*event_width", "0.5*event_width"),
            "width": loguniform("0.05*event_width", "10*event_width"),
            "u0": uniform("-1*largest_impact" if self.parallax else 0.0, "largest_impact"),
            "pi_e_north": normal(0.0, 0.3),
            "pi_e_east": normal(0.0, 0.3),
            "rho": loguniform(1e-4, 0.3),
        }
        if name in shared:
            return shared[name]
        if stem == "baseline":
            return normal(f"baseline_guess_{number}", f"0.5*rise_guess_{number}")
        return loguniform(f"0.1*rise_guess_{number}", f"30*rise_guess_{number}") if stem == "rise" else loguniform(0.5, 10.0)

    def _known(self) -> tuple[KnownQuantity, ...]:
        """What the preparation has to find."""
        numbers = range(1, len(self.channels) + 1)
        guesses = [
            (f"{what}_guess_{number}", f"{told} of data set {number}")
            for number in numbers
            for what, told in (("baseline", "baseline flux"), ("rise", "rise at the peak"))
        ]
        earth = [
            KnownQuantity(f"earth_{where}", "AU", f"what the Earth's motion adds to the way of the lens towards {where}; {_COORDINATES}")
            for where in ("north", "east")
        ]
        return (
            KnownQuantity("epoch_guess", "d", "time of the peak as found, in the time system of the observation", from_data=True),
            KnownQuantity("epoch_from_reference", "d", "the same, counted from the reference time", from_data=True),
            KnownQuantity("event_width", "d", "width at half of the rise as found", from_data=True),
            KnownQuantity("largest_impact", "", "impact parameter at which the blend would be as negative as allowed", from_data=True),
            KnownQuantity("log_trials", "", "natural log of the number of times and timescales searched", 0.0, from_data=True),
            KnownQuantity("zero_magnitude", "mag", "magnitude of a flux of 1", 0.0),
            *(KnownQuantity(name, "", meaning, from_data=True) for name, meaning in guesses),
            *(earth if self.parallax else ()),
        )

    def _caveats(self) -> tuple[str, ...]:
        """What is left out, the chosen options taken into account."""
        return (
            "One lens and one source: no planets, no second star, no motion of the source around another star.",
            "u0, tE and the share of other stars' light are told apart by the wings of the light curve alone; where they are noisy, "
            "trust t_effective and the rise, and read u0 as a limit.",
            "The blend may be negative, down to what prepare.largest_source allows.",
            "The noise is independent, with one scale for each data set; variability of the source or of its neighbours is not modelled.",
            "The source is a uniform disc, of at most 0.3 Einstein radii: no limb darkening."
            if self.finite_source
            else "The source is a point; model.finite_source=yes gives it a size.",
            "Parallax is the Earth's orbital motion alone, in the frame of the Earth at prepare.parallax_epoch."
            if self.parallax
            else "The Earth is taken to move uniformly; model.parallax=yes has its orbit, which matters for events of months.",
        )

    def _at_peak(self, theta: Any, xp: Any) -> tuple[Any, Any, Any]:
        """``A - 1`` at closest approach, Einstein time [d] and impact parameter."""
        u0 = theta["u0"]
        closest = xp.sqrt(u0**2 + _CLOSEST**2)
        peak = disc_excess(closest, theta["rho"], xp) if self.finite_source else excess(closest, xp)
        return peak, theta["width"] / width_at_half_rise(separation_of(peak, xp), xp), u0

    def predict(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        r"""Flux ``F_0 + rise (A(u) - 1) / (A(u_0) - 1)`` of each data set, which is ``f_s A + f_b``.

        With parallax :math:`u^2 = (\tau + \delta\tau)^2 + (u_0 + \delta\beta)^2`, where :math:`\delta\tau = \pi_N n + \pi_E e` and
        :math:`\delta\beta = \pi_N e - \pi_E n` for offsets (n, e) of the Sun: Gould 2004, ApJ 606, 319, section 2.
        """
        import jax.numpy as jnp

        known = pattern.known
        peak, crossing, beta = self._at_peak(theta, jnp)
        tau = (pattern.coordinate - known["epoch_from_reference"] - theta["epoch_offset"]) / crossing
        if self.parallax:
            north, east = known["earth_north"], known["earth_east"]
            tau = tau + theta["pi_e_north"] * north + theta["pi_e_east"] * east
            beta = beta + theta["pi_e_north"] * east - theta["pi_e_east"] * north
        separation = jnp.sqrt(tau**2 + beta**2 + _CLOSEST**2)
        lensed = disc_excess(separation, theta["rho"], jnp) if self.finite_source else excess(separation, jnp)
        baseline, rise = (of_channel(theta, name, pattern, len(self.channels)) for name in ("baseline", "rise"))
        return baseline + rise * lensed / peak

    def noise(self, theta: Theta, pattern: Pattern) -> Float[Array, " n"]:
        """Quoted errors times the data set's noise scale."""
        return of_channel(theta, "noise_scale", pattern, len(self.channels)) * pattern.sigma

    def derived(self, theta: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Times, magnification, fluxes and magnitudes, in float64; a flux that is not positive is as faint as a millionth of the rise."""
        draws = {name: np.asarray(value, np.float64) for name, value in theta.items()}
        peak, crossing, u0 = self._at_peak(draws, np)
        out = {
            "t0": known["epoch_guess"] + draws["epoch_offset"],
            "t_e": crossing,
            "t_effective": np.abs(u0) * crossing,
            "peak_magnification": 1 + peak,
        }
        if self.parallax:
            north, east = draws["pi_e_north"], draws["pi_e_east"]
            out |= {"pi_e": np.hypot(north, east), "pi_e_angle": np.degrees(np.arctan2(east, north))}
        if self.finite_source:
            out["t_star"] = draws["rho"] * crossing
        for number in range(1, len(self.channels) + 1):
            baseline, rise = draws[f"baseline_{number}"], draws[f"rise_{number}"]
            source, floor = rise / peak, 1e-6 * np.maximum(rise, 1e-30)
            level = np.where(np.abs(baseline) > floor, baseline, floor)
            zero = known["zero_magnitude"]
            out |= {
                f"source_flux_{number}": source,
                f"blend_share_{number}": 1 - source / level,
                f"source_magnitude_{number}": zero - 2.5 * np.log10(np.maximum(source, 1e-30)),
                f"baseline_magnitude_{number}": zero - 2.5 * np.log10(np.maximum(baseline, floor)),
            }
        return out

    def null(self, theta: Theta) -> dict[str, Any]:
        """A constant star: no rise."""
        return {name: 0.0 * value if name.startswith("rise_") else value for name, value in theta.items()}

    def default_points(self) -> Points:
        """Two seasons of nightly points, 2 % each, of an event that doubles the flux and is 25 d wide."""
        size, epoch, width = 160, 2459397.3, 25.0
        time = np.concatenate([np.linspace(-130.0, 95.0, 110), np.linspace(235.0, 380.0, 50)])
        known = {
            "epoch_guess": epoch * u.d,
            "epoch_from_reference": 0.0 * u.d,
            "event_width": width * u.d,
            "largest_impact": 0.8 * u.one,
            "log_trials": 0.0 * u.one,
            "zero_magnitude": 18.0 * u.mag,
        }
        for number in range(1, len(self.channels) + 1):
            known |= {f"baseline_guess_{number}": 1.0 * u.one, f"rise_guess_{number}": 1.0 * u.one}
        known |= self._earth(time, epoch)
        channel = np.arange(size, dtype=np.int32) % len(self.channels)
        return Points(time, channel, np.ones(size, bool), Noise(np.full(size, 0.02)), known)

    def random_points(self, rng: np.random.Generator) -> Points:
        """Up to three years about the event, and where the Earth was."""
        points = random_pattern(self, rng, Sampling(stretch=(0.5, 2.0), size=(40, 1024)))
        return replace(points, known={**points.known, **self._earth(points.coordinate, points.known["epoch_guess"].to_value(u.d))})

    def _earth(self, time: Float64[np.ndarray, " n"], epoch: float) -> dict[str, u.Quantity]:
        """What parallax needs to know at times from the epoch [d], for an event in the bulge."""
        if not self.parallax:
            return {}
        from astro_sbi.observations.steps.earth import sun_offsets

        north, east = sun_offsets(epoch + time, _BULGE, epoch)
        return {"earth_north": north * u.au, "earth_east": east * u.au}

    @property
    def preparation(self) -> Preparation:
        """Find the event, project the Earth's motion where the place is known, and count times from near the middle."""
        from astro_sbi.observations.preparation import Preparation
        from astro_sbi.observations.steps.cut import Cut
        from astro_sbi.observations.steps.earth import EarthOffsets
        from astro_sbi.observations.steps.event import FindEvent
        from astro_sbi.observations.steps.outliers import OFF, Outliers
        from astro_sbi.observations.steps.reference_time import FromReferenceTime
        from astro_sbi.observations.steps.time_bins import BinInTime

        return Preparation((Cut(), Outliers(outliers=OFF), BinInTime(), FindEvent(), EarthOffsets(), FromReferenceTime()))
