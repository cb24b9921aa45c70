"""The classifier two-sample test: how often can draws of a posterior be told from those of a reference?"""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

_FOLDS, _EPOCHS = 5, 200
#: Draws of each side: more change the accuracy by less than its own error of 0.8 %.
_MOST = 2000


def two_sample_accuracy(reference: Float[np.ndarray, "R d"], draws: Float[np.ndarray, "S d"], *, seed: int) -> float:
    """Cross-validated accuracy of a perceptron that tells draws from a reference: 0.5 where they are alike, 1 where they never are.

    Both are scaled by the reference. Draws that are equal, as resampling makes them, fall into one fold, so that none is recognised.

    Args:
        reference: equally weighted draws.
        draws: equally weighted draws of the posterior on trial.
        seed: of folds, weights and batches.

    References:
        Lopez-Paz & Oquab 2017, ICLR (arXiv:1610.06545); Lueckmann et al. 2021, AISTATS (arXiv:2101.04653), appendix A (the classifier).
    """
    rng = np.random.default_rng([seed, 51])
    size = min(len(reference), len(draws), _MOST)
    chosen = [part[rng.choice(len(part), size, replace=False)] for part in (reference, draws)]
    points = (np.concatenate(chosen) - reference.mean(axis=0)) / reference.std(axis=0)
    origin = np.repeat([0, 1], size)
    _, same = np.unique(points, axis=0, return_inverse=True)
    fold = rng.permutation(np.arange(same.max() + 1) % _FOLDS)[same.ravel()]
    right = np.zeros(len(points), bool)
    for number in range(_FOLDS):
        tested, units = fold == number, 10 * points.shape[1]
        classifier = MLPClassifier((units, units), max_iter=_EPOCHS, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it need not have converged to tell them apart
            classifier.fit(points[~tested], origin[~tested])
        right[tested] = classifier.predict(points[tested]) == origin[tested]
    return float(right.mean())
