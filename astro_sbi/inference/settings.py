"""Settings of network, training and rounds; imports no jax."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class NetworkSettings:
    """Size of the network.

    Args:
        layers: coupling layers of the flow.
        width: hidden units of each conditioner.
        knots: knots of each spline.
        embedding_width: hidden units of the embedding.
        context: length of the embedded observation.
    """

    layers: int = 4
    width: int = 64
    knots: int = 8
    embedding_width: int = 96
    context: int = 32


@dataclass(frozen=True)
class TrainingSettings:
    """How one round is trained.

    Args:
        batch: simulations per step.
        rate: highest learning rate.
        warmup: share of the steps over which the rate rises.
        chunk: steps per compiled program, between two reports of progress.
        held_out: simulations kept for validation.
        patience: chunks without a better held-out loss before a round stops early.
    """

    batch: int = 256
    rate: float = 2e-3
    warmup: float = 0.05
    chunk: int = 50
    held_out: int = 1024
    patience: int = 5


@dataclass(frozen=True)
class SequentialSettings:
    """How rounds follow each other.

    Args:
        simulations: noise-free simulations per round.
        steps: training steps of the first, broad round.
        later_steps: training steps of each later round.
        rounds: rounds at most.
        draws: draws that judge a round.
        efficiency: the flow's efficiency at which no further round is needed.
        effective: effective draws that place the next box.
        padding: share of its width by which a box is padded on each side.
    """

    simulations: int = 8192
    steps: int = 300
    later_steps: int = 500
    rounds: int = 5
    draws: int = 16384
    efficiency: float = 0.3
    effective: int = 2000
    padding: float = 0.3
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
