"""What training minimises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from astro_sbi.inference.network import Network

Loss = Callable[[PyTree, Any, Any, Any], Float[Array, ""]]


def log_prob(
    network: Network, parameters: PyTree, standard: Any, latent: Float[Array, "B d"], x: Float[Array, " B *x"]
) -> Float[Array, " B"]:
    """Log density of latent parameters given observations, for one member."""
    seen, guess = standard.see(x)
    residual, log_determinant = standard.residual(latent, guess)
    return network.log_prob(parameters, residual, seen) + log_determinant


def negative_log_prob(network: Network) -> Loss:
    """The loss of neural posterior estimation: the mean of ``-log q(theta | x)`` over a batch (Papamakarios & Murray 2016)."""

    def loss(parameters: PyTree, standard: Any, batch: tuple[Array, Array], key: Array) -> Float[Array, ""]:
        return -jnp.mean(log_prob(network, parameters, standard, *batch))

    return loss


def atomic_loss(network: Network, atoms: int) -> Loss:
    r"""The loss of SNPE-C: each simulation's parameters against other atoms of its batch.

    :math:`-\log\frac{q(\theta_i|x_i)/p(\theta_i)}{\sum_j q(\theta_j|x_i)/p(\theta_j)}` for parameters drawn from a flow, and
    ``-log q`` for those drawn from the prior, which holds the normalisation.

    References: Greenberg et al. 2019 (arXiv:1905.07488), section 3.2.
    """

    def loss(parameters: Any, standard: Any, batch: tuple[Array, Array, Array], key: Array) -> Float[Array, ""]:
        latent, x, from_prior = batch
        seen, guess = standard.see(x)
        context = jax.vmap(lambda one: network.context(parameters, one))(seen)
        size = latent.shape[0]
        shifts = jnp.concatenate([jnp.zeros(1, jnp.int32), 1 + jax.random.permutation(key, size - 1)[: atoms - 1]])
        chosen = (jnp.arange(size)[:, None] + shifts) % size
        contrasted = latent[chosen]
        repeated = jnp.repeat(jnp.broadcast_to(guess, latent.shape), atoms, axis=0)
        residual, log_determinant = standard.residual(contrasted.reshape(size * atoms, -1), repeated)
        log_q = network.log_prob_given(parameters, residual, jnp.repeat(context, atoms, axis=0)).reshape(size, atoms) + log_determinant
        # In latent coordinates the prior is a unit normal.
        ratio = log_q + 0.5 * jnp.sum(contrasted**2, axis=-1)
        atomic = jax.nn.logsumexp(ratio, axis=1) - ratio[:, 0]
        return jnp.mean(jnp.where(from_prior > 0, -log_q[:, 0], atomic))

    return loss


def weighted_loss(network: Network) -> Loss:
    """The plain loss on simulations of a truncated prior (Deistler et al. 2022, arXiv:2210.04815), each with its weight."""

    def loss(parameters: Any, standard: Any, batch: tuple[Array, Array, Array], key: Array) -> Float[Array, ""]:
        latent, x, weight = batch
        return -jnp.mean(weight * log_prob(network, parameters, standard, latent, x))

    return loss
