"""The main job on real files, against published values; skipped where the shared folder is not there."""

from pathlib import Path
from typing import Any

import pytest

import astro_sbi
from astro_sbi.observations.observation import ObservationError
from tests.budgets import small_inference

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def summary_of(simulator: str, path: Path) -> dict[str, Any]:
    return astro_sbi.infer(simulator, path, seed=1).summary


def test_hat_p_7_b(shared: Path) -> None:
    """Esteves et al. 2015; least squares of this file: radius ratio 0.0777, impact parameter 0.499; the star has red noise."""
    summary = summary_of("transit", shared / "observations/transit/kplr010666592-2009131110544_slc.fits")
    assert summary["parameters"]["radius_ratio"]["median"] == pytest.approx(0.0777, abs=0.0005)
    assert summary["parameters"]["impact_parameter"]["median"] == pytest.approx(0.50, abs=0.04)
    assert summary["resolved"]["period"] == pytest.approx(2.204735, abs=2e-4)
    assert summary["importance"]["ess"] >= 1000
    assert summary["verdict"] == "caution"
    assert any("Red noise" in reason for reason in summary["reasons"])


def test_wasp_126_b(shared: Path) -> None:
    """Maxted et al. 2016; least squares of this file: radius ratio 0.0786."""
    summary = summary_of("transit", shared / "observations/transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits")
    assert summary["parameters"]["radius_ratio"]["median"] == pytest.approx(0.0786, abs=0.0015)
    assert summary["importance"]["ess"] >= 1000
    assert summary["verdict"] == "good"


def test_the_period_of_wasp_126_b_from_its_eight_transits(shared: Path) -> None:
    """Maxted et al. 2016: 3.28880 d; eight transits of one sector, each timed to a minute, tell it to some ten seconds."""
    path = shared / "observations/transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits"
    summary = small_inference("transit", path, model__period="free")
    row = summary["derived"]["period"]
    error = 0.5 * (row["upper"] - row["lower"])
    assert 5e-5 < error < 2.5e-4
    assert row["median"] == pytest.approx(3.28880, abs=3 * error)
    assert summary["importance"]["ess"] >= 300
    assert summary["verdict"] in ("good", "caution")


def test_hat_p_7_b_goes_round_on_a_circle(shared: Path) -> None:
    """The density of the star is known from its oscillations, 0.275 g/cm3; with a generous error e agrees with 0."""
    path = shared / "observations/transit/kplr010666592-2009131110544_slc.fits"
    changes = {"model.orbit": "eccentric", "prior.stellar_density": "normal(0.275,0.02)"}
    summary = astro_sbi.infer("transit", path, seed=1, samples=8_000, changes=changes).summary
    assert summary["derived"]["speed_ratio"]["lower"] < 1 < summary["derived"]["speed_ratio"]["upper"]
    assert summary["derived"]["eccentricity"]["lower"] < 0.03
    assert summary["derived"]["eccentricity"]["median"] < 0.1
    assert summary["importance"]["ess"] >= 300


def test_star_forming_galaxy(shared: Path) -> None:
    """SDSS pipeline: H alpha 573, and one tells the model apart from the data at this signal-to-noise ratio."""
    summary = summary_of("galaxy_lines", shared / "observations/galaxy_spectrum/spec-0266-51602-0107.fits")
    assert summary["parameters"]["flux_h_alpha"]["median"] == pytest.approx(573, rel=0.08)
    assert summary["derived"]["redshift"]["median"] == pytest.approx(0.12311, abs=3e-5)
    assert 1.5 <= summary["parameters"]["dust_av"]["median"] <= 2.5
    assert summary["importance"]["ess"] >= 1000
    assert summary["verdict"] != "good"


def test_a_star_without_a_transit_is_refused(shared: Path) -> None:
    """KIC 10002792 rotates in 1.165 d and nothing crosses it."""
    with pytest.raises(ObservationError, match="no periodic dip found"):
        summary_of("transit", shared / "observations/stellar_rotation/kplr010002792-2010174085026_llc.fits")


def test_a_period_without_a_transit_is_not_believed(shared: Path) -> None:
    """Where the user names a period all the same, the verdict says that there is nothing."""
    path = shared / "observations/stellar_rotation/kplr010002792-2010174085026_llc.fits"
    summary = small_inference("transit", path, prepare__period="7.3")
    assert summary["verdict"] == "do not trust"
    assert any("no transit detected" in reason.lower() for reason in summary["reasons"])
