"""Files and observations made for tests."""

from io import BytesIO

import numpy as np
from astropy import units as u
from astropy.io import fits

from astro_sbi.observations.observation import Axis, Noise, Observation, Origin, Points


def csv(columns: dict[str, np.ndarray], delimiter: str = ",") -> bytes:
    rows = zip(*columns.values(), strict=True)
    lines = [delimiter.join(columns), *(delimiter.join(f"{value:.12g}" for value in row) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def kepler(rows: int = 200, mission: str = "Kepler", **replaced: np.ndarray) -> bytes:
    """A light curve in the mission's layout; columns may be replaced."""
    rng = np.random.default_rng(1)
    time = 130.0 + 0.0204 * np.arange(rows)
    columns = {"TIME": time, "SAP_FLUX": 900 + rng.normal(size=rows), "SAP_FLUX_ERR": np.ones(rows)}
    columns |= {"PDCSAP_FLUX": 1000 + rng.normal(size=rows), "PDCSAP_FLUX_ERR": np.ones(rows), "SAP_QUALITY": np.zeros(rows, int)}
    columns |= replaced
    formats = {"TIME": "D", "SAP_QUALITY": "J"}
    table = fits.BinTableHDU.from_columns([fits.Column(name, formats.get(name, "E"), array=array) for name, array in columns.items()])
    keys = {"OBJECT": "KIC 1", "BJDREFI": 2454833, "BJDREFF": 0.0, "INT_TIME": 6.02, "READTIME": 0.519, "NUM_FRM": 270}
    table.header.update(keys | {"TELESCOP": mission, "TIMEDEL": 0.0204, "CROWDSAP": 0.9, "EXPOSURE": 4.0})
    return written(table)


def sdss(z: float | None = 0.1, rows: int = 500) -> bytes:
    """A spectrum in SDSS layout."""
    loglam = 3.65 + 1e-4 * np.arange(rows)
    values = {"flux": np.ones(rows), "loglam": loglam, "ivar": np.full(rows, 4.0), "wdisp": np.full(rows, 1.2)}
    values["ivar"][:3] = 0
    mask = np.zeros(rows, int)
    mask[10], mask[11] = 1 << 23, 1 << 30
    columns = [fits.Column(name, "E", array=array) for name, array in values.items()] + [fits.Column("and_mask", "J", array=mask)]
    tables = [fits.BinTableHDU.from_columns(columns)]
    if z is not None:
        tables.append(fits.BinTableHDU.from_columns([fits.Column("Z", "E", array=[z]), fits.Column("ZWARNING", "J", array=[0])]))
    return written(*tables)


def written(*tables: fits.BinTableHDU) -> bytes:
    buffer = BytesIO()
    primary = fits.PrimaryHDU()
    primary.header.update({"PLATEID": 266, "MJD": 51602, "FIBERID": 7, "PLUG_RA": 10.0, "PLUG_DEC": -1.0})
    fits.HDUList([primary, *tables]).writeto(buffer)
    return buffer.getvalue()


def light_curve(time: np.ndarray, flux: np.ndarray, sigma: float, exposure: float = 0.0014) -> Observation:
    size = len(time)
    known = {"exposure_time": exposure * u.d, "dilution": 1.0 * u.dimensionless_unscaled}
    points = Points(time, np.zeros(size, np.int32), np.ones(size, bool), Noise(np.full(size, sigma)), known)
    axes = Axis("time", "d", "BJD - 2457000"), Axis("flux", "electron / s")
    return Observation("light_curve", "made", points, flux, *axes, ("flux",), Origin("made.csv", "0", "made"))


def spectrum(wavelength: np.ndarray, flux: np.ndarray, sigma: float, **known: u.Quantity) -> Observation:
    size = len(wavelength)
    points = Points(wavelength, np.zeros(size, np.int32), np.ones(size, bool), Noise(np.full(size, sigma)), known)
    axes = Axis("vacuum wavelength", "Angstrom"), Axis("flux density", "1e-17 erg / (Angstrom s cm2)")
    return Observation("spectrum", "made", points, flux, *axes, ("spectrum",), Origin("made.csv", "0", "made"))


def transit(time: np.ndarray, period: float, epoch: float, duration: float, depth: float) -> np.ndarray:
    """Relative flux with a trapezoid a tenth of whose duration is ingress."""
    offset = (time - epoch + 0.5 * period) % period - 0.5 * period
    return 1 - depth * np.clip((0.5 * duration - np.abs(offset)) / (0.1 * duration), 0, 1)


LINES = {4862.683: 30.0, 4960.295: 20.0, 5008.240: 60.0, 6549.86: 10.0, 6564.614: 100.0, 6585.27: 30.0, 6718.294: 15.0, 6732.674: 12.0}


def galaxy(wavelength: np.ndarray, z: float, width: float = 120.0) -> np.ndarray:
    """A flat continuum with emission lines of a width [km/s]."""
    flux = np.full(len(wavelength), 10.0)
    for rest, strength in LINES.items():
        sigma = rest * (1 + z) * width / 299792.458
        flux += strength * np.exp(-0.5 * ((wavelength - rest * (1 + z)) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    return flux
