"""The kinds of observation; light to import."""

from __future__ import annotations

from typing import Literal

Kind = Literal["light_curve", "spectrum", "velocities", "photometry", "hubble_diagram", "curve"]

#: What each is called in a sentence.
SPOKEN: dict[Kind, str] = {
    "light_curve": "a light curve",
    "spectrum": "a spectrum",
    "velocities": "a table of velocities",
    "photometry": "a catalogue of photometry",
    "hubble_diagram": "a Hubble diagram",
    "curve": "a curve of y against x",
}
