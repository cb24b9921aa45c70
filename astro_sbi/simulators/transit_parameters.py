"""Parameters, derived and known quantities of transits: of the orbit, of the times and of each band."""

from __future__ import annotations

from astro_sbi.simulators.bands import subscripts
from astro_sbi.simulators.base import KnownQuantity, Parameter
from astro_sbi.simulators.prior import Distribution, loguniform, normal, uniform

Described = list[tuple[Parameter, Distribution]]

_ACROSS = (
    "unit normal that stands for the speed at transit over that on a circular orbit, which the duration tells: by its prior's quantile"
)
_ALONG = "unit normal that stands for which of all orbits of this speed it is, which a transit cannot tell: by its prior's quantile"
_DURATION = Parameter("duration", r"T_{14}", "<i>T</i><sub>14</sub>", "d", "time from first to fourth contact: the width of the dip", 1e-4)
_DENSITY_SYMBOLS = r"\rho_\star", "ρ<sub>★</sub>", "g / cm3"


def disc_parameters() -> Described:
    """How large the planet is and where it crosses."""
    return [
        (
            Parameter(
                "radius_ratio",
                r"R_\mathrm{p}/R_\star",
                "R<sub>p</sub>/R<sub>★</sub>",
                "",
                "radius of the planet over radius of the star: its square is the depth of the dip",
                0.0,
                0.5,
            ),
            loguniform(0.01, 0.25),
        ),
        (
            Parameter(
                "impact_parameter",
                "b",
                "<i>b</i>",
                "",
                "smallest distance of planet and centre of the star's disc, in stellar radii: slanted sides and a shallower dip near 1",
                0.0,
            ),
            uniform(0.0, "1+radius_ratio"),
        ),
    ]


def orbit_parameters(*, eccentric: bool) -> Described:
    """What the duration is, or follows from."""
    if not eccentric:
        return [(_DURATION, loguniform(0.02, 0.5))]
    density = "mean density of the star; without knowledge of it from elsewhere the eccentricity stays what its prior says"
    return [
        (Parameter("stellar_density", *_DENSITY_SYMBOLS, density), loguniform(0.03, 100.0)),
        (Parameter("eccentricity_across", r"\xi_\perp", "<i>ξ</i><sub>⊥</sub>", "", _ACROSS), normal(0.0, 1.0)),
        (Parameter("eccentricity_along", r"\xi_\parallel", "<i>ξ</i><sub>∥</sub>", "", _ALONG), normal(0.0, 1.0)),
    ]


def time_parameters(*, free: bool) -> Described:
    """When transits are; with the period where that is free."""
    epoch = Parameter(
        "epoch_offset",
        r"\Delta t_0",
        "Δ<i>t</i><sub>0</sub>",
        "d",
        "mid-transit after the epoch about which the light curve is folded: moves the dip in time",
    )
    period = Parameter(
        "period_offset",
        r"\Delta P",
        "Δ<i>P</i>",
        "d",
        "period less the one on which the light curve is folded: moves later transits more than earlier ones",
    )
    found: Described = [(epoch, uniform("-1*duration_guess", "duration_guess"))]
    return found + [(period, uniform("-1*period_tolerance", "period_tolerance"))] * free


def _subscripted(letter: str, number: int, after: str) -> str:
    """A letter with a number and, after it, a band's name."""
    return f"{letter}_{{{number}{after}}}" if after else f"{letter}_{number}"


def band_parameters(channels: tuple[str, ...]) -> Described:
    """Limb darkening, baseline and jitter of each band, numbered where there are several."""
    found: Described = []
    for suffix, latex, html, of in _bands(channels):
        jitter = rf"\sigma_{{\mathrm{{jit}}{latex}}}" if latex else r"\sigma_\mathrm{jit}"
        rows = (
            (
                "q1",
                ("q", 1),
                f"Kipping's first limb-darkening parameter{of}, (u1 + u2)²: how dark the rim of the star is, so how round the bottom",
                1.0,
            ),
            (
                "q2",
                ("q", 2),
                f"Kipping's second limb-darkening parameter{of}, u1 / (2 (u1 + u2)): whether the star darkens evenly or only at its rim",
                1.0,
            ),
            ("baseline", ("f", 0), f"relative flux outside the transit{of}: moves the curve up and down", None),
        )
        for name, (letter, number), meaning, high in rows:
            symbols = _subscripted(letter, number, latex), f"<i>{letter}</i><sub>{number}{html}</sub>"
            limits = () if high is None else (0.0, high)
            parameter = Parameter(f"{name}{suffix}", *symbols, "", meaning, *limits)
            found.append((parameter, normal(1.0, 1e-3) if high is None else uniform(0.0, high)))
        meaning = f"noise of each cadence beyond its quoted error{of}, relative flux: scatter, not shape"
        found.append((Parameter(f"jitter{suffix}", jitter, f"σ<sub>jit{html}</sub>", "", meaning, 0.0), loguniform(1e-5, 1e-2)))
    return found


