"""``priorbench plan``: what an experiment will take, before it is sent anywhere."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from priorbench.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    load,
    print_json,
    wide_console,
)


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("plan")(plan)


def plan(
    config: ConfigOption = DEFAULT_CONFIG,
    cores: Annotated[
        int, typer.Option("--cores", min=1, help="Cores to reckon with, of all nodes together.")
    ] = 8,
    as_json: JsonOption = False,
) -> None:
    """Print jobs, hours, disk and the critical path of an experiment that has not begun."""
    from rich.table import Table

    from priorbench.plan.forecast import forecast

    made = load(config)
    expected = forecast(made)
    if as_json:
        print_json(
            {
                "experiment": made.experiment.experiment,
                **dataclasses.asdict(expected),
                "cells": expected.cells,
                "jobs": expected.jobs,
                "core_hours": expected.core_hours,
                "gpu_hours": expected.gpu_hours,
                "cores": cores,
                "hours": expected.hours(cores),
            }
        )
        return
    table = Table(
        "prior",
        "restorations",
        "jobs",
        "restorations a job",
        "minutes a job",
        "core-hours",
        "GPU-hours",
        "memory",
        "chain (min)",
        "known from",
        title=f"Experiment {made.experiment.experiment}: what it takes if nothing is done yet",
    )
    for column in table.columns[1:-1]:
        column.justify = "right"
    for prior in expected.priors:
        gpu = f"{prior.gpu_hours:.2f}" if prior.gpu_hours else "–"
        table.add_row(
            *(
                prior.prior,
                str(prior.cells),
                str(prior.jobs),
                str(prior.restorations_per_job),
                f"{prior.job_minutes:.1f}",
            ),
            *(
                f"{prior.core_hours:.2f}",
                gpu,
                f"{prior.memory_mb} MiB",
                f"{prior.chain_minutes:.1f}",
                prior.origin,
            ),
        )
    console = wide_console()
    console.print(table)
    gpu = f", {expected.gpu_hours:.1f} GPU-hours" if expected.gpu_hours else ""
    critical = expected.critical
    for line in (
        f"{expected.cells} restorations in {expected.jobs} jobs "
        f"({expected.other_jobs} of them belong to no prior)",
        f"{expected.core_hours:.1f} core-hours{gpu}",
        f"{expected.disk_bytes / 1e9:.2f} GB in about {expected.files} files, without models",
        f"critical path: {critical.prior}, {_lasting(critical.chain_minutes)}; "
        f"at best {_lasting(60 * expected.hours(cores))} on {cores} cores",
        "times are measured in earlier experiments of this results folder, else those of the "
        "prior's spec or the configuration, else a tenth of the time limit of a restoration and "
        "a quarter of that of a fit",
    ):
        console.print(line, soft_wrap=True)


def _lasting(minutes: float) -> str:
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
