"""One command for each stage of the workflow; every rule calls exactly one."""

from __future__ import annotations

from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load
from priorbench.jobs.worker import available_threads, limit_threads

DatasetOption = Annotated[str, typer.Option("--dataset", help="A data set of the experiment.")]
TaskOption = Annotated[str, typer.Option("--task", help="Id of a task, for example denoise-25.")]
TargetOption = Annotated[
    str,
    typer.Option(
        "--target", help="Id of the task that parameters are tuned for, or solver-<regime>."
    ),
]
PriorOption = Annotated[str, typer.Option("--prior", help="Id of a prior, for example gmm-K50.")]
ChunkOption = Annotated[str, typer.Option("--chunk", help="Number of a job of the prior, from 0.")]
FinalOption = Annotated[
    int, typer.Option("--final", help="0: an error of the machine fails the job, to be retried.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    stages = prepare, corrupt, train, tune, restore_chunk, score, gather, tabulate, draw, study
    for command in (*stages, site):
        app.command(rich_help_panel="Stages")(command)


def prepare(dataset: DatasetOption, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Read the images of a data set and cut them as configured."""
    limit_threads(1)
    from priorbench.stages.prepare import prepare as run

    run(load(config), dataset)


def corrupt(
    dataset: DatasetOption, task: TaskOption, config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Turn the images of a data set into problems."""
    limit_threads(1)
    from priorbench.stages.corrupt import corrupt as run

    run(load(config), dataset, task)


def train(
    prior: PriorOption, config: ConfigOption = DEFAULT_CONFIG, final: FinalOption = 1
) -> None:
    """Fit a prior to its training images."""
    from priorbench.stages.train import train as run

    run(load(config), prior, final=bool(final))


def tune(
    target: TargetOption,
    prior: PriorOption,
    config: ConfigOption = DEFAULT_CONFIG,
    final: FinalOption = 1,
) -> None:
    """Choose a prior's parameters for a task, or its solver's settings, on training images."""
    from priorbench.stages.tune import tune as run

    run(load(config), target, prior, final=bool(final))


def restore_chunk(
    dataset: DatasetOption,
    prior: PriorOption,
    chunk: ChunkOption = "0",
    config: ConfigOption = DEFAULT_CONFIG,
    final: FinalOption = 1,
) -> None:
    """Do one job of a prior's restorations in an experiment."""
    from priorbench.stages.restore import restore as run

    plan = load(config)
    run(plan, plan.chunk(dataset, prior, chunk), final=bool(final))


def score(
    dataset: DatasetOption,
    prior: PriorOption,
    chunk: ChunkOption = "0",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Compare the restorations of a job with the clean images."""
    limit_threads(1)
    from priorbench.stages.score import score as run

    plan = load(config)
    run(plan, plan.chunk(dataset, prior, chunk))


def gather(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Bring the rows of all jobs together."""
    limit_threads(1)
    from priorbench.stages.gather import gather as run

    run(load(config))


def tabulate(
    config: ConfigOption = DEFAULT_CONFIG,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial", help="Of what is finished so far, into partial/; also while a run goes on."
        ),
    ] = False,
) -> None:
    """Write the tables."""
    limit_threads(1)
    plan = load(config)
    if partial:
        from priorbench.stages.tabulate_partial import tabulate_partial

        typer.echo(f"tables of what is finished: {tabulate_partial(plan)}")
    else:
        from priorbench.stages.tabulate import tabulate as run

        run(plan)


def draw(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Draw the figures."""
    limit_threads(1)
    from priorbench.stages.draw import draw as run

    run(load(config))


def study(
    study: Annotated[str, typer.Option("--study", help="Name of a study, for example gmm-sweep.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Answer a study's question with a table, a figure and verdicts."""
    from priorbench.stages.study import study as run

    run(load(config), study)


def site(
    config: ConfigOption = DEFAULT_CONFIG,
    processes: Annotated[
        int, typer.Option("--processes", min=1, help="How many make pictures at a time.")
    ] = 2,
) -> None:
    """Make the page to browse the results, with its data and pictures."""
    limit_threads(1)
    from priorbench.stages.site import site as run

    typer.echo(f"open {run(load(config), available_threads(processes))}")
