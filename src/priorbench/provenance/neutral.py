"""Modules of the library whose code changes no result.

They decide which results there are, where they lie and what is printed, and hand on values that are
compared themselves (parameters, seeds, images). The closure of imports ends at them.
"""

from __future__ import annotations

NEUTRAL = frozenset(
    {
        "priorbench",  # the public names of specifications
        "priorbench.config",  # values that are compared
        "priorbench.errors",
        "priorbench.jobs.log",
        "priorbench.plan",  # values that are compared
        "priorbench.plugins",
        "priorbench.provenance",
        "priorbench.results.loading",  # read in notebooks, by no stage
        "priorbench.store.environment",
        "priorbench.specs",  # values that are compared
        "priorbench.store.cell",  # names, which are compared
        "priorbench.store.chunk",  # which restorations a job does
        "priorbench.store.files",
        "priorbench.store.locks",
        "priorbench.store.manifest",
        "priorbench.store.memo",
    }
)
"""Names of modules and packages; a package stands for all in it, the root for itself alone."""


def is_neutral(module: str) -> bool:
    """Return whether the code of a module, or of a package around it, changes no result."""
    parts = module.split(".")
    above = {".".join(parts[:end]) for end in range(2, len(parts) + 1)}
    return module in NEUTRAL or not NEUTRAL.isdisjoint(above)
