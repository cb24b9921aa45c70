"""Parameters that each channel of a light curve has for itself: its mean, its share of a common variation, its jitter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from astro_sbi.simulators.base import Parameter, Pattern, Theta
from astro_sbi.simulators.prior import Distribution, loguniform, normal

if TYPE_CHECKING:
    from jaxtyping import Array, Float

Described = tuple[tuple[Parameter, ...], tuple[tuple[str, Distribution], ...]]


def band_parameters(channels: tuple[str, ...], amplitude: str, jitter: Distribution) -> Described:
    """Parameters and priors ``mean_1``, ``jitter_1``, ``mean_2``, ``ratio_2``, ``jitter_2``, .. in the order of the channels.

    Values are relative to each channel's median, which differs from the mean of a slow process by about its amplitude.

    Args:
        channels: names.
        amplitude: parameter that is the standard deviation of the variation in the first channel.
        jitter: prior of noise beyond the quoted errors.
    """
    first = next(iter(channels))
    parameters: list[Parameter] = []
    prior: list[tuple[str, Distribution]] = []
    for number, channel in enumerate(channels, 1):
        latex, html, of = subscripts(channel, number if len(channels) > 1 else 0)
        mean = Parameter(
            f"mean_{number}",
            rf"\mu{latex[0]}",
            f"<i>μ</i>{html[0]}",
            "",
            f"long-term mean{of}, relative to the median: moves the curve up and down",
        )
        parameters.append(mean)
        prior.append((mean.name, normal(1.0, amplitude)))
        if number > 1:
            meaning = f"amplitude{of} over that in {first}"
            ratio = Parameter(f"ratio_{number}", rf"r{latex[0]}", f"<i>r</i>{html[0]}", "", meaning, 0.0)
            parameters.append(ratio)
            prior.append((ratio.name, loguniform(0.2, 5.0)))
        meaning = f"noise of each value{of} beyond its quoted error, relative flux: scatters the points"
        noise = Parameter(f"jitter_{number}", rf"\sigma_{{\mathrm{{jit}}{latex[1]}}}", f"σ<sub>jit{html[1]}</sub>", "", meaning, 0.0)
        parameters.append(noise)
        prior.append((noise.name, jitter))
    return tuple(parameters), tuple(prior)


def subscripts(channel: str, number: int) -> tuple[tuple[str, str], tuple[str, str], str]:
    """Subscripts (alone, after another) for LaTeX and HTML, and words; nothing where there is one channel."""
    if not number:
        return ("", ""), ("", ""), ""
    short = short_name(channel, number)
    return (rf"_\mathrm{{{short}}}", rf",\,\mathrm{{{short}}}"), (f"<sub>{short}</sub>", f", {short}"), f" in {channel or number}"


def short_name(channel: str, number: int) -> str:
    """Letters and digits of a channel's name, safe to stand in a symbol; its number where it has none."""
    return re.sub(r"[^A-Za-z0-9]", "", channel)[:12] or str(number)


def of_channel(theta: Theta, name: str, pattern: Pattern, count: int) -> Float[Array, " n"]:
    """A parameter of each point's channel; 1 where a channel has none of this name."""
    import jax.numpy as jnp

    values: list[Any] = [theta.get(f"{name}_{number}", 1.0) for number in range(1, count + 1)]
    return jnp.stack(jnp.broadcast_arrays(*map(jnp.asarray, values)))[jnp.minimum(pattern.channel, count - 1)]
