"""``priorbench plugins``: what is registered."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, wide_console
from priorbench.config import PluginsSection, load_experiment
from priorbench.names import unknown
from priorbench.plugins import PluginError, Registered, load_plugins
from priorbench.records import Parameters, PriorSpec, Record, TaskSpec
from priorbench.reference import default_in_words, type_in_words

app = typer.Typer(help="What is registered, and by whom.", no_args_is_help=True)
KINDS = {
    "priors": "prior",
    "tasks": "task",
    "datasets": "data set",
    "metrics": "metric",
    "studies": "study",
}


@app.command("list")
def list_plugins(
    config: ConfigOption = DEFAULT_CONFIG,
    strict: Annotated[bool, typer.Option("--strict", help="A broken plugin is an error.")] = False,
) -> None:
    """List every plugin and what it registers: name, kind, origin, status, tasks or ids of tasks."""
    from rich.console import Console
    from rich.table import Table

    section = _section(config)
    strict = strict or section.strict
    registry = load_plugins(
        [Path(folder) for folder in section.folders], disable=section.disable, strict=strict
    )
    table = Table(
        "name", "kind", "plugin", "origin", "status", "tasks", "summary", title="Registered"
    )
    failed: list[str] = []
    for kind, label in KINDS.items():
        for name, entry in getattr(registry, kind).items():
            told, status = label, "ok"
            if kind == "priors":
                try:
                    told = kind_of_prior(entry)
                except PluginError as error:
                    status = "[red]FAILED[/red]"
                    failed.append(str(error))
            record, plugin = entry.record, entry.plugin
            table.add_row(
                name, told, plugin.name, plugin.origin, status, _tasks(record), record.summary
            )
        table.add_section()
    for plugin in registry.plugins:
        if plugin.problem:
            table.add_row(
                "–", "–", plugin.name, plugin.origin, "[red]FAILED[/red]", "", plugin.location
            )
    wide_console().print(table, markup=True)
    for problem in (*registry.problems, *failed):
        Console(stderr=True).print(problem, markup=False, highlight=False, soft_wrap=True)
    if strict and failed:
        raise typer.Exit(2)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Name of a prior, a task, a data set, a metric or a study.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show what has a name: where it comes from, and its parameters with their types, defaults and meanings."""
    section = _section(config)
    registry = load_plugins(
        [Path(folder) for folder in section.folders], disable=section.disable, strict=section.strict
    )
    # A prior and a study, for example, may have the same name.
    found = [
        (label, getattr(registry, kind)[name])
        for kind, label in KINDS.items()
        if name in getattr(registry, kind)
    ]
    if not found:
        names = {name for kind in KINDS for name in getattr(registry, kind)}
        raise PluginError(
            "\n".join(
                [unknown("prior, task, data set, metric or study", name, names), *registry.problems]
            )
        )
    for label, entry in found:
        _show(label, entry)


@app.command()
def check(
    name: Annotated[
        str, typer.Argument(help="Name of a prior, or of a plugin for all its priors.")
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the prior, for example --set iterations=20."),
    ] = None,
    tasks: Annotated[
        list[str] | None, typer.Option("--task", help="A task; all that it can do by default.")
    ] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="Limit of a fit.")] = 10,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Check that a prior gives the same again: fit and restore small images twice, in two processes.

    What can't be seeded, such as os.urandom, is found by it. Ends with 1 if something differs or fails.
    """
    import yaml

    from priorbench.testing import check_repeats

    parameters = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set {setting}: write name=value, for example --set iterations=20")
        parameters[key] = yaml.safe_load(value)
    section = _section(config)
    registry = load_plugins([Path(folder) for folder in section.folders], disable=section.disable)
    priors = [
        prior for prior, entry in registry.priors.items() if name in (prior, entry.plugin.name)
    ]
    if not priors:
        names = {*registry.priors, *(entry.plugin.name for entry in registry.priors.values())}
        raise PluginError(
            "\n".join([unknown("prior or plugin with priors", name, names), *registry.problems])
        )
    broken = False
    for prior in [name] if name in priors else priors:
        for result in check_repeats(
            section.folders,
            prior,
            parameters,
            disable=section.disable,
            tasks=tasks or None,
            minutes=minutes,
        ):
            print(result, flush=True)
            broken |= result.is_broken
    if broken:
        raise typer.Exit(1)


def kind_of_prior(entry: Registered[PriorSpec]) -> str:
    """Return the kind of a prior, that of its class, which is imported for it.

    Raises:
        PluginError: the class can't be imported, is of no kind, or does not learn as its record says.
    """
    from priorbench.priors import Denoiser, Generator, Learned, PatchPrior, Prior

    loaded, record = entry.load(), entry.record
    whose = f"the prior {record.name!r} (plugin {entry.plugin.name!r}, {entry.plugin.location})"
    kinds = {
        PatchPrior: "patch prior",
        Denoiser: "denoiser",
        Generator: "generator",
        Prior: "prior",
    }
    kind = next(
        (
            name
            for base, name in kinds.items()
            if isinstance(loaded, type) and issubclass(loaded, base)
        ),
        None,
    )
    if kind is None:
        raise PluginError(
            f"the factory of {whose} must be a subclass of PatchPrior, Denoiser, Generator or Prior"
        )
    if issubclass(loaded, Learned) and not record.learns:
        raise PluginError(
            f"{whose} is a Learned, but would never be fitted: its PriorSpec lacks learns=True"
        )
    if record.learns and not issubclass(loaded, Learned):
        raise PluginError(
            f"the PriorSpec of {whose} says learns=True, but {loaded.__name__} is no subclass of Learned"
        )
    return kind


def _section(config: Path) -> PluginsSection:
    """Return where plugins come from; a folder without a configuration has the defaults."""
    return (
        load_experiment(config).plugins
        if config.exists() or config != DEFAULT_CONFIG
        else PluginsSection()
    )


def _show(label: str, entry: Registered[Record]) -> None:
    """Print a record and the table of its parameters."""
    from rich.table import Table
    from rich.text import Text

    record, plugin, console = entry.record, entry.plugin, wide_console()
    lines = {
        "plugin": f"{plugin.name} ({plugin.origin}, {plugin.location})",
        "summary": record.summary,
        "reference": record.reference,
        "tasks": _tasks(record),
    }
    if isinstance(record, PriorSpec):
        asked = dataclasses.asdict(record.resources).items()
        lines["resources"] = ", ".join(
            f"{key} {value}" for key, value in asked if value is not None
        )
    console.print(f"{record.name}: {label}", markup=False, soft_wrap=True)
    for key, value in lines.items():
        if value:
            console.print(f"  {key}: {value}", markup=False, soft_wrap=True)
    model: type[Parameters] = getattr(record, "parameters", Parameters)
    if not model.model_fields:
        console.print("  no parameters")
        return
    table = Table("parameter", "type", "default", "meaning")
    for key, field in model.model_fields.items():
        cells = (
            key,
            type_in_words(field.annotation),
            default_in_words(field),
            field.description or "",
        )
        # As Text: what looks like markup, such as [text], is none.
        table.add_row(*map(Text, cells))
    console.print(table)


def _tasks(record: Record) -> str:
    """Return the tasks that a prior can do, or the ids that a task has, with its parameters as ``<name>``."""
    if isinstance(record, PriorSpec):
        return ", ".join(record.tasks)
    return (
        re.sub(r"{(\w+)[^}]*}", r"<\1>", record.id or record.name)
        if isinstance(record, TaskSpec)
        else ""
    )