def _bands(channels: tuple[str, ...]) -> list[tuple[str, str, str, str]]:
    """What the names, the symbols after a subscript and the meanings of each band's parameters end in; nothing where there is one."""
    if len(channels) == 1:
        return [("", "", "", "")]
    found = []
    for number, channel in enumerate(channels, 1):
        latex, html, of = subscripts(channel, number)
        found.append((f"_{number}", latex[1], html[1], of))
    return found


def derived_parameters(channels: tuple[str, ...], *, eccentric: bool, free: bool) -> tuple[Parameter, ...]:
    """What follows from the parameters."""
    on = "" if eccentric else " (circular orbit)"
    depth = Parameter(
        "depth", r"(R_\mathrm{p}/R_\star)^2", "(R<sub>p</sub>/R<sub>★</sub>)²", "%", "share of the stellar disc that the planet can hide"
    )
    axis = Parameter("a_over_rstar", r"a/R_\star", "<i>a</i>/R<sub>★</sub>", "", f"semi-major axis over radius of the star{on}")
    inclination = Parameter("inclination", "i", "<i>i</i>", "deg", f"angle between orbit and sky{on}")
    ellipse = (
        _DURATION,
        Parameter("speed_ratio", "g", "<i>g</i>", "", "speed at transit over that on a circle, (1 + e sin ω) / √(1 − e²)"),
        Parameter("eccentricity", "e", "<i>e</i>", "", "eccentricity of the orbit"),
        Parameter(
            "periastron_angle",
            r"\omega",
            "<i>ω</i>",
            "deg",
            "argument of periastron of the star's orbit, 90 degrees where transits are at periastron; means nothing where e may be 0",
        ),
    )
    shape = ellipse if eccentric else (Parameter("stellar_density", *_DENSITY_SYMBOLS, f"mean density of the star{on}"),)
    time = Parameter(
        "t0", "t_0", "<i>t</i><sub>0</sub>", "d", "mid-transit, in the time system of the observation (BJD for Kepler and TESS)"
    )
    period = (Parameter("period", "P", "<i>P</i>", "d", "orbital period"),) if free else ()
    full = Parameter("full_duration", r"T_{23}", "<i>T</i><sub>23</sub>", "d", "time from second to third contact, 0 for a grazing transit")
    return depth, axis, inclination, *shape, *_limb_darkening(channels), time, *period, full


def _limb_darkening(channels: tuple[str, ...]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            f"u{order}{suffix}",
            _subscripted("u", order, latex),
            f"<i>u</i><sub>{order}{html}</sub>",
            "",
            f"{word} limb-darkening coefficient{of}",
        )
        for suffix, latex, html, of in _bands(channels)
        for order, word in ((1, "linear"), (2, "quadratic"))
    )


def known_quantities(*, free: bool) -> tuple[KnownQuantity, ...]:
    """What comes with the light curve."""
    ephemeris = (
        KnownQuantity("cycle", "", "number of orbits from the epoch to each point, averaged where transits are"),
        KnownQuantity("period_tolerance", "d", "how far the period may lie from the one found", from_data=True),
    )
    return (
        KnownQuantity("period", "d", "orbital period on which the light curve is folded"),
        KnownQuantity("epoch", "d", "time about which the light curve is folded, in the time system of the observation"),
        *(ephemeris if free else ()),
        KnownQuantity("exposure_time", "d", "length of one cadence", 0.0),
        KnownQuantity("bin_width", "d", "width of a bin of the folded light curve", 0.0),
        KnownQuantity("count", "", "number of cadences in a bin", 1.0),
        KnownQuantity("dilution", "", "share of the flux that comes from the target (CROWDSAP)", 1.0),
        KnownQuantity(
            "duration_guess", "d", "duration found by the search; mid-transit is looked for within one duration", 0.1, from_data=True
        ),
        KnownQuantity("log_trials", "", "natural log of the number of independent periods and epochs tried", 0.0, from_data=True),
    )
