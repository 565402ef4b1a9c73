"""What the author of a new plugin types next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from priorbench.scaffold.kinds import Kind

RUN = "priorbench run --cores 2"
EXAMPLE = "wiener"
"""The prior that a new task is first tried with: linear, exact, and done in seconds."""


@dataclass(frozen=True)
class Step:
    """A command.

    Args:
        command: what is typed.
        before: what has to be done before, in words; empty for nothing.
    """

    command: str
    before: str = ""


def next_steps(name: str, kind: Kind, package: str = "", unsearched: str = "") -> list[Step]:
    """Return the commands that lead from a new plugin to its first table.

    Args:
        name: of the plugin.
        kind: what it is.
        package: the folder that pip installs it from; empty for a plugin in a folder.
        unsearched: the folder that it lies in, if the configuration does not search it.
    """
    install = [Step(f"pip install -e {shlex.quote(package)}")] if package else []
    add = f"add {unsearched} to plugins.folders in config.yaml" if unsearched else ""
    first = Step(f"priorbench plugins check {name}", add)
    match kind:
        case Kind.TASK:
            look = f"priorbench plugins try {EXAMPLE} --task {name}"
            run = Step(RUN, f"add {name} to tasks.run in config.yaml")
        case Kind.DATASET:
            look = f"priorbench plugins show {name}"
            run = Step(
                RUN,
                f"add '{name}: {{source: {name}}}' to datasets and {name} to test in config.yaml",
            )
        case Kind.METRIC:
            look = f"priorbench plugins show {name}"
            run = Step(RUN, f"add {name} to metrics in config.yaml")
        case Kind.STUDY:
            look = f"priorbench plugins show {name}"
            run = Step(RUN, f"add {name} to studies in config.yaml")
        case _:
            look, run = f"priorbench plugins try {name}", Step(RUN)
    return [*install, first, Step(look), run]
