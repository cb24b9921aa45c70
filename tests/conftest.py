"""Fixtures that every room's tests share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real observations and reference posteriors, which lies beside the checkout where there is one."""
    if not (SHARED / "observations").is_dir():
        pytest.skip("the folder 'shared' with real observations is not beside this checkout")
    return SHARED
