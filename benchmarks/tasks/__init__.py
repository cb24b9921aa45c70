"""The tasks of Lueckmann et al. (2021), "Benchmarking simulation-based inference", appendix T, as jax simulators."""

from benchmarks.tasks.bernoulli_glm import bernoulli_glm
from benchmarks.tasks.gaussian import gaussian_linear, gaussian_linear_uniform, gaussian_mixture
from benchmarks.tasks.population import lotka_volterra, sir
from benchmarks.tasks.slcp import slcp, slcp_distractors
from benchmarks.tasks.task import Task
from benchmarks.tasks.two_moons import two_moons

TASKS = {
    build.__name__: build
    for build in (
        two_moons,
        slcp,
        slcp_distractors,
        gaussian_linear,
        gaussian_linear_uniform,
        gaussian_mixture,
        bernoulli_glm,
        sir,
        lotka_volterra,
    )
}

__all__ = ["TASKS", "Task"]
