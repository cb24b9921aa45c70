"""Smooth densities of weighted draws that respect walls, and the contours that hold 68 and 95 % of the mass."""

from __future__ import annotations

from dataclasses import dataclass

import contourpy
import numpy as np
from jaxtyping import Float, Int
from scipy import fft
from scipy.ndimage import gaussian_filter1d

MASSES = (0.68, 0.95)
FINE = 1024
#: Modes are apart where the density between them falls below this share of the 68 % level; a flat top with noise is one mode.
DIP = 0.75


@dataclass(frozen=True)
class Cells:
    """Equal cells between two edges."""

    low: float
    high: float
    count: int

    @property
    def step(self) -> float:
        """Width of a cell."""
        return (self.high - self.low) / self.count

    @property
    def centres(self) -> Float[np.ndarray, " n"]:
        """Middle of each cell."""
        return self.low + self.step * (np.arange(self.count) + 0.5)

    def index(self, values: Float[np.ndarray, " S"]) -> Int[np.ndarray, " S"]:
        """Cell of each value counted from 1; 0 and ``count + 1`` collect what lies outside."""
        position = np.floor((values - self.low) * (1.0 / self.step)) + 1
        position[values == self.high] = self.count
        return np.clip(position, 0, self.count + 1).astype(np.int32)


@dataclass(frozen=True, eq=False)
class Density:
    """A smoothed two-dimensional density [nx, ny] with the levels that enclose `MASSES` of the draws."""

    x: Cells
    y: Cells
    height: Float[np.ndarray, "nx ny"]
    levels: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Marginal:
    """One parameter's draws, ready to be drawn alone or against another.

    Args:
        values: draws [S].
        weight: their weights [S], adding to one.
        ess: effective number of draws.
        quantiles: at 0.15, 2.5, 16, 50, 84, 97.5 and 99.85 %.
        spread: standard deviation of a mode, or of all draws where there is one mode.
        walls: the ends beyond which there is nothing, None where the draws fade out.
        cells: cells for two-dimensional histograms; they end at walls.
        index: cell of each draw.
    """

    values: Float[np.ndarray, " S"]
    weight: Float[np.ndarray, " S"]
    ess: float
    quantiles: Float[np.ndarray, " 7"]
    spread: float
    walls: tuple[float | None, float | None]
    cells: Cells
    index: Int[np.ndarray, " S"]


def effective_size(weight: Float[np.ndarray, " S"]) -> float:
    """Kish's effective number of draws, ``(sum w)^2 / sum w^2``."""
    return float(weight.sum() ** 2 / np.square(weight).sum())


def mode_spread(counts: Float[np.ndarray, " n"], step: float, ess: float) -> float:
    """Standard deviation of the draws or, where there are several modes, of one of them.

    Half the length of the region with 68 % of the mass over the number of modes in it, found again with a bandwidth made of
    it until both agree: a Gaussian gives its sigma, two narrow Gaussians far apart give theirs. One skewed mode may have
    a quarter more, up to its standard deviation, for the sake of its tail.
    """
    total = counts.sum()
    position = np.arange(len(counts)) + 0.5
    mean = counts @ position / total
    spread = deviation = float(np.sqrt(counts @ np.square(position - mean) / total))
    for _ in range(6):
        smooth = gaussian_filter1d(counts, max(0.5, ess**-0.2 * spread), mode="reflect")
        order = np.argsort(smooth)[::-1]
        inside = order[: np.searchsorted(np.cumsum(smooth[order]), 0.68 * total) + 1]
        held = smooth > DIP * smooth[inside[-1]]
        edges = np.flatnonzero(np.diff(np.concatenate([[0], held, [0]])))
        cumulative = np.concatenate([[0.0], np.cumsum(smooth)])
        mass = (cumulative[edges[1::2]] - cumulative[edges[::2]]) / total
        pieces = max(1, int((mass > 0.05).sum()))
        skew_room = 1.25 if pieces == 1 else 1.0
        before, spread = spread, min(deviation, skew_room * 0.5 * len(inside) / pieces)
        if abs(spread - before) < 0.02 * before:
            break
    return max(spread, 0.5) * step


