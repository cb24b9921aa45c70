"""The file of a library of stellar populations: found, checked, part of every key, never made up."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.settings import Settings, request_key
from astro_sbi.simulators import simulator
from astro_sbi.simulators.base import configured, pattern_of
from astro_sbi.simulators.ssp_library import FILE, VARIABLE, library
from tests.simulators import ssp_file
from tests.simulators.ssp_file import LG_AGE, LGMET, WAVE


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up library that is the one of this computer."""
    path = ssp_file.write(tmp_path / FILE)
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def populations():
    return configured(simulator("galaxy_spectrum"), ("",), {"templates": "dsps"})


def replaced(name: str, values) -> object:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = values

    return change


def linked(link: object) -> object:
    def change(file: h5py.File) -> None:
        del file["ssp_flux"]
        file["ssp_flux"] = link

    return change


def elsewhere(file: h5py.File) -> None:
    shape = file["ssp_flux"].shape
    del file["ssp_flux"]
    file.create_dataset("ssp_flux", shape, "f8", external=[("secret.bin", 0, h5py.h5f.UNLIMITED)])


def spoiled(value: float) -> object:
    def change(file: h5py.File) -> None:
        file["ssp_flux"][2, 3, 4000] = value

    return change


def removed(file: h5py.File) -> None:
    del file["ssp_wave"]


FLUX = ssp_file.arrays()["ssp_flux"]
WRONG = {
    "no array": (removed, "has no array ssp_wave"),
    "a group": (linked(h5py.SoftLink("/ssp_lgmet")), "something else than an array of numbers called ssp_flux"),
    "another file": (linked(h5py.ExternalLink("other.h5", "/x")), "something else than an array of numbers called ssp_flux"),
    "outside": (elsewhere, "external storage"),
    "text": (replaced("ssp_lgmet", np.array([b"a"] * 7)), "something else than an array of numbers called ssp_lgmet"),
    "turned": (replaced("ssp_flux", FLUX.transpose(1, 0, 2)), "do not fit together.*metallicities x ages x wavelengths"),
    "ages in years": (replaced("ssp_lg_age_gyr", LG_AGE + 9), "which is not log10 of the age in Gyr"),
    "metals of the Sun": (replaced("ssp_lgmet", LGMET + 1.85), "which is not log10 of the mass fraction of metals"),
    "backwards": (replaced("ssp_wave", WAVE[::-1]), "does not increase"),
    "in micron": (replaced("ssp_wave", WAVE / 1e4), "which is not wavelength in Angstrom"),
    "too short": (replaced("ssp_wave", np.linspace(3000, 9000, len(WAVE))), "does not cover 3150 to 9850 A"),
    "not finite": (spoiled(np.nan), "negative or not finite at its metallicity 3"),
    "negative": (spoiled(-1e-16), "negative or not finite at its metallicity 3"),
    "another unit": (replaced("ssp_flux", 3.828e33 * FLUX), "another unit"),
    "in the wrong order": (replaced("ssp_flux", FLUX[:, ::-1] * 300), "young stars that are fainter|another unit"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_no_library_is_refused_in_a_sentence(name, tmp_path, monkeypatch):
    change, says = WRONG[name]
    monkeypatch.setenv(VARIABLE, str(ssp_file.write(tmp_path / "mine.h5", change)))
    with pytest.raises(ObservationError, match=f"(?s)mine.h5.*(?:{says}).*set {VARIABLE} to the HDF5 file"):
        library()


def test_what_is_no_hdf5_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "mine.h5"
    path.write_bytes(b"not HDF5")
    monkeypatch.setenv(VARIABLE, str(path))
    with pytest.raises(ObservationError, match="is damaged or no HDF5 file"):
        library()


@pytest.mark.slow
def test_the_file_is_found_by_its_name_or_its_folder_and_never_made_up(made, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(made.parent))
    assert library().flux.shape[:2] == (7, 25)
    assert populations().lacks("templates", "dsps") == ""
    for told, says in (("", f"variable {VARIABLE} is not set"), (str(made.parent / "no.h5"), f"no.h5 is not where {VARIABLE} points")):
        monkeypatch.setenv(VARIABLE, told)
        assert says in populations().lacks("templates", "dsps")
        with pytest.raises(ObservationError, match=says):
            _ = populations().version
        with pytest.raises(ObservationError, match=says):
            populations().predict({}, pattern_of(populations(), populations().default_points()))


@pytest.mark.slow
def test_another_library_is_another_simulator_and_another_request(made, tmp_path, monkeypatch):
    settings, other = Settings("galaxy_spectrum", changes=(("model.templates", "dsps"),)), Settings("galaxy_lines")
    before = populations().version, request_key(settings, "0"), request_key(other, "0")
    assert any(f"library is {FILE}" in sentence for sentence in populations().caveats)
    monkeypatch.setenv(VARIABLE, str(ssp_file.write(tmp_path / "b.h5", replaced("ssp_flux", 1.01 * FLUX))))
    after = populations().version, request_key(settings, "0"), request_key(other, "0")
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True]


@pytest.mark.slow
def test_a_coarse_library_is_warned_of(made, tmp_path, monkeypatch):
    assert populations().warnings(populations().default_points()) == ()
    coarse = np.geomspace(91.0, 1e6, 3000)

    def change(file: h5py.File) -> None:
        replaced("ssp_flux", np.apply_along_axis(lambda flux: np.interp(coarse, WAVE, flux), 2, FLUX))(file)
        replaced("ssp_wave", coarse)(file)

    monkeypatch.setenv(VARIABLE, str(ssp_file.write(tmp_path / "coarse.h5", change)))
    assert "does not resolve" in populations().warnings(populations().default_points())[0]


def form() -> None:
    """A page with the model's choices."""
    from astro_sbi.simulators import simulator
    from astro_sbi.ui.model_form import model_form

    model_form(simulator("galaxy_spectrum"))


@pytest.mark.slow
def test_a_page_offers_the_library_only_where_it_is(made, monkeypatch):
    assert AppTest.from_function(form).run().selectbox(key="model_templates").options == ["kcorrect", "dsps"]
    monkeypatch.delenv(VARIABLE)
    chosen = AppTest.from_function(form).run().selectbox(key="model_templates")
    assert chosen.options == ["kcorrect"]
    assert "is not set" in chosen.help
