"""R-hat and effective sample size against blackjax's and against chains whose autocorrelation is known."""

import numpy as np
import pytest

from astro_sbi.inference.convergence import effective_sample_size, r_hat


def chains(memory: float, shift: float = 0.0, n: int = 2000) -> np.ndarray:
    """Four chains of two coordinates, each a first-order autoregression; the last chain is shifted."""
    rng = np.random.default_rng(1)
    out = rng.standard_normal((4, n, 2))
    for step in range(1, n):
        out[:, step] = memory * out[:, step - 1] + np.sqrt(1 - memory**2) * out[:, step]
    out[-1] += shift
    return out


@pytest.mark.parametrize(
    ("memory", "shift", "hats", "sizes"),
    [
        (0.0, 0.0, (1.0000, 0.9998), (7961, 7978)),
        (0.9, 0.0, (1.0077, 1.0049), (374, 455)),
        (0.5, 1.0, (1.1076, 1.0984), (26, 28)),
        (-0.3, 0.0, (1.0002, 0.9996), (7976, 8582)),
    ],
)
def test_as_blackjax(memory: float, shift: float, hats: tuple[float, ...], sizes: tuple[float, ...]) -> None:
    """``rhat`` and the smaller of ``ess_bulk`` and ``ess_tail`` of blackjax 1.7.1 on the same chains."""
    draws = chains(memory, shift)
    assert r_hat(draws) == pytest.approx(hats, abs=1e-4)
    assert effective_sample_size(draws) == pytest.approx(sizes, abs=1)


def test_effective_sample_size_of_an_autoregression() -> None:
    """``S (1 - r) / (1 + r)`` in the bulk, a little more in the tails."""
    assert effective_sample_size(chains(0.9, n=5000)) == pytest.approx(20_000 / 19, rel=0.2)


def test_chains_apart_or_of_unequal_width_have_not_converged() -> None:
    assert (r_hat(chains(0.0, shift=0.5)) > 1.01).all()
    wide = chains(0.0)
    wide[0] *= 3
    assert (r_hat(wide) > 1.01).all()


def test_chains_that_stand_still() -> None:
    draws = np.zeros((2, 100, 1))
    assert effective_sample_size(draws) == 0.0
    assert not (r_hat(draws) < 1.01).any()
