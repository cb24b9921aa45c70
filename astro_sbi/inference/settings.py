"""Settings of network, training and rounds; imports no jax."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FlowName = Literal["spline_coupling", "affine_coupling", "masked_affine", "masked_spline", "triangular_spline", "block_neural"]
ConditionerName = Literal["gated", "mlp"]
EmbeddingName = Literal["identity", "mlp", "gated", "cnn", "attention"]


@dataclass(frozen=True)
class NetworkSettings:
    """Kind and size of the network.

    Args:
        flow: kind of flow.
        conditioner: kind of the network that gives each layer its parameters.
        layers: layers of the flow.
        width: hidden units of each conditioner.
        knots: knots of each spline.
        embedding: kind of network that sees the observation.
        embedding_width: hidden units of the embedding.
        context: length of the embedded observation.
    """

    flow: FlowName = "triangular_spline"
    conditioner: ConditionerName = "gated"
    layers: int = 2
    width: int = 64
    knots: int = 8
    embedding: EmbeddingName = "gated"
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
        patience: chunks without a better held-out loss before the rate falls or training stops.
        schedule: ``cosine`` over a fixed number of steps, or ``plateau``: down whenever the held-out loss stands still.
        drops: times that the rate falls on a plateau before training stops.
        least_gain: gain of held-out loss (nats) that counts as one.
        decay: weight decay, decoupled (Loshchilov & Hutter 2019).
        average: memory of the exponential moving average of the weights, which is what is kept; 0 keeps the weights themselves.
        streamed_above: bytes of simulations above which they stay on the host and each chunk's are sent to the device.
        checkpoint_seconds: time between two checkpoints at least; writing one takes a few tenths of a second.
    """

    batch: int = 256
    rate: float = 2e-3
    warmup: float = 0.05
    chunk: int = 50
    held_out: int = 1024
    patience: int = 5
    schedule: Literal["cosine", "plateau"] = "cosine"
    drops: int = 2
    least_gain: float = 0.0
    decay: float = 0.0
    average: float = 0.0
    streamed_above: int = 2**31
    checkpoint_seconds: float = 10.0


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
    efficiency: float = 0.5
    effective: int = 2000
    padding: float = 0.3
    network: NetworkSettings = field(default_factory=NetworkSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
