"""Networks that give each layer of a flow its parameters; batch axes trail."""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from astro_sbi.inference.settings import ConditionerName

_LAST = 0.01


@dataclass(frozen=True)
class Ports:
    """What goes into a conditioner and what comes out.

    Args:
        seen: variables it sees.
        context: length of the context.
        variables: variables it gives parameters to.
        size: parameters of each.
        width: hidden units.
        masked: whether variable i gets its parameters from the variables before it and the context only.
    """

    seen: int
    context: int
    variables: int
    size: int
    width: int
    masked: bool = False

    @property
    def _degree(self) -> np.ndarray:
        """How many of the first variables each hidden unit may know (Germain et al. 2015, arXiv:1502.03509)."""
        return np.arange(self.width) % max(self.seen, 1)

    def enter_mask(self) -> Bool[np.ndarray, "w seen"] | None:
        """Variables that each hidden unit may see."""
        return self._degree[:, None] > np.arange(self.seen) if self.masked else None

    def hidden_mask(self) -> Bool[np.ndarray, "w w"] | None:
        """Hidden units that each hidden unit may see."""
        return self._degree[:, None] >= self._degree if self.masked else None

    def leave_mask(self) -> Bool[np.ndarray, "1 n w"] | None:
        """Hidden units that the parameters of each variable may see."""
        return (np.arange(self.variables)[:, None] >= self._degree)[None] if self.masked else None


class Linear(eqx.Module):
    """``W x + b``, both uniform within ``1 / sqrt(inputs)`` at first, as in Equinox.

    The ``last`` of a conditioner gives parameters that are nearly zero, so that the flow starts near the identity.
    """

    weight: Float[Array, "*s out in"]
    bias: Float[Array, "*s out"]
    last: bool = eqx.field(static=True)

    def __init__(self, inputs: int, outputs: int, *, key: Array, last: bool = False) -> None:
        layer = eqx.nn.Linear(inputs, outputs, key=key)
        assert layer.bias is not None
        self.weight, self.bias, self.last = layer.weight, layer.bias, last
        if last:
            self.weight, self.bias = _LAST * self.weight, jnp.zeros_like(self.bias)

    def drawn(self, rng: np.random.Generator) -> Linear:
        """One of the same shapes, whatever axes lead them, with weights drawn by NumPy."""
        limit = self.weight.shape[-1] ** -0.5
        weight, bias = (rng.uniform(-limit, limit, part.shape).astype(np.float32) for part in (self.weight, self.bias))
        if self.last:
            weight, bias = _LAST * weight, np.zeros_like(bias)
        return eqx.tree_at(lambda layer: (layer.weight, layer.bias), self, (weight, bias))


def _masked(weight: Float[Array, "*shape"], mask: np.ndarray | None) -> Float[Array, "*shape"]:
    return weight if mask is None else jnp.where(mask, weight, 0.0)


def _linear(layer: Linear, x: Float[Array, "m ..."], mask: np.ndarray | None = None) -> Float[Array, "k ..."]:
    return jnp.tensordot(_masked(layer.weight, mask), x, 1) + layer.bias.reshape(-1, *[1] * (x.ndim - 1))


def _entered(layer: Linear, ports: Ports, variables: Array, context: Array) -> Float[Array, "w ..."]:
    """First layer; the context's share is computed once where many draws share a context."""
    from_variables = jnp.tensordot(_masked(layer.weight[:, : ports.seen], ports.enter_mask()), variables, 1)
    shift = layer.bias.reshape(-1, *[1] * (context.ndim - 1))
    return from_variables + (jnp.tensordot(layer.weight[:, ports.seen :], context, 1) + shift)


def _left(layer: Linear, ports: Ports, hidden: Float[Array, "w ..."]) -> Float[Array, "p n ..."]:
    """Last layer, its rows sorted by parameter instead of by variable: sorting weights costs less than sorting a batch."""
    weight = layer.weight.reshape(ports.variables, ports.size, ports.width).swapaxes(0, 1)
    bias = layer.bias.reshape(ports.variables, ports.size).T
    return jnp.tensordot(_masked(weight, ports.leave_mask()), hidden, 1) + bias.reshape(*bias.shape, *[1] * (hidden.ndim - 1))


class GatedBlock(eqx.Module):
    """Residual block whose output is gated by the context: ``h + W2 relu(W1 relu(h)) * sigmoid(G c)``."""

    first: Linear
    second: Linear
    gate: Linear

    def __init__(self, key: Array, width: int, context: int) -> None:
        keys = jax.random.split(key, 3)
        self.first = Linear(width, width, key=keys[0])
        self.second = Linear(width, width, key=keys[1])
        self.gate = Linear(context, width, key=keys[2])

    def __call__(self, hidden: Float[Array, "w ..."], context: Float[Array, "c ..."], mask: np.ndarray | None) -> Array:
        """Hidden units after the block."""
        update = _linear(self.second, jax.nn.relu(_linear(self.first, jax.nn.relu(hidden), mask)), mask)
        return hidden + update * jax.nn.sigmoid(_linear(self.gate, context))


class GatedConditioner(eqx.Module):
    """Residual network gated by the context (as in Durkan et al. 2019, sec. 5); masked: its autoregressive version."""

    enter: Linear
    blocks: tuple[GatedBlock, ...]
    leave: Linear
    ports: Ports = eqx.field(static=True)

    def __init__(self, key: Array, ports: Ports, blocks: int = 2) -> None:
        keys = jax.random.split(key, blocks + 2)
        self.ports = ports
        self.enter = Linear(ports.seen + ports.context, ports.width, key=keys[0])
        self.blocks = tuple(GatedBlock(block_key, ports.width, ports.context) for block_key in keys[2:])
        self.leave = Linear(ports.width, ports.variables * ports.size, key=keys[1], last=True)

    def __call__(self, variables: Float[Array, "seen ..."], context: Float[Array, "c ..."]) -> Float[Array, "p n ..."]:
        """Parameters of each variable."""
        hidden = _entered(self.enter, self.ports, variables, context)
        for block in self.blocks:
            hidden = block(hidden, context, self.ports.hidden_mask())
        return _left(self.leave, self.ports, jax.nn.relu(hidden))


class PlainConditioner(eqx.Module):
    """Multilayer perceptron with two hidden layers; masked: a MADE (Germain et al. 2015, arXiv:1502.03509)."""

    enter: Linear
    middle: Linear
    leave: Linear
    ports: Ports = eqx.field(static=True)

    def __init__(self, key: Array, ports: Ports) -> None:
        keys = jax.random.split(key, 3)
        self.ports = ports
        self.enter = Linear(ports.seen + ports.context, ports.width, key=keys[0])
        self.middle = Linear(ports.width, ports.width, key=keys[1])
        self.leave = Linear(ports.width, ports.variables * ports.size, key=keys[2], last=True)

    def __call__(self, variables: Float[Array, "seen ..."], context: Float[Array, "c ..."]) -> Float[Array, "p n ..."]:
        """Parameters of each variable."""
        hidden = jax.nn.relu(_entered(self.enter, self.ports, variables, context))
        hidden = jax.nn.relu(_linear(self.middle, hidden, self.ports.hidden_mask()))
        return _left(self.leave, self.ports, hidden)


Conditioner = GatedConditioner | PlainConditioner


def build_conditioner(key: Array, name: ConditionerName, ports: Ports) -> Conditioner:
    """The conditioner of that name."""
    return GatedConditioner(key, ports) if name == "gated" else PlainConditioner(key, ports)
