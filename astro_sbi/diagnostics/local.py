"""A local two-sample test: near one observation, can truths be told from the flow's draws?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

#: Simulations below which the test finds little, and share of them that the nearness weights are worth.
FEWEST, NEAR = 500, 0.2
_PERMUTATIONS = 999
_RIDGE = 0.05
_LARGEST = 6.0


@dataclass(frozen=True)
class LocalTest:
    """What the test found.

    Args:
        p_value: share of permutations whose classifier sees at least as much.
        distance: mean square of the classifier's probability less one half, over draws at the observation: 0 where truths and draws are
            alike, 1/4 where they never are.
        expected: the distance that 95 % of permutations stay below.
        simulations: used.
        effective: number of simulations that those near the observation are worth.
        bias: mean of truth less the flow's mean, over the flow's width, near the observation, by parameter.
        dispersion: root mean square of the same about its mean: 1.25 where the flow's errors are too small by that factor.
    """

    p_value: float
    distance: float
    expected: float
    simulations: int
    effective: float
    bias: dict[str, float]
    dispersion: dict[str, float]


def local_test(
    names: tuple[str, ...],
    truth: Float[np.ndarray, "N d"],
    draws: Float[np.ndarray, "N S d"],
    observed: Float[np.ndarray, "V d"],
    *,
    seed: int,
) -> LocalTest:
    r"""Local classifier two-sample test (L-C2ST) of a flow at one observation.

    For each simulation :math:`(\theta_i, x_i)` the truth and a part of the draws :math:`\theta'_{ij} \sim q(\cdot | x_i)` are whitened by
    mean and covariance of the other draws. A classifier of logistic form in their quadratic features, one Newton step from chance with
    a ridge, is fitted with weights that fall off with the distance of :math:`x_i` from the observation, as its posterior's mean and
    width show it. The statistic is :math:`\hat t = \langle (d(\theta, x_o) - 1/2)^2 \rangle` over draws at the observation. If the
    flow is right, a truth may change places with any of its draws: doing so at random gives the null distribution and an exact p-value,
    whatever the classifier sees.

    Args:
        names: of the parameters.
        truth: latent parameters that made simulations no training saw.
        draws: of the flow for each simulation; a fifth are compared with the truth, the others whiten.
        observed: draws of the flow at the observation.
        seed: of the permutations.

    References:
        Linhart, Gramfort & Rodrigues 2023, NeurIPS 36 (arXiv:2306.03580), eq. 5 and algorithm 1; there a perceptron of theta and x, and
        permutations over all simulations.
    """
    compared = max(1, draws.shape[1] // 5)
    mean, root = _moments(draws[:, compared:])
    there, there_root = (part[0] for part in _moments(observed[None]))
    weight = _nearness(_place(mean, root), _place(there[None], there_root[None])[0])
    alike = np.concatenate([truth[:, None], draws[:, :compared]], axis=1)
    features = _quadratic(_whitened(alike, mean[:, None], root[:, None]))
    gram = np.einsum("nmi,n,nmj->ij", features, weight / (compared + 1), features, optimize=True)
    apart = _contrasts(features, weight, np.random.default_rng([seed, 50]))
    slope = np.linalg.solve(gram + _RIDGE * np.eye(len(gram)), apart.T)
    logit = _quadratic(_whitened(observed, there, there_root)) @ slope
    distance = np.mean((special.expit(logit) - 0.5) ** 2, axis=0)
    bias, dispersion = _by_parameter(truth, mean, root, weight)
    return LocalTest(
        float(np.mean(distance >= distance[0])),
        float(distance[0]),
        float(np.quantile(distance[1:], 0.95)),
        len(truth),
        float(1 / np.sum(weight**2)),
        dict(zip(names, bias.tolist(), strict=True)),
        dict(zip(names, dispersion.tolist(), strict=True)),
    )


def _by_parameter(
    truth: Float[np.ndarray, "N d"], mean: Float[np.ndarray, "N d"], root: Float[np.ndarray, "N d d"], weight: Float[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """Weighted mean and scatter of truths less means, over each parameter's own width."""
    off = (truth - mean) / np.sqrt(np.sum(root**2, axis=2))
    bias = weight @ off
    return bias, np.sqrt(weight @ (off - bias) ** 2)


def _moments(draws: Float[np.ndarray, "N S d"]) -> tuple[Float[np.ndarray, "N d"], Float[np.ndarray, "N d d"]]:
    """Mean and Cholesky root of the covariance of each set of draws."""
    mean = draws.mean(axis=1)
    centred = draws - mean[:, None]
    covariance = centred.transpose(0, 2, 1) @ centred / (draws.shape[1] - 1)
    smallest = 1e-9 * np.trace(covariance, axis1=1, axis2=2)[:, None, None] + 1e-30
    return mean, np.linalg.cholesky(covariance + smallest * np.eye(draws.shape[2]))


def _contrasts(features: Float[np.ndarray, "N M k"], weight: Float[np.ndarray, " N"], rng: np.random.Generator) -> Float[np.ndarray, "P k"]:
    """Weighted mean feature of the draws less that of the truth; then the same with another one of each simulation as its truth."""
    size, members = features.shape[:2]
    centred = (weight[:, None, None] * members / (members - 1)) * (features.mean(axis=1, keepdims=True) - features)
    rows, chosen = np.arange(size), rng.integers(members, size=(_PERMUTATIONS, size))
    return np.stack([centred[:, 0].sum(axis=0), *(centred[rows, truth].sum(axis=0) for truth in chosen)])


def _whitened(theta: Float[np.ndarray, "*N d"], mean: Float[np.ndarray, "*M d"], root: Float[np.ndarray, "*M d d"]) -> np.ndarray:
    return np.linalg.solve(root, (theta - mean)[..., None])[..., 0]


def _quadratic(u: Float[np.ndarray, "*N d"]) -> Float[np.ndarray, "*N k"]:
    """Components, squares and products, each of zero mean and unit variance for a unit normal; far ones are cut."""
    row, column = np.triu_indices(u.shape[-1])
    same = row == column
    products = (u[..., row] * u[..., column] - same) / np.where(same, np.sqrt(2), 1.0)
    return np.clip(np.concatenate([u, products], axis=-1), -_LARGEST, _LARGEST)


def _place(mean: Float[np.ndarray, "N d"], root: Float[np.ndarray, "N d d"]) -> Float[np.ndarray, "N k"]:
    """Where a posterior lies and how wide it is: its mean, and the mean log of its widths."""
    width = np.log(np.diagonal(root, axis1=1, axis2=2)).mean(axis=1)
    return np.concatenate([mean, width[:, None]], axis=1)


def _nearness(place: Float[np.ndarray, "N k"], there: Float[np.ndarray, " k"]) -> Float[np.ndarray, " N"]:
    """Weights that add to one, Gaussian in the distance from the observation, as wide as leaves `NEAR` of the simulations."""
    away = np.sum(((place - there) / np.maximum(place.std(axis=0), 1e-12)) ** 2, axis=1)
    wanted = NEAR * len(place)

    def weight(log_width: float) -> Float[np.ndarray, " N"]:
        return special.softmax(-0.5 * away * np.exp(-2.0 * log_width))

    low, high = np.log(np.sqrt(away.min() + 1e-12)) - 10.0, np.log(np.sqrt(away.max() + 1e-12)) + 10.0
    found = optimize.brentq(lambda log_width: 1 / np.sum(weight(log_width) ** 2) - wanted, low, high)
    return weight(float(found))
