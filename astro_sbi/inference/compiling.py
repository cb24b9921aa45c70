"""What the compiler is asked for on a processor, where it can take longer than a short training."""

from __future__ import annotations

from functools import cache

import jax

from astro_sbi.inference.cores import on_processor


def compiler_options(*, seldom: bool = False) -> dict[str, bool | int]:
    """Options of `jax.jit` for the programs of a training; none on an accelerator.

    The second level of effort compiles a network in a fifth less time than the third; its steps take as long.

    Args:
        seldom: for a program that takes a small share of the time: it compiles in half the time and runs a third slower.
    """
    options: dict[str, bool | int] = {"xla_backend_optimization_level": 2} if on_processor() else {}
    if options and seldom:
        options |= {"xla_cpu_use_fusion_emitters": False, "xla_cpu_parallel_codegen_split_count": 1}
    return {name: value for name, value in options.items() if is_known(name, value)}


@cache
def is_known(name: str, value: bool | int) -> bool:
    """Whether this version of the compiler has an option: they come and go without notice."""
    try:
        jax.jit(lambda: 0).lower().compile(compiler_options={name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True