def marginal(
    values: Float[np.ndarray, " S"], weight: Float[np.ndarray, " S"] | None, low: float | None = None, high: float | None = None
) -> Marginal | None:
    """Prepare one parameter's draws; None where there are not two different finite ones.

    An end where the draws stop all at once counts as a wall too (an inclination at 90 degrees).

    Args:
        values: draws [S].
        weight: weights [S]; None for equal ones.
        low: wall below which no value is possible, or None.
        high: wall above which no value is possible, or None.
    """
    values = np.asarray(values, dtype=np.float64)
    share = np.ones(len(values)) if weight is None else np.asarray(weight, dtype=np.float64)
    share = np.where(np.isfinite(values) & np.isfinite(share), share, 0.0)
    if share.sum() <= 0:
        return None
    values = np.clip(np.where(share > 0, values, np.median(values[share > 0])), low, high)
    if np.ptp(values) <= 1e-13 * np.abs(values).max():
        return None
    share = share / share.sum()
    order = np.argsort(values)
    cumulative = np.cumsum(share[order]) - 0.5 * share[order]
    quantiles = np.interp((0.0015, 0.025, 0.16, 0.5, 0.84, 0.975, 0.9985), cumulative, values[order])
    ess = effective_size(share)
    fine = Cells(*_edges(quantiles, 0.15 * (quantiles[-1] - quantiles[0]), low, high), FINE)
    spread = mode_spread(np.bincount(fine.index(values), share, FINE + 2)[1:-1], fine.step, ess)
    low, high = walls = _walls(values, share, spread, low, high) if ess > 300 else (low, high)
    edges = _edges(quantiles, max(4 * spread * ess ** (-1 / 6), 0.02 * (quantiles[-1] - quantiles[0])), low, high)
    cells = Cells(*edges, int(np.clip(4 * (edges[1] - edges[0]) / spread, 96, 256)))
    return Marginal(values, share, ess, quantiles, spread, walls, cells, cells.index(values))


def _walls(
    values: Float[np.ndarray, " S"], share: Float[np.ndarray, " S"], spread: float, low: float | None, high: float | None
) -> tuple[float | None, float | None]:
    """Given walls, or the outermost draw where 3 % of the mass (a quarter of a Gaussian's peak) lies within 0.3 spreads of it."""
    first, last = (float(end) for end in (values.min(), values.max()))
    if low is None and share[values < first + 0.3 * spread].sum() > 0.03:
        low = first
    if high is None and share[values > last - 0.3 * spread].sum() > 0.03:
        high = last
    return low, high


def _edges(quantiles: Float[np.ndarray, " 7"], padding: float, low: float | None, high: float | None) -> tuple[float, float]:
    """Range of the draws with padding, cut at the walls."""
    below, above = quantiles[0] - padding, quantiles[-1] + padding
    below = below if low is None else max(low, below)
    above = above if high is None else min(high, above)
    return (float(below), float(above)) if above > below else (float(below), float(below + max(padding, 1e-9 * max(1.0, abs(below)))))


def line(draws: Marginal, smoothing: float = 1.0) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """One-dimensional density, its peak at one: places and heights.

    The kernel's width is ``1.06 spread ess^(-1/5)`` (Silverman 1986, eq. 3.28) times `smoothing`; mass reflects at walls.
    """
    cells = Cells(draws.cells.low, draws.cells.high, 8 * draws.cells.count)
    counts = np.bincount(cells.index(draws.values), draws.weight, cells.count + 2)[1:-1]
    width = smoothing * 1.06 * draws.spread * draws.ess**-0.2
    height = gaussian_filter1d(counts, width / cells.step, mode="reflect", truncate=5)
    places = np.linspace(cells.low, cells.high, 2 * draws.cells.count + 1)
    return places, np.interp(places, cells.centres, height) / height.max()


