"""The verb that fetches from archives, with a stand-in for the archive."""

import json

import pytest

from tests.test_command_line import complaint, run, star

__all__ = ["star"]


@pytest.fixture
def archive(monkeypatch):
    """An archive of two files that answers without a network."""
    from astro_sbi.runs import archives
    from astro_sbi.runs.download_cache import Downloaded

    found = tuple(
        archives.Product(
            "mast", "TIC 1", f"sector {number}", "light_curve", f"https://mast.stsci.edu/{number}.fits", f"{number}.fits", 10**6
        )
        for number in (1, 2)
    )
    monkeypatch.setattr(archives, "search", lambda target, archive, radius_arcsec: found if target == "TIC 1" else ())
    monkeypatch.setattr(archives, "fetch", lambda product, cache: Downloaded(product.name, b"whole", product.url, "0" * 64))


def test_fetch_lists_then_writes_the_file_that_was_picked(star, archive, capsys, tmp_path):
    status, said, _ = run(capsys, "fetch", "TIC 1")
    assert status == 0
    assert "sector 2" in said
    out = tmp_path / "star.fits"
    status, said, _ = run(capsys, "fetch", "TIC 1", "--pick", "2", "--out", out, "--json")
    assert (status, json.loads(said)["url"]) == (0, "https://mast.stsci.edu/2.fits")
    assert out.read_bytes() == b"whole"
    assert "2 files were found" in complaint(capsys, "fetch", "TIC 1", "--pick", "3")
    assert "nothing was found" in run(capsys, "fetch", "nobody")[1]


def test_fetch_takes_addresses_of_archives_only(star, capsys):
    assert "evil.com" in complaint(capsys, "fetch", "https://evil.com/a.fits")
