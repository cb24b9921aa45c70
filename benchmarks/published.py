"""Real observations with published values, as the folder ``shared`` beside the checkout has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OBSERVATIONS = Path(__file__).resolve().parents[1] / ".." / "shared" / "observations"


@dataclass(frozen=True)
class Known:
    """A real observation.

    Args:
        title: of the object and what is asked of it.
        simulator: that may have made it.
        file: below the folder of observations.
        changes: settings other than the default ones.
        values: published value and standard error of parameters or derived quantities, in the simulator's units.
        source: of the values.
        branch: a parameter whose negative values alone are compared, where a published value is that of one of two mirrored solutions.
    """

    title: str
    simulator: str
    file: str
    changes: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    source: str = ""
    branch: str = ""

    @property
    def path(self) -> Path:
        """The file."""
        return OBSERVATIONS / self.file


_PARALLAX = {
    "model.parallax": "yes",
    "prepare.right_ascension": "18:04:45.71",
    "prepare.declination": "-26:59:15.2",
    "prepare.parallax_epoch": "2453628",
}
_HAT_P_7 = "transit/kplr010666592-2009131110544_slc.fits"
_WASP_126 = "transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits"
_EVENT = "microlensing/OB05086_starBLG234.6.I.218982.dat"

#: Errors of values without one are those that the method has: a Lomb-Scargle peak of half width P^2 / 2T, a break read off a spectrum.
KNOWN = (
    Known("HAT-P-7 b", "transit", _HAT_P_7, {}, {"radius_ratio": (0.0775, 0.0003)}, "Esteves et al. 2015"),
    Known("HAT-P-7 b, free period", "transit", _HAT_P_7, {"model.period": "free"}, {"period": (2.204735, 1e-6)}, "Esteves et al. 2015"),
    Known("WASP-126 b", "transit", _WASP_126, {}, {"radius_ratio": (0.0781, 0.0020)}, "Maxted et al. 2016"),
    Known("WASP-126 b, free period", "transit", _WASP_126, {"model.period": "free"}, {"period": (3.28880, 1e-5)}, "Maxted et al. 2016"),
    Known("K2-3 b", "transit", "transit/K2-3_EPIC201367065_detrended.csv", {}, {"radius_ratio": (0.0355, 0.0010)}, "least squares"),
    Known(
        "51 Peg b",
        "radial_velocity",
        "rv/51Peg.rv",
        {},
        {"period": (4.230785, 3.6e-5), "semi_amplitude": (55.94, 0.69)},
        "Butler et al. 2006",
    ),
    Known("CoRoT-7, one planet", "radial_velocity", "rv/corot7.txt"),
    Known("K2-24, two planets", "radial_velocity", "rv/K2-24_epic203771098.csv", {"model.planets": "2", "prepare.period": "20.885"}),
    Known(
        "OGLE-2008-BLG-092",
        "microlensing",
        "microlensing/phot_ob08092_O4.dat",
        {},
        {"u0": (0.526, 0.026), "t_e": (17.87, 0.53)},
        "MulensModel, Poleski & Yee 2019",
    ),
    Known("OGLE-2005-BLG-086, no parallax", "microlensing", _EVENT, {}, {"t_e": (110.3, 3.8)}, "MulensModel"),
    Known(
        "OGLE-2005-BLG-086, parallax, u0 < 0",
        "microlensing",
        _EVENT,
        _PARALLAX,
        {"pi_e_north": (-0.298, 0.028), "t_e": (110.3, 3.8)},
        "MulensModel",
        branch="u0",
    ),
    Known("MCG+08-11-011, g", "quasar_variability", "agn/mcg08_g.txt"),
    Known("MCG+08-11-011, r", "quasar_variability", "agn/mcg08_r.txt"),
    Known(
        "KIC 10002792",
        "stellar_rotation",
        "stellar_rotation/kplr010002792-2010174085026_llc.fits",
        {},
        {"period": (1.165, 0.007)},
        "Lomb-Scargle",
    ),
    Known(
        "Pantheon+, diagonal, w = -1",
        "hubble_diagram",
        "hubble/Pantheon+SH0ES.dat",
        {},
        {"omega_m": (0.334, 0.018)},
        "Brout et al. 2022, full covariance",
    ),
    Known("RR Lyrae 1013184", "rr_lyrae", "rrlyrae/1013184.csv", {}, {"period": (0.614318, 1e-5)}, "Sesar et al. 2010"),
    Known("SN 2005cf, type Ia", "supernova", "supernova/CFA3_KEPLERCAM_2005cf.DAT"),
    Known("SN 2011fe, type Ia", "supernova", "supernova/LOSS_2011fe.dat"),
    Known(
        "SDSS 0266-51602-0107, lines",
        "galaxy_lines",
        "galaxy_spectrum/spec-0266-51602-0107.fits",
        {},
        {"flux_h_alpha": (573.0, 8.0), "flux_nii_6585": (281.0, 6.0)},
        "SDSS pipeline",
    ),
    Known(
        "SHOC 579, lines",
        "galaxy_lines",
        "galaxy_spectrum/sdss_dr18_0358-51818-0504.fits",
        {},
        {"flux_h_alpha": (21341.0, 122.0), "flux_nii_6585": (1103.0, 9.0)},
        "SDSS pipeline",
    ),
    Known(
        "SDSS 0266-51602-0107, continuum",
        "galaxy_spectrum",
        "galaxy_spectrum/spec-0266-51602-0107.fits",
        {},
        {"redshift": (0.12315, 2e-5), "d4000n": (1.347, 0.02)},
        "SDSS pipeline; Balogh et al. 1999 of the spectrum",
    ),
)
