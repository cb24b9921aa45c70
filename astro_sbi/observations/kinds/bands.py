"""Nominal wavelengths of photometric bands, to place a catalogue's columns along an axis (fits use the filter curves), and zero points."""

from __future__ import annotations

import re

#: Effective wavelengths [Angstrom] by name: Bessell (1990, 2005), Fukugita et al. (1996), Cohen et al. (2003), Martin et al. (2005).
_NOMINAL = {
    "fuv": 1540, "nuv": 2300, "u": 3550, "b": 4380, "v": 5450, "g": 4750, "r": 6200, "i": 7600, "z": 9000, "y": 9800, "j": 12400,
    "h": 16400, "k": 22000, "ks": 21600, "w1": 33500, "w2": 46000, "w3": 115600, "w4": 220900, "irac1": 35500, "irac2": 44900,
    "irac3": 57300, "irac4": 78700, "ch1": 35500, "ch2": 44900, "ch3": 57300, "ch4": 78700, "irac36": 35500, "irac45": 44900,
    "irac58": 57300, "irac80": 78700, "mips24": 236800, "uvw2": 1930, "uvm2": 2250, "uvw1": 2600, "gaiag": 6230, "gaiabp": 5110,
    "gaiarp": 7770, "kp": 6300, "irimj": 12400, "irimh": 16400, "irimk": 22000, "vis": 7150, "j1": 10460, "j2": 11940, "j3": 12780,
    "hs": 15510, "hl": 17060, "h1": 15610, "h2": 17070, "ustar": 3830,
}  # fmt: skip
#: AB minus Vega magnitudes: Blanton & Roweis (2007, AJ 133, 734) table 1, Jarrett et al. (2011, ApJ 735, 112) table 3.
AB_MINUS_VEGA = {
    "u": 0.79, "b": -0.09, "v": 0.02, "r": 0.21, "i": 0.45, "j": 0.91, "h": 1.39, "k": 1.85, "ks": 1.85,
    "w1": 2.699, "w2": 3.339, "w3": 5.174, "w4": 6.620,
}  # fmt: skip
_SURVEYS = re.compile(
    r"^(?:sdss|ps1|ps|panstarrs|des|decam|decals|hsc|lsst|cfhtls|cfht|megacam|megaprime|kids|vst|omegacam|acs|wfc3|wfpc2|nircam"
    r"|miri|uvista|vista|vircam|ultravista|viking|video|vhs|ukidss|ukirt|wfcam|2mass|tmass|twomass|ctio|mosaic|kpno|lbc|subaru|suprimecam"
    r"|suprime|sc|isaac|hawki|fors|vimos|galex|spitzer|irac|mips|wise|allwise|unwise|skymapper|smss|uvot|swift|newfirm|wircam|musyc"
    r"|euclid|nisp|moircs|jplus|jpas|splus|zfourge|fourstar|gaap|lbt|int|wfi|eso|niri|bessell|johnson|cousins)+"
)
_SPACE = re.compile(r"f(\d{2,4})(w2?|lp|m|n|x)$")
#: Subaru's intermediate and narrow bands, named after nanometres.
_NANOMETRES = re.compile(r"(?:ia|ib|nb|na)(\d{3})$")
_HUBBLE_INFRARED = (98, 105, 110, 125, 127, 139, 140, 153, 160)
_WEBB = (
    *(70, 90, 115, 150, 162, 164, 182, 187, 200, 210, 212, 250, 277, 300),
    *(322, 323, 335, 356, 360, 405, 410, 430, 444, 460, 466, 470, 480),
)
_MIRI = (560, 770, 1000, 1130, 1280, 1500, 1800, 2100, 2550)


def nominal_wavelength(band: str) -> float | None:
    """Of a band by its name [Angstrom], such as ``g``, ``Ks``, ``sdss_r`` or ``F606W``; None if it is not known."""
    name = re.sub(r"[^a-z0-9]", "", band.lower()[:60])
    for known in dict.fromkeys((name, _SURVEYS.sub("", name))):
        if space := _SPACE.search(known):
            return _space(int(space[1]), space[2])
        if metres := _NANOMETRES.fullmatch(known):
            return 10.0 * int(metres[1]) if int(metres[1]) > 200 else 100.0 * int(metres[1])
        found = _NOMINAL.get(known, _NOMINAL.get(known.removesuffix("prime").rstrip("p")))
        if found is not None:
            return float(found)
    return None


def _space(number: int, kind: str) -> float | None:
    """Hubble counts nanometres in the optical and tens of them in the infrared, as Webb does everywhere."""
    # F300W and the long-pass filters are Hubble's.
    webb = number in (*_WEBB, *_MIRI) and kind != "lp" and (number, kind) != (300, "w")
    if webb or number in _HUBBLE_INFRARED:
        return 100.0 * number
    return 10.0 * number if 140 <= number <= 1100 else None
