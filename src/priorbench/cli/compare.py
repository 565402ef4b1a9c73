"""``priorbench compare``: two priors, or two experiments, image by image."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from priorbench.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    print_json,
    wide_console,
)

if TYPE_CHECKING:
    from rich.table import Table

    from priorbench.results.compare import Comparison, Row

NOTHING = "–"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(compare)


def compare(
    a: Annotated[
        str, typer.Argument(metavar="A", help="The reference: a prior's id, or a results folder.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="What is compared with it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", help="Compare by this metric; may be repeated. Default: the first."
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", help="Compare on this task; may be repeated. Default: all."),
    ] = None,
    fail_if_worse: Annotated[
        float | None,
        typer.Option(
            "--fail-if-worse",
            min=0,
            help="End with exit code 1 where B's mean is worse than A's by more than this many "
            "units of the metric, or B failed on an image that A restored.",
        ),
    ] = None,
    allow_other_problems: Annotated[
        bool,
        typer.Option(
            "--allow-other-problems",
            help="Compare two experiments even if their images or noise differ.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare B with A: two priors of an experiment, or two experiments (folders), image by image.

    Differences are B − A, with Student's interval at 95 %, over the images that both have.
    """
    from priorbench.config import load_experiment
    from priorbench.results.compare import compare_experiments, compare_priors
    from priorbench.results.loading import load

    chosen = (metric or [], task or [], fail_if_worse)
    if Path(a).is_dir() and Path(b).is_dir():
        found = compare_experiments(load(a), load(b), *chosen, other_problems=allow_other_problems)
    elif "/" in a + b:
        absent = next(name for name in (a, b) if not Path(name).is_dir())
        raise ValueError(
            f"{absent} is no folder: give two folders of experiments, or the ids of two priors"
        )
    else:
        experiment = load_experiment(config)
        found = compare_priors(load(Path(experiment.results, experiment.experiment)), a, b, *chosen)
    worse = [row for row in found.rows if row.worse]
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "a": found.a,
                "b": found.b,
                "limit": fail_if_worse,
                "worse": len(worse),
                "rows": [asdict(row) for row in found.rows],
                "remarks": found.remarks,
            }
        )
        raise typer.Exit(bool(worse))
    console = wide_console()
    for name in found.metrics:
        console.print(_table(found, name))
    for remark in found.remarks:
        typer.echo(remark)
    if fail_if_worse is not None:
        typer.echo(_verdict(worse, len(found.rows), fail_if_worse))
    raise typer.Exit(bool(worse))


def _table(found: Comparison, metric: str) -> Table:
    """Return the rows of a metric as a table."""
    from rich import box
    from rich.table import Table

    spec = found.metrics[metric]
    unit = f" ({spec.unit})" if spec.unit else ""
    label = f"{spec.label or spec.name}{unit}"
    table = Table(box=box.SIMPLE, title=f"{label}: {found.b} − {found.a}", title_justify="left")
    for heading in ("data set", "task", "prior"):
        table.add_column(heading)
    for heading in ("A", "B", "B − A", "95 % interval", "p", "images", "cost B / A"):
        table.add_column(heading, justify="right")

    def number(value: float, sign: str = "") -> str:
        return NOTHING if value != value else f"{value:{sign}.{spec.decimals}f}"

    for row in (each for each in found.rows if each.metric == metric):
        interval = (
            NOTHING if row.low != row.low else f"{number(row.low, '+')} … {number(row.high, '+')}"
        )
        table.add_row(
            row.dataset,
            row.task,
            row.prior,
            number(row.mean_a),
            number(row.mean_b),
            number(row.difference, "+"),
            interval,
            NOTHING if row.p_value != row.p_value else f"{row.p_value:.2g}",
            _images(row),
            NOTHING if row.cost_ratio != row.cost_ratio else f"{row.cost_ratio:.2f}",
            style="bold red" if row.worse else None,
        )
    return table


def _images(row: Row) -> str:
    """Return how many images are compared, and which others there are."""
    others = {
        "only in A": row.only_in_a,
        "only in B": row.only_in_b,
        "failed in A": row.failed_in_a,
        "failed in B": row.failed_in_b,
    }
    parts = [str(row.n), *(f"{count} {name}" for name, count in others.items() if count)]
    return ", ".join(parts)


def _verdict(worse: list[Row], total: int, limit: float) -> str:
    """Return which rows are worse than allowed."""
    if not worse:
        return f"B is nowhere worse than A by more than {limit:g} ({total} comparisons)"
    names = [
        f"  {row.dataset}/{row.task}/{row.prior} in {row.metric}: {_why(row)}" for row in worse
    ]
    return "\n".join(
        [f"B is worse than A by more than {limit:g} in {len(worse)} of {total}:", *names]
    )


def _why(row: Row) -> str:
    failed = f"failed on {row.failed_in_b} more images" if row.failed_in_b else ""
    mean = f"{row.difference:+.4g} in the mean" if row.n else ""
    return ", ".join(filter(None, [mean, failed]))
