"""priorbench: a benchmark of image priors.

In a script or a notebook, three lines corrupt an image and restore it::

    import priorbench as pb

    problem = pb.corrupt(image, "denoise", sigma=25, seed=0)
    restored = pb.load_prior("gmm-K50").restore(problem)

A plugin imports from here what it declares itself with. What it computes with lies in
:mod:`priorbench.priors`, :mod:`priorbench.problem` and :mod:`priorbench.operators`.

This module is light: the functions of :mod:`priorbench.interactive`, which bring torch, are
imported when they are asked for.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
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

__all__ = [
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

INTERACTIVE = frozenset({"corrupt", "load_prior", "observe", "restore", "score", "show"})
"""Functions of :mod:`priorbench.interactive`."""

LISTS = frozenset({"priors", "tasks"})
"""Modules that are called as well: ``priorbench.priors()`` lists the priors that there are."""


def __getattr__(name: str) -> Any:
    """Import what is asked for the first time (PEP 562)."""
    if name in INTERACTIVE:
        value = getattr(importlib.import_module("priorbench.interactive"), name)
        globals()[name] = value
        return value
    if name in LISTS:
        return importlib.import_module(f"priorbench.{name}")
    raise AttributeError(f"module 'priorbench' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Listing(ModuleType):
    """A module that can be called, and then lists what is registered of its kind."""

    def __call__(self, experiment: Any = None) -> Any:
        interactive = importlib.import_module("priorbench.interactive")
        return getattr(interactive, self.__name__.removeprefix("priorbench."))(experiment)


class _Package(ModuleType):
    """This package, which makes the modules in it that list things callable.

    ``priorbench.priors`` is the module of the kinds of prior, however it is imported.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        # The import system sets each module as an attribute of its package.
        if name in LISTS and isinstance(value, ModuleType):
            value.__class__ = _Listing
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
