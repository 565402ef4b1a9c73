"""``priorbench run``: Snakemake on the workflow, wherever it is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand

from priorbench import shipped

SNAKEFILES = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")
"""Where Snakemake looks for a workflow by itself."""
DEFAULT_PROFILE = Path("profiles", "default")
"""Where it looks for the profile that it reads unasked."""


class _Unparsed(TyperCommand):
    """A command that gets its arguments as they are: ``--`` and ``-nq`` too are for Snakemake."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args in (["--help"], ["-h"]):
            super().parse_args(ctx, args)
        ctx.args = args
        return args


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    usage = "[SNAKEMAKE OPTIONS AND TARGETS]..."
    app.command("run", cls=_Unparsed, options_metavar=usage)(run)


def run(context: typer.Context) -> None:
    """Run the experiment of config.yaml, or of --configfile, by Snakemake.

    Options and targets are Snakemake's, such as --cores 8, --dry-run, --profile slurm.
    Without --cores it uses all processors; `snakemake --help` lists what else there is.
    The workflow is the folder's own Snakefile, or else the one that comes with priorbench.
    What is finished is not computed again.
    """
    command = [sys.executable, "-m", "snakemake", *snakemake_arguments(context.args)]
    sys.stdout.flush()
    # Snakemake takes the place of this process: signals reach it, and its exit status is ours.
    os.execv(sys.executable, command)


def snakemake_arguments(given: Sequence[str]) -> list[str]:
    """Return the arguments of Snakemake: those that the user gives, after what they leave out.

    Args:
        given: as the user gives them.
    """
    added: list[str] = []
    has_snakefile = any(Path(name).is_file() for name in SNAKEFILES)
    if not has_snakefile and not _names(given, "--snakefile", "-s"):
        added += ["--snakefile", shipped.snakefile()]
    if not DEFAULT_PROFILE.is_dir() and not _names(given, "--workflow-profile"):
        added += ["--workflow-profile", str(shipped.profile("default"))]
    return [*added, *_with_profiles(given)]


def _names(given: Sequence[str], *options: str) -> bool:
    """Return whether one of some options is given, as ``--option value`` or ``--option=value``."""
    return any(argument.partition("=")[0] in options for argument in given)


def _with_profiles(given: Sequence[str]) -> Iterator[str]:
    """Yield the arguments, with the shipped profile for its name where no folder has it."""
    is_profile = False
    for argument in given:
        option, equals, value = argument.partition("=")
        if is_profile:
            yield _profile(argument)
        elif equals and option == "--profile":
            yield f"--profile={_profile(value)}"
        else:
            yield argument
        is_profile = argument == "--profile"


def _profile(name: str) -> str:
    """Return a profile as Snakemake finds it."""
    from platformdirs import site_config_path, user_config_path

    found = [Path(), user_config_path("snakemake"), site_config_path("snakemake")]
    if Path(name).name != name or any((folder / name).exists() for folder in found):
        return name
    others = [Path("profiles", name), shipped.profile(name)]
    return next((str(folder) for folder in others if folder.is_dir()), name)
