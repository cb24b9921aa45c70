"""Cold dust of a galaxy as a modified black body: a simulator for astro_sbi in a package of its own."""

import jax.numpy as jnp
import numpy as np

from astro_sbi.simulators.own import Axis, OwnSimulator, parameter

#: h c / k [um K].
_HC_K = 14387.77
#: 2 h c / (1 um)^3 in Jy / sr, times 1e7 solar masses of dust that absorb 0.077 m2/kg at 850 um, seen from 10 Mpc [sr].
_SCALE = 6.3885e8


def flux_density(wavelength, log_mass, temperature, beta, distance):
    """Flux density [Jy], ``M kappa0 (lambda0 / lambda)^beta B_nu(T) / D^2`` (Hildebrand 1983, QJRAS 24, 267, eqs. 6 and 7).

    The wavelength is in um, the mass the decimal logarithm of solar masses, the temperature in K, the distance in Mpc.
    """
    black_body = wavelength**-3.0 / jnp.expm1(_HC_K / (wavelength * temperature))
    return _SCALE * 10 ** (log_mass - 7) * (10 / distance) ** 2 * (850 / wavelength) ** beta * black_body


simulator = OwnSimulator(
    name="dust_emission",
    title="Cold dust of a galaxy",
    x=Axis("Wavelength", "um"),
    y=Axis("Flux density", "Jy"),
    parameters=[
        parameter("log_mass", "dex(solMass)", "logarithm of the mass of dust", r"\log M_\mathrm{d}"),
        parameter("temperature", "K", "temperature of the dust", "T"),
        parameter("beta", "", "slope of the opacity, kappa ~ lambda^-beta", r"\beta"),
        parameter("distance", "Mpc", "distance; change it with fix.distance", "D"),
    ],
    priors={
        "log_mass": "uniform(4, 10)",
        "temperature": "uniform(8, 80)",
        "beta": "uniform(0.8, 3)",
        "distance": "fixed(10)",
    },
    model=flux_density,
    example_x=np.array([70.0, 100.0, 160.0, 250.0, 350.0, 500.0, 850.0]),
    example_error=0.05,
    summary=(
        "Dust grains glow in the far infrared. How bright they are tells their mass, where the spectrum peaks their temperature, and how "
        "steeply it falls towards long wavelengths how their opacity changes with wavelength."
    ),
    reference="Hildebrand 1983, QJRAS 24, 267 (emission); Dunne et al. 2000, MNRAS 315, 115 (opacity of 0.077 m2/kg at 850 um)",
    caveats=("All dust has one temperature and is optically thin.", "Errors of calibration that all bands share are not in the errors."),
)