def _kernel(x: Marginal, y: Marginal) -> Float[np.ndarray, "2 2"]:
    """Covariance of the smoothing kernel in cells: 1.2 of Scott's rule along and across the draws' correlation."""
    share = slice(None, None, max(1, len(x.values) // 20_000))
    weight = x.weight[share]
    along = []
    for sign in (1.0, -1.0):
        both = (x.values[share] / x.spread + sign * y.values[share] / y.spread) * np.sqrt(0.5)
        low, high = np.quantile(both[::4], (0.001, 0.999))
        cells = Cells(float(low), float(high), 512)
        counts = np.bincount(cells.index(both), weight, 514)[1:-1]
        along.append(mode_spread(counts, cells.step, x.ess) ** 2 if counts.sum() > 0 else 1.0)
    mean, half = 0.5 * (along[0] + along[1]), 0.5 * (along[0] - along[1])
    scatter = np.array([[mean, half], [half, mean]]) * min(1.0, 1.0 / mean) * (1.2 * x.ess ** (-1 / 6)) ** 2
    cells = np.array([x.spread / x.cells.step, y.spread / y.cells.step])
    return scatter * np.outer(cells, cells) + 0.2 * np.eye(2)


def joint(x: Marginal, y: Marginal) -> Density:
    """Density of two parameters: histogram, Gaussian smoothing that reflects at the edges, levels that enclose `MASSES`.

    A level is where the draws' own mass reaches the share, so that smoothing does not change what a contour holds.
    """
    rows, columns = x.cells.count, y.cells.count
    flat = np.bincount(x.index * (columns + 2) + y.index, x.weight, (rows + 2) * (columns + 2))
    counts = flat.reshape(rows + 2, columns + 2)[1:-1, 1:-1]
    height = _adapted(counts, _kernel(x, y))
    order = np.argsort(height, axis=None)[::-1]
    mass = np.cumsum(counts.ravel()[order])
    places = np.minimum(np.searchsorted(mass, MASSES), mass.size - 1)
    return Density(x.cells, y.cells, height, tuple(float(level) for level in height.ravel()[order[places]]))


def _adapted(counts: Float[np.ndarray, "nx ny"], kernel: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "nx ny"]:
    """Smooth thin regions with wider kernels, up to twice as wide: widths go with the root of the density (Abramson 1982)."""
    pilot = smooth(counts, kernel) + 1e-12 * counts.max()
    usual = np.exp((counts * np.log(pilot)).sum() / counts.sum())
    doublings = np.rint(np.clip(np.log2(usual / pilot), 0.0, 2.0))
    parts = [smooth(np.where(doublings == power, counts, 0.0), kernel * 2.0**power) for power in range(3)]
    return np.sum(parts, axis=0)


def smooth(counts: Float[np.ndarray, "nx ny"], covariance: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "nx ny"]:
    """Convolve with a Gaussian of the given covariance (in cells), mirroring the counts at the edges."""
    pads = [min(size, int(np.ceil(4 * np.sqrt(variance)))) for size, variance in zip(counts.shape, np.diag(covariance), strict=True)]
    mirrored = np.pad(counts, [(pad, pad) for pad in pads], mode="symmetric")
    shape = [fft.next_fast_len(size, real=True) for size in mirrored.shape]
    along = 2 * np.pi * fft.fftfreq(shape[0])[:, None]
    across = 2 * np.pi * fft.rfftfreq(shape[1])[None, :]
    exponent = covariance[0, 0] * along**2 + 2 * covariance[0, 1] * along * across + covariance[1, 1] * across**2
    smoothed = fft.irfft2(fft.rfft2(mirrored, shape) * np.exp(-0.5 * exponent), shape)
    return np.maximum(smoothed[pads[0] : pads[0] + counts.shape[0], pads[1] : pads[1] + counts.shape[1]], 0.0)


def polygons(density: Density, tolerance: float = 0.03) -> list[tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]]:
    """Closed outlines of each level, pieces separated by NaN; the density ends at the edges, so that outlines close there.

    Args:
        density: a smoothed density.
        tolerance: how far, in cells, an outline may leave the exact one for having fewer points.
    """
    x, y = (_closed(cells) for cells in (density.x, density.y))
    height = np.pad(np.pad(density.height, 1, mode="edge"), 1)
    generator = contourpy.contour_generator(x, y, height.T, name="serial", line_type=contourpy.LineType.Separate)
    size = tolerance * np.array([density.x.step, density.y.step])
    outlines = []
    for level in density.levels:
        pieces = [_thinned(piece, size) for piece in generator.lines(level)]
        gap = np.full((1, 2), np.nan)
        points = np.concatenate([part for piece in pieces for part in (piece, gap)][:-1]) if pieces else gap
        outlines.append((points[:, 0], points[:, 1]))
    return outlines


def _closed(cells: Cells) -> Float[np.ndarray, " m"]:
    """Centres with both edges, and a place just beyond each edge where the density is zero."""
    hair = 1e-3 * cells.step
    return np.concatenate([[cells.low - hair, cells.low], cells.centres, [cells.high, cells.high + hair]])


def _thinned(points: Float[np.ndarray, "m 2"], tolerance: Float[np.ndarray, " 2"]) -> Float[np.ndarray, "k 2"]:
    """An outline without the vertices that lie on the line between their neighbours."""
    for _ in range(3):
        middle = np.arange(1, len(points) - 1, 2)
        if len(middle) < 4:
            break
        before, here, after = (points[middle + shift] / tolerance for shift in (-1, 0, 1))
        chord, arm = after - before, here - before
        area = np.abs(chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0])
        points = np.delete(points, middle[area < np.hypot(*chord.T)], axis=0)
    return points
