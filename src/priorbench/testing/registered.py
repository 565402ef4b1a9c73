"""Checks of the records that plugins register, whatever their kind."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from priorbench.plugins.registry import PluginError
from priorbench.testing.check import CheckFailed, check
from priorbench.testing.source import Kind, Source

HEAVY = (
    "jax",
    "matplotlib",
    "numpy",
    "pandas",
    "PIL",
    "pyarrow",
    "scipy",
    "seaborn",
    "skimage",
    "sklearn",
    "tensorflow",
    "torch",
)
"""Packages that take long to import: none of them while plugins are registered."""
REGISTERING = """
import json, sys
from priorbench.plugins.manager import load_plugins, with_built_in
before = set(sys.modules)
folders, disable = json.loads(sys.argv[1])
problems = load_plugins(with_built_in(folders), disable=disable).problems
print()
print(json.dumps([sorted(set(sys.modules) - before), problems]))
"""
"""Registers plugins in a process of its own and prints which modules that has imported."""


@check()
def described(subject: Any) -> None:
    """The record's summary is one line."""
    summary = source_of(subject).entry.spec.summary.strip()
    if not summary or "\n" in summary:
        raise CheckFailed(
            f"the summary is {summary!r}: say on one line what it is; lists and reports show it"
        )


@check()
def loads(subject: Any) -> None:
    """The factory that the record names can be imported."""
    source = source_of(subject)
    try:
        loaded = source.entry.load()
        if source.kind == Kind.PRIOR:
            from priorbench.plugins.kinds import kind_of_prior

            kind_of_prior(source.entry)
    except PluginError as error:
        raise CheckFailed(str(error)) from error
    if not callable(loaded):
        raise CheckFailed(
            f"the factory is {loaded!r}, which can't be called: name a class or a function"
        )


@check(apart=True)
def light_to_import(source: Source) -> None:
    """Registering it imports none of the packages that take long to import."""
    # An object of the caller's has no plugin.
    own = source_of(source)
    plugin = own.entry.plugin.name
    others = [each.name for each in own.registry.plugins if each.name != plugin]
    arguments = json.dumps([own.folders, others])
    run = subprocess.run(
        [sys.executable, "-c", REGISTERING, arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60 * own.minutes,
    )
    if run.returncode:
        raise CheckFailed(f"it can't be registered in a process of its own:\n{run.stderr.strip()}")
    modules, problems = json.loads(run.stdout.splitlines()[-1])
    if problems:
        raise CheckFailed("\n".join(problems))
    heavy = [name for name in HEAVY if name in modules]
    if heavy:
        raise CheckFailed(
            f"registering it imports {', '.join(heavy)}, and the workflow registers all plugins "
            "whenever it is read, once for each job: name the factory by an import string such as "
            '".model:Median", and import in that module'
        )


def source_of(subject: Any) -> Source:
    """Return where a subject is registered.

    Raises:
        Skipped: it is an object.
    """
    if isinstance(subject, Source):
        return subject
    source: Source = subject.registered
    return source


EVERY = (described, loads)
EVERY_APART = (light_to_import,)
