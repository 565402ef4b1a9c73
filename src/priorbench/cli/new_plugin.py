"""``priorbench plugins new``: begin a plugin."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, plugins_section
from priorbench.scaffold.kinds import Kind
from priorbench.scaffold.names import PluginName
from priorbench.scaffold.steps import next_steps
from priorbench.scaffold.write import NewPlugin


def new(
    name: Annotated[
        str, typer.Argument(help="Its name in the configuration and the tables, as local-mean.")
    ],
    kind: Annotated[Kind, typer.Option("--kind", help="What it is; the first four are priors.")],
    package: Annotated[
        bool, typer.Option("--package", help="A package that pip installs, not a folder.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            help="The folder to put it into. Default: the first of plugins.folders; of a package, "
            "the current one.",
        ),
    ] = None,
    author: Annotated[
        str | None,
        typer.Option(
            "--author", help="Who holds the copyright of a package. Default: git's user.name."
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write a new plugin that works: declaration, code, tests and README.

    A package also gets pyproject.toml, a licence and a workflow for GitHub that runs its tests.
    """
    from priorbench.plugins.manager import load_configured

    section = plugins_section(config)
    called = PluginName(name, kind, package)
    default = Path() if package else Path(section.folders[0] if section.folders else "plugins")
    plugin = NewPlugin(called, default if into is None else into, author or _author())
    plugin.check(load_configured(section))
    plugin.write()
    for file in plugin.files():
        typer.echo(file)
    searched = [Path(folder).resolve() for folder in section.folders]
    is_searched = package or plugin.into.resolve() in searched
    steps = next_steps(
        name,
        kind,
        package=_as_path(plugin.target) if package else "",
        unsearched="" if is_searched else str(plugin.into),
    )
    typer.echo("next:")
    for step in steps:
        typer.echo(f"  {step.command}{f'    # first {step.before}' if step.before else ''}")


def _as_path(folder: Path) -> str:
    """Return a folder as pip takes it: a bare name would be that of a package in its index."""
    return str(folder) if folder.is_absolute() else f"./{folder}"


def _author() -> str:
    """Return git's name of the user, or the system's."""
    try:
        asked = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, check=False
        )
        return asked.stdout.strip() or getpass.getuser()
    except (OSError, KeyError):
        # Neither git nor a name for this user.
        return "the authors"
