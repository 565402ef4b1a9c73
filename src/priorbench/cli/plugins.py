"""``priorbench plugins``: what is registered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, wide_console
from priorbench.config import PluginsSection, load_experiment
from priorbench.plugins import PluginError, Registered, load_plugins
from priorbench.records import PriorSpec, Record, TaskSpec

app = typer.Typer(help="What is registered, and by whom.", no_args_is_help=True)
KINDS = ("priors", "tasks", "datasets", "metrics", "studies")


@app.command("list")
def list_plugins(
    config: ConfigOption = DEFAULT_CONFIG,
    strict: Annotated[bool, typer.Option("--strict", help="A broken plugin is an error.")] = False,
) -> None:
    """List every plugin and what it registers: name, kind, origin, status, tasks or ids of tasks."""
    from rich.console import Console
    from rich.table import Table

    section = load_experiment(config).plugins if config.exists() or config != DEFAULT_CONFIG else PluginsSection()
    folders = [Path(folder) for folder in section.folders]
    registry = load_plugins(folders, disable=section.disable, strict=strict or section.strict)
    table = Table("name", "kind", "plugin", "origin", "status", "tasks", "summary", title="Registered")
    problems = list(registry.problems)
    for kind in KINDS:
        for name, entry in getattr(registry, kind).items():
            try:
                label, status = _kind(kind, entry), "ok"
            except PluginError as error:
                label, status = kind.removesuffix("s"), "[red]FAILED[/red]"
                problems.append(str(error))
            record, plugin = entry.record, entry.plugin
            table.add_row(name, label, plugin.name, plugin.origin, status, _tasks(record), record.summary)
        table.add_section()
    for plugin in registry.plugins:
        if plugin.problem:
            table.add_row("–", "–", plugin.name, plugin.origin, "[red]FAILED[/red]", "", plugin.location)
    wide_console().print(table, markup=True)
    for problem in problems:
        Console(stderr=True).print(problem, markup=False, highlight=False, soft_wrap=True)


def _tasks(record: Record) -> str:
    """Return the tasks that a prior can do, or the ids that a task has, with its parameters as ``<name>``."""
    if isinstance(record, PriorSpec):
        return ", ".join(record.tasks)
    return re.sub(r"{(\w+)[^}]*}", r"<\1>", record.id or record.name) if isinstance(record, TaskSpec) else ""


def _kind(kind: str, entry: Registered[Record]) -> str:
    """Return the kind of a record; a prior's is that of its class, which is imported for it."""
    if kind != "priors":
        return {"datasets": "data set", "studies": "study"}.get(kind, kind.removesuffix("s"))
    from priorbench.priors import Denoiser, PatchPrior, Prior

    loaded = entry.load()
    for base, name in ((PatchPrior, "patch prior"), (Denoiser, "denoiser"), (Prior, "prior")):
        if isinstance(loaded, type) and issubclass(loaded, base):
            return name
    raise PluginError(
        f"the factory of the prior {entry.record.name!r} ({entry.plugin.location}) must be a subclass of "
        "PatchPrior, Denoiser or Prior"
    )
