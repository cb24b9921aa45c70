"""The classifier two-sample test as sbibm defines it: 0.5 where samples cannot be told apart, 1 where they always can.

Every recorded figure comes from `c2st`. Lueckmann et al. (2021), appendix, and the metric of sbi-benchmark/sbibm.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def standardised(
    reference: Float[np.ndarray, "n d"], samples: Float[np.ndarray, "m d"]
) -> tuple[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"]]:
    """Both samples less the reference's mean, over its standard deviation (of n - 1), in single precision.

    Raises:
        ValueError: if the samples are no finite tables of the same columns, or the reference has a column without spread.
    """
    reference, samples = np.asarray(reference, np.float32), np.asarray(samples, np.float32)
    if reference.ndim != 2 or samples.ndim != 2 or reference.shape[1] != samples.shape[1]:
        raise ValueError(f"C2ST compares two tables of the same columns; these have the shapes {reference.shape} and {samples.shape}")
    if not (np.isfinite(reference).all() and np.isfinite(samples).all()):
        raise ValueError("C2ST compares finite samples; some of these are NaN or infinite: drop them where they are made")
    mean, spread = reference.mean(axis=0), reference.std(axis=0, ddof=1)
    if not spread.all():
        raise ValueError("C2ST divides by the reference's standard deviation, and a column of this reference is constant")
    return (reference - mean) / spread, (samples - mean) / spread


def c2st(
    reference: Float[np.ndarray, "n d"],
    samples: Float[np.ndarray, "m d"],
    *,
    seed: int = 1,
    folds: int = 5,
    largest_epochs: int = 10_000,
    jobs: int = 1,
) -> float:
    """Cross-validated accuracy of a classifier that tells samples from the reference.

    A perceptron of two hidden layers with ten times as many units as there are parameters, ReLU, Adam at scikit-learn's
    defaults, on samples z-scored by the reference; mean accuracy over shuffled folds.

    Args:
        reference: draws of the reference posterior.
        samples: draws of the posterior on trial, as many for a figure that compares with published ones.
        seed: of folds, weights and batches; published figures use 1.
        folds: parts of the cross-validation; published figures use 5.
        largest_epochs: limit of the training; published figures use 10,000, which is never reached.
        jobs: folds at a time, each in a process of its own; changes no digit.

    Returns:
        Accuracy from 0 to 1; slightly under 0.5 is chance.

    Raises:
        ValueError: if the samples cannot be compared.
    """
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neural_network import MLPClassifier

    first, second = standardised(reference, samples)
    units = 10 * first.shape[1]
    classifier = MLPClassifier(
        activation="relu", hidden_layer_sizes=(units, units), max_iter=largest_epochs, solver="adam", random_state=seed
    )
    points = np.concatenate([first, second])
    origin = np.concatenate([np.zeros(len(first)), np.ones(len(second))])
    split = KFold(n_splits=folds, shuffle=True, random_state=seed)
    return float(np.mean(cross_val_score(classifier, points, origin, cv=split, scoring="accuracy", n_jobs=jobs)))
