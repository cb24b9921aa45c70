"""Names, symbols and meanings of what a pulsating star is described by, and their priors."""

from __future__ import annotations

from astro_sbi.simulators.bands import short_name
from astro_sbi.simulators.base import KnownQuantity, Parameter
from astro_sbi.simulators.prior import Distribution, loguniform, normal, uniform

Described = tuple[Parameter, Distribution]

TIMES: tuple[Described, ...] = (
    (
        Parameter(
            "period_offset",
            r"\Delta P",
            "Δ<i>P</i>",
            "d",
            "period minus the one that the periodogram found: a wrong one smears the folded curve",
        ),
        uniform("-2*period_resolution", "2*period_resolution"),
    ),
    (
        Parameter(
            "epoch_offset",
            r"\Delta t_0",
            "Δ<i>t</i><sub>0</sub>",
            "d",
            "maximum of the first harmonic after the epoch found: moves the curve in phase",
        ),
        uniform("-0.5*period_guess", "0.5*period_guess"),
    ),
)
_WAVES = (
    ("cos", "a", "cosine", "makes maximum and minimum differ in width"),
    ("sin", "b", "sine", "makes the rise steeper than the fall, or the other way"),
)
GUESSED = (
    KnownQuantity("period_guess", "d", "period that the periodogram found, or the user gave", from_data=True),
    KnownQuantity("epoch_guess", "d", "time of maximum at that period, in the time system of the observation", from_data=True),
    KnownQuantity("epoch_from_reference", "d", "the same, from the reference time that times are counted from"),
    KnownQuantity("period_resolution", "d", "change of period that shifts the ends of the observation by one cycle", from_data=True),
    KnownQuantity("phase_guess", "", "phase of each point at that period and epoch, in cycles"),
    KnownQuantity("zero_magnitude", "mag", "magnitude of flux 1", 0.0),
    KnownQuantity("exposure_time", "d", "length of one exposure", 0.0),
    KnownQuantity("bin_width", "d", "width of a bin of several points", 0.0),
    KnownQuantity("log_trials", "", "natural log of the number of independent periods tried", 0.0),
)


def shape_parameters(harmonics: int) -> list[Described]:
    """``cos_2, sin_2, cos_3, ..``: of RR Lyrae stars the ratios to the first harmonic fall about as 1/k."""
    return [
        (
            Parameter(
                f"{word}_{order}",
                rf"{symbol}_{{{order}}}",
                f"<i>{symbol}</i><sub>{order}</sub>",
                "",
                f"{wave} of harmonic {order} over the first one: {shape}",
            ),
            normal(0.0, round(0.8 / order, 3)),
        )
        for order in range(2, harmonics + 1)
        for word, symbol, wave, shape in _WAVES
    ]


def _subscript(channel: str, number: int) -> tuple[str, str, str]:
    """What tells a band's parameters apart in LaTeX, HTML and words."""
    if not channel:
        return "", "", ""
    short = short_name(channel, number)
    return rf"_\mathrm{{{short}}}", f"<sub>{short}</sub>", f" in {channel}"


def band_parameters(channel: str, number: int) -> list[Described]:
    """Mean magnitude and amplitude of one band."""
    latex, html, of = _subscript(channel, number)
    return [
        (
            Parameter(
                f"magnitude_{number}",
                f"m{latex}",
                f"<i>m</i>{html}",
                "mag",
                f"mean magnitude{of}: moves the curve up and down, brighter for a smaller one",
            ),
            normal(f"level_{number}", 0.3),
        ),
        (
            Parameter(
                f"amplitude_{number}",
                f"A{latex}",
                f"<i>A</i>{html}",
                "mag",
                f"semi-amplitude of the first harmonic{of}: the height of the wave, which scales with it",
                0.0,
            ),
            loguniform(0.03, 1.2),
        ),
    ]


def jitter_parameter(channel: str, number: int, name: str) -> Described:
    """Scatter of one band, or of all where the channel has no name."""
    latex, html, of = _subscript(channel, number)
    symbols = rf"\sigma_{{\mathrm{{jit}}{',' + latex[1:] if latex else ''}}}", f"σ<sub>jit</sub>{html}"
    return Parameter(name, *symbols, "mag", f"scatter beyond the quoted errors{of}: what cycles differ in", 0.0), loguniform(5e-4, 0.3)


def _amplitude(channel: str, number: int) -> Parameter:
    latex, html, of = _subscript(channel, number)
    return Parameter(
        f"full_amplitude_{number}", rf"\Delta m{latex}", f"Δ<i>m</i>{html}", "mag", f"magnitude at minimum less that at maximum{of}"
    )


def derived_parameters_of(channels: tuple[str, ...], harmonics: int) -> tuple[Parameter, ...]:
    """What is derived of the star and of each band."""
    shape = [
        parameter
        for order in range(2, min(harmonics, 3) + 1)
        for parameter in (
            Parameter(
                f"r{order}1", rf"R_{{{order}1}}", f"<i>R</i><sub>{order}1</sub>", "", f"amplitude of harmonic {order} over the first"
            ),
            Parameter(
                f"phi{order}1",
                rf"\phi_{{{order}1}}",
                f"<i>φ</i><sub>{order}1</sub>",
                "rad",
                f"phase of harmonic {order}, sine series of magnitudes",
            ),
        )
    ]
    return (
        Parameter("period", "P", "<i>P</i>", "d", "pulsation period"),
        Parameter(
            "time_of_maximum",
            r"t_\mathrm{max}",
            "<i>t</i><sub>max</sub>",
            "d",
            "a time of maximum light, in the time system of the observation",
        ),
        *shape,
        *(_amplitude(channel, number) for number, channel in enumerate(channels, 1)),
    )
