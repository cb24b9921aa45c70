"""The kinds of observation; light to import."""

from __future__ import annotations

from typing import Literal

Kind = Literal["light_curve", "spectrum", "velocities", "photometry", "hubble_diagram"]
