"""Embeddings of the observation (Flax NNX): each maps the features of one observation to a context vector."""

from __future__ import annotations

import math
from collections.abc import Callable

from flax import nnx

from astro_sbi.inference.embeddings.attention import TOKEN, SetAttention
from astro_sbi.inference.embeddings.cnn import ResidualCNN
from astro_sbi.inference.embeddings.gated import GatedMLP
from astro_sbi.inference.embeddings.identity import Identity
from astro_sbi.inference.embeddings.mlp import ResidualMLP
from astro_sbi.inference.posterior import InferenceError
from astro_sbi.inference.settings import EmbeddingName, NetworkSettings

Shape = tuple[int, ...]

__all__ = ["EMBEDDINGS", "GatedMLP", "Identity", "ResidualCNN", "ResidualMLP", "SetAttention", "build_embedding", "context_length"]


def _identity(shape: Shape, settings: NetworkSettings, rngs: nnx.Rngs) -> nnx.Module:
    return Identity()


def _mlp(shape: Shape, settings: NetworkSettings, rngs: nnx.Rngs) -> nnx.Module:
    return ResidualMLP(math.prod(shape), settings.embedding_width, settings.context, rngs=rngs)


def _gated(shape: Shape, settings: NetworkSettings, rngs: nnx.Rngs) -> nnx.Module:
    return GatedMLP(math.prod(shape), settings.embedding_width, settings.context, rngs=rngs)


def _cnn(shape: Shape, settings: NetworkSettings, rngs: nnx.Rngs) -> nnx.Module:
    if len(shape) not in (1, 2):
        raise InferenceError(f"the cnn embedding sees a grid of shape (n,) or (n, channels), not {shape}: reshape it, or choose 'mlp'")
    channels = shape[1] if len(shape) == 2 else 1
    return ResidualCNN(shape[0], channels, settings.embedding_width, settings.context, rngs=rngs)


def _attention(shape: Shape, settings: NetworkSettings, rngs: nnx.Rngs) -> nnx.Module:
    if len(shape) != 2 or shape[1] != len(TOKEN):
        raise InferenceError(f"the attention embedding sees tokens of shape (n, {len(TOKEN)}): {', '.join(TOKEN)}; not {shape}")
    return SetAttention(settings.embedding_width, settings.context, rngs=rngs)


#: Builders by the name in the settings.
EMBEDDINGS: dict[EmbeddingName, Callable[[Shape, NetworkSettings, nnx.Rngs], nnx.Module]] = {
    "identity": _identity,
    "mlp": _mlp,
    "gated": _gated,
    "cnn": _cnn,
    "attention": _attention,
}


def build_embedding(shape: Shape, settings: NetworkSettings, rngs: nnx.Rngs) -> nnx.Module:
    """The embedding that the settings name, for features of one shape.

    Args:
        shape: shape of the features of one observation.
        settings: kind and size of the network.
        rngs: random streams of the initial weights.

    Returns:
        A module whose whole state are parameters; called with features of that shape it returns a vector of
        ``context_length(shape, settings)``.

    Raises:
        InferenceError: if there is no such embedding, or it cannot see features of that shape.
    """
    if settings.embedding not in EMBEDDINGS:
        raise InferenceError(f"there is no embedding '{settings.embedding}': choose one of {', '.join(EMBEDDINGS)}")
    if not shape or min(shape) < 1:
        raise InferenceError(f"an embedding needs features with at least one value, not of shape {shape}")
    return EMBEDDINGS[settings.embedding](shape, settings, rngs)


def context_length(shape: Shape, settings: NetworkSettings) -> int:
    """Length of the embedded observation."""
    return math.prod(shape) if settings.embedding == "identity" else settings.context
