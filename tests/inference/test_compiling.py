"""Options of the compiler: used where they are known, and harmless."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from astro_sbi.inference import compiling
from astro_sbi.inference.compiling import compiler_options, is_known


@pytest.mark.parametrize("seldom", [False, True])
def test_programs_give_the_same_numbers_whatever_the_compiler_is_asked_for(*, seldom: bool) -> None:
    x = jnp.linspace(-3.0, 3.0, 1000)

    def program(x: jax.Array) -> jax.Array:
        return jnp.cumsum(jnp.tanh(x) * jnp.exp(-x * x))

    found = jax.jit(program, compiler_options=compiler_options(seldom=seldom))(x)
    np.testing.assert_allclose(found, jax.jit(program)(x), rtol=1e-5, atol=1e-5)


def test_an_option_that_the_compiler_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_known("xla_cpu_no_such_option", True)
    monkeypatch.setattr(compiling, "is_known", lambda name, value: name == "xla_cpu_use_fusion_emitters")
    monkeypatch.setattr(compiling, "on_processor", lambda: True)
    assert compiler_options(seldom=True) == {"xla_cpu_use_fusion_emitters": False}


def test_an_accelerator_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "on_processor", lambda: False)
    assert compiler_options(seldom=True) == {}
