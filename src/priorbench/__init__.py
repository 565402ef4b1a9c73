"""priorbench: a benchmark of image priors.

In a script or a notebook, three lines corrupt an image and restore it::

    import priorbench as pb

    problem = pb.corrupt(image, "denoise", sigma=25, seed=0)
    restored = pb.load_prior("gmm-K50").restore(problem)

A plugin imports from here what it declares itself with. What it computes with lies in
:mod:`priorbench.priors`, :mod:`priorbench.problem` and :mod:`priorbench.operators`.

This module is light: each name is imported when it is asked for the first time.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.errors import Diverged, NotApplicable
    from priorbench.interactive import (
        corrupt,
        load_prior,
        observe,
        priors,
        restore,
        score,
        show,
        tasks,
    )
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
    "corrupt",
    "hookimpl",
    "load_prior",
    "observe",
    "priors",
    "restore",
    "score",
    "show",
    "tasks",
]
__version__ = "0.1.0"
API_VERSION = 1
"""Version of what plugins may rely on: the hooks, the specs, and every module with ``__all__``.

It grows when a plugin that was right would no longer be; names that are new leave it as it is.
"""

_LISTS = frozenset({"priors", "tasks"})
"""Modules that are called as well: ``priorbench.priors()`` lists the priors that there are."""

_MODULES = {
    "Diverged": "priorbench.errors",
    "NotApplicable": "priorbench.errors",
    "SolverSettings": "priorbench.specs.solver_settings",
    "SplittingSettings": "priorbench.specs.solver_settings",
    "corrupt": "priorbench.interactive",
    "hookimpl": "priorbench.plugins.hookspecs",
    "load_prior": "priorbench.interactive",
    "observe": "priorbench.interactive",
    "restore": "priorbench.interactive",
    "score": "priorbench.interactive",
    "show": "priorbench.interactive",
}
"""The modules of the public names; those that are not listed are in :mod:`priorbench.specs`."""


def __getattr__(name: str) -> Any:
    """Import a public name at its first use (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _LISTS:
        return import_module(f"priorbench.{name}")
    value = getattr(import_module(_MODULES.get(name, "priorbench.specs")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Listing(ModuleType):
    """A module that can be called, and then lists what is registered of its kind."""

    def __call__(self, experiment: Any = None) -> Any:
        interactive = import_module("priorbench.interactive")
        return getattr(interactive, self.__name__.removeprefix("priorbench."))(experiment)


class _Package(ModuleType):
    """This package, which makes the modules in it that list things callable.

    ``priorbench.priors`` is the module of the kinds of prior, however it is imported first.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system sets each module as an attribute of its package.
        if name in _LISTS and isinstance(value, ModuleType):
            value.__class__ = _Listing
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
