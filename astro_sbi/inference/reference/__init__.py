"""Reference samplers, the slow way to a posterior: three of them behind one signature.

``sampler(target, *, draws, seed, on_progress, should_stop)`` returns `ReferenceDraws`; further keywords are each sampler's own. All raise
`InferenceError` if the target lacks what they need and `Cancelled` if asked to stop, which they ask between blocks of work.
"""

from astro_sbi.inference.reference.hamiltonian import nuts
from astro_sbi.inference.reference.nested_slice import nested
from astro_sbi.inference.reference.rejection import rejection_abc
from astro_sbi.inference.reference.target import ReferenceDraws, Target, target_of

__all__ = ["ReferenceDraws", "Target", "nested", "nuts", "rejection_abc", "target_of"]
