"""Priors guessed from draws, and draws held against priors."""

import numpy as np
import pytest

from astro_sbi.simulators.guessed_prior import check_told_prior, guessed_prior, prior_remarks
from astro_sbi.simulators.prior import Prior, PriorError

TOLD = {
    "flat": "uniform(0,10)",
    "scale": "loguniform(0.1,13)",
    "bell": "normal(2,0.3)",
    "long_tail": "lognormal(1,0.8)",
    "both_signs": "uniform(-1,1)",
    "small": "uniform(1e-09,5e-08)",
    "narrow": "uniform(2454950,2454960)",
}


@pytest.mark.parametrize("rows", [500, 20_000])
@pytest.mark.parametrize("name", TOLD)
def test_a_prior_is_found_again(name: str, rows: int):
    told = Prior.of(**{name: TOLD[name]})
    theta = told.sample(rows, seed=4)
    found = guessed_prior([name], theta)
    (_, distribution), (_, truth) = found.distributions[0], told.distributions[0]
    assert distribution.kind == truth.kind
    assert np.isfinite(found.latent_array(theta)).all()
    z = found.latent_array(theta)
    assert z.mean() == pytest.approx(0, abs=6 / np.sqrt(rows))
    assert z.std() == pytest.approx(1, abs=6 / np.sqrt(rows))
    assert list(prior_remarks(found, theta)) == []
    if distribution.kind == "uniform":
        assert str(distribution) == str(truth)


def test_no_draw_is_a_bound():
    theta = np.repeat([[1.0], [2.0], [3.0]], 100, axis=0)
    prior = guessed_prior(["steps"], theta)
    assert np.isfinite(prior.latent_array(theta)).all()
    (remark,) = prior_remarks(prior, theta)
    assert "do not look drawn from its prior" in remark


def test_columns_that_are_no_draws_of_the_prior_are_said():
    rng = np.random.default_rng(5)
    theta = rng.uniform(0, 1, (2000, 2))
    assert list(prior_remarks(Prior.of(a="uniform(0,1)", b="uniform(0,1)"), theta)) == []
    (remark,) = prior_remarks(Prior.of(a="uniform(0,1)", b="uniform(0,2)"), theta)
    assert "values of b" in remark
    theta[:, 1] = np.where(rng.random(2000) < 0.3, theta[:, 0], theta[:, 1])
    (remark,) = prior_remarks(Prior.of(a="uniform(0,1)", b="uniform(0,1)"), theta)
    assert "a and b are correlated (0.3" in remark


def test_priors_that_a_table_cannot_come_from_are_refused():
    theta = np.random.default_rng(6).uniform(0, 1, (300, 1))
    with pytest.raises(PriorError, match=r"leaves out 5\d% of the simulations, which reach from"):
        check_told_prior(Prior.of(a="uniform(0,0.45)"), theta)
    with pytest.raises(PriorError, match="cannot be held"):
        check_told_prior(Prior.of(a="fixed(1)"), theta)
