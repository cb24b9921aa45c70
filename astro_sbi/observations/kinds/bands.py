"""Nominal wavelengths of photometric bands, to place a catalogue's columns along an axis; fits use the filter curves."""

from __future__ import annotations

import re

#: Effective wavelengths [Angstrom] by name: Bessell (1990, 2005), Fukugita et al. (1996), Cohen et al. (2003), Martin et al. (2005).
_NOMINAL = {
    "fuv": 1540, "nuv": 2300, "u": 3550, "b": 4380, "v": 5450, "g": 4750, "r": 6200, "i": 7600, "z": 9000, "y": 9800, "j": 12400,
    "h": 16400, "k": 22000, "ks": 21600, "w1": 33500, "w2": 46000, "w3": 115600, "w4": 220900, "irac1": 35500, "irac2": 44900,
    "irac3": 57300, "irac4": 78700, "ch1": 35500, "ch2": 44900, "ch3": 57300, "ch4": 78700, "mips24": 236800, "uvw2": 1930,
    "uvm2": 2250, "uvw1": 2600, "gaiag": 6230, "gaiabp": 5110, "gaiarp": 7770, "kp": 6300, "irimj": 12400, "irimh": 16400, "irimk": 22000,
}  # fmt: skip
_SURVEYS = re.compile(
    r"^(sdss|ps1|ps|panstarrs|des|decam|hsc|lsst|cfht|megacam|kids|vst|omegacam|acs|wfc3|wfpc2|nircam|miri|vista|ukidss|2mass|tmass)"
)
_HUBBLE_INFRARED = (98, 105, 110, 125, 127, 139, 140, 153, 160)
_WEBB = (
    70,
    90,
    115,
    150,
    162,
    164,
    182,
    187,
    200,
    210,
    212,
    250,
    277,
    300,
    322,
    323,
    335,
    356,
    360,
    405,
    410,
    430,
    444,
    460,
    466,
    470,
    480,
)
_MIRI = (560, 770, 1000, 1130, 1280, 1500, 1800, 2100, 2550)


def nominal_wavelength(band: str) -> float | None:
    """Of a band by its name [Angstrom], such as ``g``, ``Ks``, ``sdss_r`` or ``F606W``; None if it is not known."""
    name = re.sub(r"[^a-z0-9]", "", band.lower())
    name = _SURVEYS.sub("", name) or name
    space = re.search(r"f(\d{2,4})(w2?|lp|m|n|x)$", name)
    if space:
        return _space(int(space[1]), space[2])
    found = _NOMINAL.get(name.removesuffix("prime").removesuffix("p") if name not in _NOMINAL else name)
    return None if found is None else float(found)


def _space(number: int, kind: str) -> float | None:
    """Hubble counts nanometres in the optical and tens of them in the infrared, as Webb does everywhere."""
    if kind != "lp" and number in (*_WEBB, *_MIRI) and not (number == 300 and kind == "w"):
        return 100.0 * number
    if number in _HUBBLE_INFRARED:
        return 100.0 * number
    return 10.0 * number if 140 <= number <= 1100 else None
