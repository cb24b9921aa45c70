"""Simulation-based inference for astronomers: an observation in, a checked posterior out."""

__version__ = "0.1.0"
