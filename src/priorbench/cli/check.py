"""``priorbench plugins check``: what is wrong with a plugin, and what would be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    plugins_section,
    print_json,
    wide_console,
)

if TYPE_CHECKING:
    from rich.console import Console

    from priorbench.testing import Report, Result

MARKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "failed as expected": ("✗", "yellow"),
}
"""How the checks that run are shown: a sign and a style for each verdict."""


def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH",
            help="Name of a plugin, a prior, a task, a data set, a metric or a study; or the path "
            "of a plugin's folder or file.",
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter, for example --set iterations=20."),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", help="A task to check a prior on; all that it declares by default."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="A check to do, by its name; all of them by default."),
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", help="Limit of one check, such as a fit.", min=0.01)
    ] = 2,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Check all that a plugin registers, in processes of its own, and say what is wrong with it.

    Ends with 1 if a check fails.
    """
    from priorbench.testing import check_plugin

    section = plugins_section(config)
    console = wide_console()

    def tell(result: Result) -> None:
        if not as_json:
            _tell(console, result)

    report = check_plugin(
        name,
        folders=section.folders,
        disable=section.disable,
        parameters=parameters_of(settings or []),
        tasks=tasks,
        only=only,
        minutes=minutes,
        raise_on_failure=False,
        on_result=tell,
    )
    if as_json:
        print_json({"ok": report.ok, "results": list(report.results)})
    else:
        _conclude(console, report)
    if not report.ok:
        raise typer.Exit(1)


def parameters_of(settings: Sequence[str]) -> dict[str, Any]:
    """Return the parameters in texts such as ``iterations=20``, each value read as YAML.

    Raises:
        ValueError: a text has no ``=``.
    """
    import yaml

    parameters = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set {setting}: write name=value, for example --set iterations=20")
        parameters[key] = yaml.safe_load(value)
    return parameters


def _tell(console: Console, result: Result) -> None:
    """Print one line for a check, and below it what is wrong."""
    from rich.text import Text

    # The reasons of those that are skipped are told together at the end.
    if result.verdict == "skipped":
        return
    sign, style = MARKS[result.verdict]
    seconds = f" ({result.seconds:.1f} s)" if result.seconds >= 1 else ""
    line = Text.assemble((sign, style), f" {result.subject}: {result.check}{seconds}")
    console.print(line, soft_wrap=True)
    if result.verdict != "passed":
        for text in (result.summary, *result.reason.splitlines()):
            console.print(Text(f"    {text}", style=style), soft_wrap=True)


def _conclude(console: Console, report: Report) -> None:
    """Print how many checks ran and how they ended, and why some were skipped."""
    from rich.text import Text

    skipped = report.skipped_by_reason()
    if skipped:
        console.print()
    for reason, names in skipped.items():
        text = f"skipped, {reason}: {', '.join(dict.fromkeys(names))}"
        console.print(Text(text, style="dim"), soft_wrap=True)
    console.print()
    console.print(Text(report.counts, style="bold green" if report.ok else "bold red"))
