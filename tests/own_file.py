"""A file with a simulator, as a user would write it."""

FILE = """
import numpy as np
from astro_sbi.simulators.own import Axis, OwnSimulator, parameter

def speed(radius, far, core):
    return far * np.sqrt(1 - core / radius * np.arctan(radius / core))

simulator = OwnSimulator(
    name="{name}",
    x=Axis("Radius", "kpc"),
    y=Axis("Speed", "km / s"),
    parameters=[parameter("far", "km / s", "speed far out"), parameter("core", "kpc", "core radius")],
    priors={{"far": "uniform(50, 400)", "core": "loguniform(0.1, 20)"}},
    model=speed,
    numpy=True,
    example_x=np.linspace(0.5, 20, 40),
    example_error=5.0,
)
"""
