"""A signal is claimed only on strong evidence."""

import pytest

from astro_sbi.diagnostics.detection import detection


@pytest.mark.parametrize(
    ("gain", "trials", "beta", "claimed"),
    [(5.1, 0, 1, True), (5.0, 0, 1, False), (12, 9, 1, False), (12, 5, 1, True), (12, 0, 2, False), (800, 10, 3, True), (-4, 0, 3, False)],
)
def test_claims(gain: float, trials: float, beta: float, claimed: bool) -> None:
    assert detection(gain, trials, beta).claimed is claimed


def test_numbers() -> None:
    assert detection(40.0, 8.0, 2.0).log_evidence_against_null == pytest.approx(2.0)
    assert detection(40.0, 8.0, 0.5).log_evidence_against_null == pytest.approx(32.0)
    assert detection(-4.0, 0.0, 3.0).log_evidence_against_null == pytest.approx(-4.0)


def test_sentences() -> None:
    assert detection(2.0).sentence.startswith("No transit detected")
    assert detection(200.0, signal="emission lines").sentence.startswith("Emission lines detected")
    paid = detection(200.0, 8.0, 1.5).sentence
    assert "red noise" in paid
    assert "periods or times tried" in paid
