"""priorbench: a benchmark of image priors.

This module is what a plugin imports to declare itself, and is light. What a plugin computes with
lies in :mod:`priorbench.priors`, :mod:`priorbench.problem` and :mod:`priorbench.operators`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.errors import Diverged, NotApplicable
    from priorbench.plugins.hookspecs import hookimpl
    from priorbench.specs import (
        DatasetSpec,
        MetricSpec,
        Parameters,
        PriorSpec,
        Resources,
        StudySpec,
        TaskSpec,
    )
    from priorbench.specs.solver_settings import SolverSettings, SplittingSettings

__all__ = [
    "API_VERSION",
    "DatasetSpec",
    "Diverged",
    "MetricSpec",
    "NotApplicable",
    "Parameters",
    "PriorSpec",
    "Resources",
    "SolverSettings",
    "SplittingSettings",
    "StudySpec",
    "TaskSpec",
    "hookimpl",
]
__version__ = "0.1.0"
API_VERSION = 1
"""Version of what plugins may rely on: the hooks, the specs, and every module with ``__all__``.

It grows when a plugin that was right would no longer be; names that are new leave it as it is.
"""

_MODULES = {
    "Diverged": "priorbench.errors",
    "NotApplicable": "priorbench.errors",
    "SolverSettings": "priorbench.specs.solver_settings",
    "SplittingSettings": "priorbench.specs.solver_settings",
    "hookimpl": "priorbench.plugins.hookspecs",
}
"""The modules of the public names; those that are not listed are in :mod:`priorbench.specs`."""


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: most commands and jobs need few of them at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES.get(name, "priorbench.specs")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
