"""``priorbench plugins``: what is registered."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from priorbench.cli import check, new_plugin, try_prior
from priorbench.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    load,
    plugins_section,
    print_json,
    wide_console,
)
from priorbench.errors import unknown

if TYPE_CHECKING:
    from priorbench.plan import Variant
    from priorbench.plugins.registry import Registered
    from priorbench.specs import PriorSpec, Spec

app = typer.Typer(
    help="What is registered, by whom, and how to begin, check and try a plugin.",
    no_args_is_help=True,
)
app.command("new")(new_plugin.new)
app.command("check")(check.check)
app.command("try")(try_prior.try_prior)
KINDS = {
    "priors": "prior",
    "tasks": "task",
    "datasets": "data set",
    "metrics": "metric",
    "studies": "study",
}
FAILED = "FAILED"


@dataclasses.dataclass(frozen=True)
class _Listed:
    """A spec as the list shows it."""

    name: str
    kind: str
    plugin: str
    origin: str
    status: str
    tasks: str
    summary: str
    problem: str = ""


@app.command("list")
def list_plugins(
    config: ConfigOption = DEFAULT_CONFIG,
    strict: Annotated[bool, typer.Option("--strict", help="A broken plugin is an error.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List every plugin and what it registers, with more columns in a wide terminal."""
    from rich.console import Console

    from priorbench.plugins.manager import load_configured

    section = plugins_section(config)
    strict = strict or section.strict
    registry = load_configured(section, strict=strict)
    listed = [
        _listed(label, entry)
        for kind, label in KINDS.items()
        for entry in getattr(registry, kind).values()
    ]
    failed = [each.problem for each in listed if each.problem]
    if as_json:
        broken = [plugin for plugin in registry.plugins if plugin.problem]
        print_json({"specs": listed, "broken": broken, "problems": registry.problems})
    else:
        broken_rows = [
            _Listed("–", "–", plugin.name, plugin.origin, FAILED, "", plugin.location)
            for plugin in registry.plugins
            if plugin.problem
        ]
        _print_list([*listed, *broken_rows])
        for problem in (*registry.problems, *failed):
            Console(stderr=True).print(problem, markup=False, highlight=False, soft_wrap=True)
    if strict and failed:
        raise typer.Exit(2)


def _listed(label: str, entry: Registered[Spec]) -> _Listed:
    """Return how a spec is listed; the class of a prior is imported for it."""
    from priorbench.plugins.kinds import kind_of_prior
    from priorbench.plugins.registry import PluginError
    from priorbench.specs import PriorSpec

    record, plugin = entry.spec, entry.plugin
    kind, status, problem = label, "ok", ""
    if isinstance(record, PriorSpec):
        try:
            kind = kind_of_prior(cast("Registered[PriorSpec]", entry))
        except PluginError as error:
            status, problem = FAILED, str(error)
    of = (plugin.name, plugin.origin, status, _tasks(record), record.summary)
    return _Listed(record.name, kind, *of, problem)


def _print_list(rows: list[_Listed]) -> None:
    """Print the list, with fewer columns where the terminal has fewer than 120."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    console = wide_console()
    columns = ["name", "kind", "summary"]
    if any(row.status == FAILED for row in rows):
        columns.insert(2, "status")
    if console.width >= 120:
        columns = ["name", "kind", "plugin", "origin", "status", "tasks", "summary"]
    table = Table(*columns, box=box.SIMPLE_HEAD if console.width < 120 else box.HEAVY_HEAD)
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        style = "red" if row.status == FAILED else ""
        table.add_row(
            *(
                Text(getattr(row, column), style=style if column == "status" else "")
                for column in columns
            ),
            end_section=after is not None
            and after.kind in KINDS.values()
            and after.kind != row.kind,
        )
    console.print(table)


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="Name of a prior, a task, a data set, a metric or a study, or an id of the "
            "experiment, such as gmm-K50 or denoise-25."
        ),
    ],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show what has a name: its plugin, and its parameters with their types and defaults.

    Of an id, the experiment's values are shown as well.
    """
    for label, entry, values in find(name, config):
        _show(label, entry, values)


def find(name: str, config: Path) -> list[tuple[str, Registered[Any], Mapping[str, Any]]]:
    """Return what has a name: what it is, the spec, and of an id the experiment's parameters.

    A prior and a study, for example, may have the same name.

    Raises:
        PluginError: nothing has it.
    """
    from priorbench.plugins.manager import load_configured
    from priorbench.plugins.registry import PluginError

    registry = load_configured(plugins_section(config))
    found: list[tuple[str, Registered[Any], Mapping[str, Any]]] = [
        (label, getattr(registry, kind)[name], {})
        for kind, label in KINDS.items()
        if name in getattr(registry, kind)
    ]
    if found:
        return found
    variants = _variants(config)
    if name in variants:
        from priorbench.specs import PriorSpec

        variant = variants[name]
        kind = "prior" if isinstance(variant.spec, PriorSpec) else "task"
        return [(f"{kind}, id {name}", variant.entry, variant.parameters)]
    names = {name for kind in KINDS for name in getattr(registry, kind)}
    raise PluginError(
        "\n".join(
            [
                unknown("prior, task, data set, metric, study or id", name, {*names, *variants}),
                *registry.problems,
            ]
        )
    )


def _variants(config: Path) -> dict[str, Variant[Any]]:
    """Return the priors and tasks of the experiment by their ids; none without an experiment."""
    if not config.exists():
        return {}
    plan = load(config)
    return {**plan.tasks, **plan.priors}


def _show(label: str, entry: Registered[Any], values: Mapping[str, Any]) -> None:
    """Print a spec and the table of its parameters, with the ``values`` of a variant."""
    from rich.table import Table
    from rich.text import Text

    from priorbench.config.reference import default_in_words, type_in_words
    from priorbench.specs import Parameters, PriorSpec

    record, plugin, console = entry.spec, entry.plugin, wide_console()
    lines = {
        "plugin": f"{plugin.name} ({plugin.origin}, {plugin.location})",
        "summary": record.summary,
        "reference": record.reference,
        "tasks": _tasks(record),
    }
    if isinstance(record, PriorSpec):
        asked = record.resources.model_dump(exclude_none=True)
        lines["resources"] = ", ".join(f"{key} {value}" for key, value in asked.items())
    console.print(f"{record.name}: {label}", markup=False, soft_wrap=True)
    for key, value in lines.items():
        if value:
            console.print(f"  {key}: {value}", markup=False, soft_wrap=True)
    model: type[Parameters] = getattr(record, "parameters", Parameters)
    if not model.model_fields:
        console.print("  no parameters")
        return
    table = Table("parameter", *(["value"] if values else []), "type", "default", "meaning")
    for key, field in model.model_fields.items():
        cells = (
            key,
            *([str(values.get(key))] if values else []),
            type_in_words(field.annotation),
            default_in_words(field),
            field.description or "",
        )
        # As Text: what looks like markup, such as [text], is none.
        table.add_row(*map(Text, cells))
    console.print(table)


def _tasks(record: Spec) -> str:
    """Return the tasks that a prior can do, or the pattern of the ids that a task has."""
    from priorbench.specs import PriorSpec, TaskSpec

    if isinstance(record, PriorSpec):
        return ", ".join(record.tasks)
    return (
        re.sub(r"{(\w+)[^}]*}", r"<\1>", record.id or record.name)
        if isinstance(record, TaskSpec)
        else ""
    )
