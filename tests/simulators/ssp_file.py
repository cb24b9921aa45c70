"""A file in the layout of DSPS with spectra that no star has: black bodies with a break and lines, for tests alone."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

LGMET = np.linspace(-3.5, -1.3, 7)
LG_AGE = np.linspace(-3.5, 1.3, 25)
WAVE = np.concatenate([np.geomspace(91.0, 3000.0, 150), np.arange(3001.0, 10000.0, 1.0), np.geomspace(10010.0, 1e6, 100)])
#: Wavelengths [A], widths [A] and depths of absorption lines; those of hydrogen fade with age, those of metals grow with both.
HYDROGEN = ((3970.1, 9.0, 0.5), (4102.9, 9.0, 0.5), (4341.7, 9.0, 0.5), (4862.7, 9.0, 0.4), (6564.6, 8.0, 0.3))
METALS = ((3934.8, 7.0, 0.6), (3969.6, 7.0, 0.6), (4305.6, 12.0, 0.3), (5176.0, 12.0, 0.25), (5270.0, 6.0, 0.2), (5893.0, 5.0, 0.3))


def spectrum(lgmet: float, lg_age: float) -> np.ndarray:
    """Light of a made-up population for a solar mass [Lsun/Hz]."""
    old, metal = np.clip((lg_age + 3.5) / 4.8, 0, 1), np.clip((lgmet + 3.5) / 2.2, 0, 1)
    temperature = 25000.0 * 10 ** (-0.75 * old - 0.05 * metal)
    body = 1 / (WAVE**3 * np.expm1(np.minimum(1.438777e8 / (WAVE * temperature), 600.0)))
    flux = body / np.interp(5500.0, WAVE, body) * 5e-16 * 10 ** (-0.75 * (lg_age - 1))
    flux = flux * np.where(WAVE < 4000, 1 - 0.5 * old * (0.5 + 0.5 * metal), 1.0) * np.where(WAVE < 912, 1e-6, 1.0)
    for strength, lines in ((1 - old, HYDROGEN), (old * metal, METALS)):
        for wavelength, width, depth in lines:
            flux = flux * (1 - strength * depth * np.exp(-0.5 * ((WAVE - wavelength) / width) ** 2))
    return flux


def arrays() -> dict[str, np.ndarray]:
    """What the file holds."""
    flux = np.array([[spectrum(lgmet, lg_age) for lg_age in LG_AGE] for lgmet in LGMET])
    return {"ssp_lgmet": LGMET, "ssp_lg_age_gyr": LG_AGE, "ssp_wave": WAVE, "ssp_flux": flux}


def write(path: Path, change: Callable[[h5py.File], None] = lambda file: None) -> Path:
    """Write the file, changed as told."""
    with h5py.File(path, "w") as file:
        for name, values in arrays().items():
            file[name] = values
        change(file)
    return path
