"""Values from the literature as they are typed."""

import pytest

from astro_sbi.diagnostics.agreement import Published
from astro_sbi.runs.published import PublishedLine, published_values
from astro_sbi.runs.settings import SettingsError


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("period = 4.230785 ± 0.000036 d (Butler 2006)", PublishedLine("period", Published(4.230785, 3.6e-5, 3.6e-5), "d", "Butler 2006")),
        ("u0=0.37 +0.02 -0.03", PublishedLine("u0", Published(0.37, 0.02, 0.03))),
        ("u0 = −1.5e-1 +- 2e-2", PublishedLine("u0", Published(-0.15, 0.02, 0.02))),
        ("K = 55.94 +/-0.69 m / s", PublishedLine("K", Published(55.94, 0.69, 0.69), "m / s")),
        ("depth = 0.01", PublishedLine("depth", Published(0.01))),
        ("e < 0.05 (95 %, Author)", PublishedLine("e", Published(0.05, limit="upper"), "", "95 %, Author")),
        ("flux = 5 1e-17 erg / (s cm2) (SDSS)", PublishedLine("flux", Published(5.0), "1e-17 erg / (s cm2)", "SDSS")),
        ("tau > 3 yr", PublishedLine("tau", Published(3.0, limit="lower"), "yr")),
    ],
)
def test_lines_are_read(line, wanted):
    assert published_values(f"\n  {line}\n\n") == (wanted,)


@pytest.mark.parametrize("line", ["period", "period = many", "period = 1 + 2", "period ~ 3", "= 3", "period = 1 +1.2.3 -4", "<script>"])
def test_what_cannot_be_understood_is_said_with_the_forms(line):
    with pytest.raises(SettingsError, match=r"is no published value: write name = value ± error"):
        published_values(line)


def test_too_many_lines_are_refused():
    with pytest.raises(SettingsError, match="more than the 40"):
        published_values("a = 1\n" * 41)
