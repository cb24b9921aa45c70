"""Where in the data the model fails: stretches of neighbouring residuals against what the fitted noise would leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from astro_sbi.diagnostics.places import Place

Kind = Literal["shift", "waves", "scatter"]
_FEWEST, _NUMBERS = 8, 500_000
_FEWEST_NULLS, _MOST_NULLS = 200, 499
_MEDIAN, _LEAST = 0.6745, 0.1
_RARE, _DRAWN_IN = 0.01, 3.0
_KINDS: tuple[Kind, ...] = ("shift", "waves", "scatter")


@dataclass(frozen=True)
class Stretch:
    """The window of neighbours that fits worst, among windows of many widths.

    Args:
        place: where it is.
        kind: ``shift`` where its points lie on one side of the model; ``scatter`` where they only lie too far from it; ``waves`` where
            no window stands out but all of its width together, of which it is the worst.
        gain: by how much chi-square falls if the window, or each of its width, may have a level of its own; for a scatter chi-square
            less the number of points.
        residual: mean residual, or root mean square of a scatter, in sigma of the fitted noise.
        p_value: share of simulated noise with a window at least as bad.
    """

    place: Place
    kind: Kind
    gain: float
    residual: float
    p_value: float


@dataclass(frozen=True)
class SignRun:
    """The longest run of neighbouring residuals of one sign.

    Args:
        place: where it is.
        above: whether the data lie above the model there.
        limit: longest run expected in all but one of a hundred data sets.
        p_value: share of simulated noise with a run at least as long.
    """

    place: Place
    above: bool
    limit: int
    p_value: float


def stretches(
    residual: Float[np.ndarray, " n"],
    model_draws: Float[np.ndarray, "S n"],
    coordinate: Float[np.ndarray, " n"],
    channel: Int[np.ndarray, " n"] | None = None,
    *,
    seed: int = 1,
) -> tuple[Stretch | None, SignRun | None]:
    r"""Search residuals for windows in which the model fails, and for long runs of one sign.

    A window of w points with residuals r is scored by :math:`(\sum r)^2 / w`, the fall of chi-square if it may have a level of its
    own: minus twice the log likelihood ratio of a localised distortion, a matched filter where the noise is Gaussian, over what noise
    gives it there. A second score is its chi-square, as a normal deviate by Wilson and Hilferty's cube root; a third the sum of the
    first over all windows of a width. The worst of each is compared with the worst in simulated noise, and the smallest of the three
    p-values again with that of simulated noise. Residuals are divided by their scatter (from their median) where that is above one,
    and the largest, where it is unlikely by itself, is drawn in to three sigma with all that it did to the fit: errors that are too
    small everywhere and single bad points are found by other checks.

    Where the model is linear and the noise is known, residuals about the posterior mean have the covariance
    :math:`\Sigma - \mathrm{Cov}(m)`, Cov(m) being that of the posterior's curves: the simulated noise has it too.

    Args:
        residual: (value - posterior mean of the model) / sigma of the fitted noise.
        model_draws: curves of equally weighted posterior draws, divided by the same sigma.
        coordinate: of the points.
        channel: index of each point's channel; one channel if None.
        seed: of the simulated noise.

    Returns:
        The worst window and the longest run; None for fewer than eight points in every channel.

    References:
        Anau Montel, Alvey & Weniger 2025, PRD 111, 083013 (localised distortions); Wilson & Hilferty 1931, PNAS 17, 684.
    """
    channel = np.zeros(len(residual), np.int32) if channel is None else np.asarray(channel)
    orders = _orders(coordinate, channel)
    if not orders:
        return None, None
    axes, share = _taken_up(model_draws)
    taken = axes * np.sqrt(share)
    rows = np.vstack([_pulled_in(residual, taken), _noise(axes, share, seed)])
    scaled = rows / np.maximum(1.0, np.median(np.abs(rows), axis=1, keepdims=True) / _MEDIAN)
    return _worst(rows[0], scaled, taken, orders, coordinate), _longest(rows > 0, orders, coordinate)


class _Order(NamedTuple):
    """Points in order of their coordinate, with the channel of each; of one channel or of all."""

    index: Int[np.ndarray, " m"]
    channel: Int[np.ndarray, " m"]
    across: bool

    def place(self, start: int, points: int, coordinate: Float[np.ndarray, " n"]) -> Place:
        inside = slice(start, start + points)
        along, channels = coordinate[self.index[inside]], np.unique(self.channel[inside])
        return Place(float(along[0]), float(along[-1]), int(channels[0]) if len(channels) == 1 else None, points)


class _Window(NamedTuple):
    """Neighbours in an order: which, from where, how many."""

    order: _Order
    start: int
    width: int


def _orders(coordinate: Float[np.ndarray, " n"], channel: Int[np.ndarray, " n"]) -> list[_Order]:
    """Each channel and, where there are several, all together; those with enough points."""
    along, channels = np.argsort(coordinate, kind="stable"), np.unique(channel)
    indices = [along[channel[along] == one] for one in channels]
    found = [_Order(index, channel[index], across=False) for index in indices]
    if len(channels) > 1:
        found.append(_Order(along, channel[along], across=True))
    return [order for order in found if len(order.index) >= _FEWEST]


def _taken_up(model_draws: Float[np.ndarray, "S n"]) -> tuple[Float[np.ndarray, "n k"], Float[np.ndarray, " k"]]:
    """Directions of the data that fitting the model takes up, and which share of their variance."""
    spread = (model_draws - model_draws.mean(axis=0)) / np.sqrt(max(len(model_draws) - 1, 1))
    share, vectors = np.linalg.eigh(spread @ spread.T)
    kept = share > 0.01
    return spread.T @ vectors[:, kept] / np.sqrt(share[kept]), np.minimum(share[kept], 1.0)


def _pulled_in(residual: Float[np.ndarray, " n"], taken: Float[np.ndarray, "n k"]) -> Float[np.ndarray, " n"]:
    """Residuals as if the farthest point, where it lies farther out than it should, had been measured three sigma off."""
    worst = int(np.abs(residual).argmax())
    beyond = abs(residual[worst]) - _DRAWN_IN
    if beyond < -special.ndtri(_RARE / (2 * len(residual))) - _DRAWN_IN:
        return residual
    of_point = -taken @ taken[worst]
    of_point[worst] += 1
    return residual - np.sign(residual[worst]) * beyond / max(of_point[worst], _LEAST) * of_point


def _noise(axes: Float[np.ndarray, "n k"], share: Float[np.ndarray, " k"], seed: int) -> Float[np.ndarray, "K n"]:
    """White noise less what fitting the model takes out of it."""
    rng, n = np.random.default_rng([seed, 31]), len(axes)
    white = rng.standard_normal((int(np.clip(_NUMBERS // n, _FEWEST_NULLS, _MOST_NULLS)), n))
    return white - (white @ axes * (1 - np.sqrt(1 - share))) @ axes.T


def _widths(points: int) -> list[int]:
    return sorted({round(2 * 1.5**step) for step in range(60) if 2 * 1.5**step <= points / 2})


def _windows(running: Float[np.ndarray, "k m"], width: int) -> Float[np.ndarray, "k j"]:
    """Sums over windows of a width, an eighth of it apart, of running sums that begin with zero."""
    step = _step(width)
    return running[:, width::step] - running[:, :-width:step]


def _step(width: int) -> int:
    return max(1, width // 8)


def _running(values: Float[np.ndarray, "k m"]) -> Float[np.ndarray, "k m1"]:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def _worst(
    residual: Float[np.ndarray, " n"],
    rows: Float[np.ndarray, "K n"],
    taken: Float[np.ndarray, "n k"],
    orders: Sequence[_Order],
    coordinate: Float[np.ndarray, " n"],
) -> Stretch:
    """The worst window of the first row, the other rows being its null."""
    highest, found = np.full((len(_KINDS), len(rows)), -np.inf), [_Window(orders[0], 0, 2)] * len(_KINDS)
    for order in orders:
        sums, squares = _running(rows[:, order.index]), _running(rows[:, order.index] ** 2)
        fitted = _running(taken[order.index].T)
        for width in _widths(len(order.index)):
            left = np.maximum(1 - np.sum(_windows(fitted, width) ** 2, axis=0) / width, _LEAST)
            shift, power = _windows(sums, width) ** 2 / (width * left), _windows(squares, width)
            unlikely = (np.cbrt(power.max(axis=1) / width) - 1 + 2 / (9 * width)) / np.sqrt(2 / (9 * width))
            together = shift.mean(axis=1)
            waves = (together - together[1:].mean()) / together[1:].std()
            for kind, (score, windows) in enumerate(((shift.max(axis=1), shift), (waves, shift), (unlikely, power))):
                if score[0] > highest[kind][0]:
                    found[kind] = _Window(order, int(windows[0].argmax()) * _step(width), width)
                highest[kind] = np.maximum(highest[kind], score)
    rank = np.stack([len(score) - np.searchsorted(np.sort(score), score) for score in highest])
    kind = int(rank[:, 0].argmin())
    return _told(_KINDS[kind], found[kind], residual, coordinate, float(np.mean(rank.min(axis=0) <= rank[kind, 0])))


def _told(kind: Kind, window: _Window, residual: Float[np.ndarray, " n"], coordinate: Float[np.ndarray, " n"], p_value: float) -> Stretch:
    order, start, width = window
    along, place = residual[order.index], order.place(start, width, coordinate)
    inside = along[start : start + width]
    if kind == "scatter":
        return Stretch(place, kind, float(np.sum(inside**2) - width), float(np.sqrt(np.mean(inside**2))), p_value)
    windows = along[: len(along) // width * width].reshape(-1, width) if kind == "waves" else inside[None]
    return Stretch(place, kind, float(np.sum(windows.sum(axis=1) ** 2) / width), float(inside.mean()), p_value)


def _longest(above: np.ndarray, orders: Sequence[_Order], coordinate: Float[np.ndarray, " n"]) -> SignRun:
    """The longest run of one sign within a channel in the first row, the other rows being its null."""
    longest, found = np.zeros(len(above), int), (orders[0], 0)
    for order in (order for order in orders if not order.across or len(orders) == 1):
        sign = above[:, order.index]
        change = np.column_stack([np.ones(len(sign), bool), sign[:, 1:] != sign[:, :-1]])
        places = np.arange(sign.shape[1])
        length = places + 1 - np.maximum.accumulate(np.where(change, places, 0), axis=1)
        most = length.max(axis=1)
        if most[0] > longest[0]:
            found = order, int(length[0].argmax()) + 1 - int(most[0])
        longest = np.maximum(longest, most)
    order, start = found
    place = order.place(start, int(longest[0]), coordinate)
    limit = int(np.quantile(longest[1:], 0.99, method="higher"))
    return SignRun(place, bool(above[0, order.index[start]]), limit, float(np.mean(longest >= longest[0])))
