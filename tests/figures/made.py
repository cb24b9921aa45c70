"""Results of every kind made of formulas, for figures and pages that need no engine: arrays, axes and names of channels."""

from typing import Any, NamedTuple

import numpy as np


class Made(NamedTuple):
    """What a figure is drawn from."""

    kind: str
    arrays: dict[str, np.ndarray]
    axes: dict[str, dict[str, str]]
    channels: tuple[str, ...]


def axes_of(coordinate: tuple[str, str], value: tuple[str, str], zero_point: str = "") -> dict[str, dict[str, str]]:
    def meaning(name: str, unit: str, zero: str = "") -> dict[str, str]:
        label = f"{name} {zero}".strip() + (f" [{unit}]" if unit else "")
        return {"name": name, "unit": unit, "zero_point": zero, "label": label}

    return {"coordinate": meaning(*coordinate, zero_point), "value": meaning(*value)}


def arrays_of(coordinate: Any, channel: Any, median: Any, sigma: Any, wander: float = 0.3) -> dict[str, np.ndarray]:
    """Bands about a median, data scattered by the errors."""
    rng = np.random.default_rng(3)
    noisy = median + 1.05 * sigma * rng.standard_normal(len(median))
    arrays = {"observed/coordinate": np.asarray(coordinate, np.float64), "observed/channel": np.asarray(channel, np.int32)}
    single = {"observed/value": noisy, "observed/sigma": sigma, "sigma/quoted": sigma, "sigma/fitted": 1.1 * sigma, "model/median": median}
    for source, width in (("model", wander * np.median(sigma)), ("predictive", 1.1 * sigma)):
        for share, times in (("68", 1.0), ("95", 2.0)):
            single |= {f"{source}/low{share}": median - times * width, f"{source}/high{share}": median + times * width}
    return arrays | {name: np.asarray(value, np.float32) for name, value in single.items()}


def velocities() -> Made:
    """Two instruments with offsets, three years of nights, a planet of 4.2 d."""
    rng = np.random.default_rng(1)
    time, channel = np.sort(rng.uniform(52000, 53100, 160)), rng.integers(0, 2, 160)
    median = 56 * np.cos(2 * np.pi * time / 4.23) + np.array([12.0, -40.0])[channel]
    axes = axes_of(("time", "d"), ("radial velocity", "m / s"), "JD - 2400000")
    return Made("velocities", arrays_of(time, channel, median, rng.uniform(3, 9, 160)), axes, ("HIRES", "HAMILTON"))


def seasons() -> Made:
    """A slowly varying source in g and r, four seasons."""
    rng = np.random.default_rng(2)
    time = np.sort(np.concatenate([365 * year + rng.uniform(0, 150, 60) for year in range(4)]))
    channel = rng.integers(0, 2, len(time))
    median = 6 + np.sin(time / 60) + 0.7 * np.sin(time / 23) + 2.5 * channel
    axes = axes_of(("time", "d"), ("flux density", "mJy"), "MJD - 56639")
    return Made("light_curve", arrays_of(time, channel, median, np.full(len(time), 0.15)), axes, ("g", "r"))


def rotation(points: int = 4000) -> Made:
    """Ninety days of a spotted star with a gap."""
    time = np.linspace(0, 90, points)
    time = time[(time < 40) | (time > 44)]
    median = 1 + 0.01 * np.sin(2 * np.pi * time / 5.3) + 0.004 * np.sin(4 * np.pi * time / 5.3)
    axes = axes_of(("time", "d"), ("relative flux", ""), "BJD - 2454833")
    return Made("light_curve", arrays_of(time, 0 * time, median, np.full(len(time), 1e-3)), axes, ("PDCSAP_FLUX",))


def supernovae(points: int = 1500) -> Made:
    """Distance moduli of many supernovae, each with its own error."""
    rng = np.random.default_rng(4)
    redshift = np.sort(10 ** rng.uniform(-2, 0.35, points))
    median = 43.16 + 5 * np.log10(redshift * (1 + 0.6 * redshift))
    axes = axes_of(("redshift", ""), ("distance modulus", "mag"))
    return Made(
        "hubble_diagram", arrays_of(redshift, 0 * redshift, median, rng.uniform(0.1, 0.3, points), 0.06), axes, ("distance modulus",)
    )


def bands() -> Made:
    """A galaxy in seven bands."""
    wavelength = np.array([3000.0, 4500.0, 6060.0, 8140.0, 12500.0, 16500.0, 22000.0])
    median = np.array([0.17, 0.3, 0.62, 1.4, 1.9, 2.4, 3.1])
    axes = axes_of(("wavelength", "Angstrom"), ("flux density", "uJy"))
    names = ("f300w", "f450w", "f606w", "f814w", "irimj", "irimh", "irimk")
    return Made("photometry", arrays_of(wavelength, np.arange(7), median, 0.06 + 0.04 * median, 0.5), axes, names)


def whole_spectrum(points: int = 3800) -> Made:
    """A galaxy's continuum with a break and lines."""
    wavelength = np.geomspace(3800, 9200, points)
    median = 14 + 6 * np.tanh((wavelength - 4300) / 200) - (wavelength / 4000) ** 2
    for line, height in ((5625, 12), (7371, 30), (7400, 9)):
        median = median + height * np.exp(-0.5 * ((wavelength - line) / 4) ** 2)
    axes = axes_of(("vacuum wavelength", "Angstrom"), ("flux density", "1e-17 erg / (Angstrom s cm2)"))
    return Made("spectrum", arrays_of(wavelength, 0 * wavelength, median, 0.8 + 0.2 * np.sin(wavelength) ** 2), axes, ("spectrum",))


ALL = {made.__name__: made for made in (velocities, seasons, rotation, supernovae, bands, whole_spectrum)}
