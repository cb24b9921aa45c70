"""Where this process compiles, and where it keeps what it compiled."""

from __future__ import annotations

import os
from pathlib import Path


def compile_on_the_cpu(folder: Path) -> None:
    """Keep this process off accelerators, which are the workers', and keep what it compiles in a folder."""
    import jax

    jax.config.update("jax_platforms", "cpu")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
