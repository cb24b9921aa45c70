"""The view of the archives by itself, without a network."""

import pytest
from streamlit.testing.v1 import AppTest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs import archives
from astro_sbi.runs.archives import Downloaded, Product
from astro_sbi.ui import archive_view
from tests.app.conftest import PATIENCE_S, words

PRODUCTS = (
    Product("mast", "7", "TESS sector 1, every 2 min, SPOC", "light_curve", "https://mast.stsci.edu/a", "a_lc.fits", 3 << 20),
    Product("mast", "<b>*7*", "TESS sector 2, every 2 min, SPOC", "light_curve", "https://mast.stsci.edu/b", "b_lc.fits"),
)


def page():
    import streamlit as st

    from astro_sbi.ui.archive_view import choose_from_archive

    found = choose_from_archive()
    st.text(f"{found.name} of {len(found.content)} bytes" if found else "nothing yet")


@pytest.fixture
def app(store, monkeypatch):
    def search(target, archive, **_):
        if target == "nowhere":
            raise ObservationError("cds.unistra.fr could not be found: is there a network? Try again later")
        return PRODUCTS if archive == "mast" else ()

    def fetch(product, *, on_progress, should_stop, cache):
        for done in range(3):
            on_progress(done << 20, product.bytes)
            assert not should_stop()
        assert cache == store.root / "downloads"
        return Downloaded(product.name, b"12345", product.url, "")

    monkeypatch.setattr(archives, "search", search)
    monkeypatch.setattr(archives, "fetch", fetch)
    return AppTest.from_function(page, default_timeout=PATIENCE_S).run()


def look_for(app, target):
    app.text_input(key="archive_target").set_value(target).run()
    return app.button(key="archive_search").click().run()


def test_search_pick_and_fetch(app):
    assert app.button(key="archive_search").disabled
    look_for(app, "WASP_18")
    assert "2 files found for WASP\\_18" in words(app)
    assert list(app.dataframe[0].value["Size [MB]"].fillna(0)) == [3.0, 0.0]
    app.selectbox(key="archive_product").set_value(1).run()
    app.button(key="archive_fetch").click().run()
    assert not app.exception
    assert "b_lc.fits of 5 bytes" in words(app)
    assert "nothing yet" in words(app.run())


def test_failure_is_said_and_the_form_stays(app):
    look_for(app, "nowhere")
    assert not app.exception
    assert "is there a network" in app.error[0].value
    assert "nothing yet" in words(app)
    assert app.text_input(key="archive_target").value == "nowhere"


def test_nothing_found_is_said_and_does_not_outlive_the_choice_of_archive(app):
    look_for(app, "WASP-18")
    app.get_by_key("archive_place").set_value("sdss").run()
    assert not app.dataframe
    look_for(app, "WASP-18")
    assert "Nothing of this kind was found" in words(app)


def test_web_address_of_another_host_is_refused(app):
    app.get_by_key("archive_place").set_value(archive_view.BY_ADDRESS).run()
    app.text_input(key="archive_url").set_value("https://example.com/a.fits").run()
    app.button(key="archive_fetch_address").click().run()
    assert not app.exception
    assert "not on the list of archives" in app.error[0].value


def test_bar_says_how_much_has_come():
    assert archive_view._drawn("Fetching a_lc.fits", 1 << 20, 4 << 20) == (0.25, r"Fetching a\_lc\.fits\: 1\.0 MB of 4\.0 MB")
    assert archive_view._drawn("Fetching", 5 << 20, 4 << 20)[0] == 1.0
    assert archive_view._drawn("Fetching", 0, None) == (0.0, "Fetching")
