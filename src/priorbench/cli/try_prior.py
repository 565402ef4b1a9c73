"""``priorbench plugins try``: a prior beside three others, in a minute or two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from priorbench.cli.check import parameters_of
from priorbench.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    plugins_section,
    wide_console,
)


def try_prior(
    name: Annotated[str, typer.Argument(help="Name of a prior.")],
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", help="A task; those of the default experiment by default."),
    ] = None,
    images: Annotated[
        int, typer.Option("--images", min=1, max=8, help="How many photographs.")
    ] = 4,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the prior, for example --set iterations=20."),
    ] = None,
    tune: Annotated[
        bool,
        typer.Option(
            "--tune/--no-tune",
            help="Choose the solver's settings of a denoiser that brings none, on three images.",
        ),
    ] = True,
    cores: Annotated[int, typer.Option("--cores", min=1, help="Jobs at a time.")] = 2,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Where the results go. Default: results/try-NAME."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Compare a prior with three others on a few photographs: a table and pictures.

    The others are the observation, non-local means and a Gaussian mixture that learns in seconds.
    Photographs, tasks and scores are those of the default experiment.
    """
    from priorbench.plugins.kinds import kind_of_prior
    from priorbench.plugins.manager import load_configured
    from priorbench.trial.experiment import BASELINES, Trial
    from priorbench.trial.pictures import draw_pictures
    from priorbench.trial.run import run_trial
    from priorbench.trial.table import table_of

    section = plugins_section(config)
    registry = load_configured(section)
    trial = Trial(
        prior=name,
        parameters=parameters_of(settings or []),
        tasks=tuple(tasks or ()),
        images=images,
        is_tuned=tune,
        folder=output or Path("results", f"try-{name}"),
    )
    if name in registry.priors:
        # A class that can't be used is one message, before anything is computed.
        kind_of_prior(registry.priors[name])
    results = run_trial(trial, section, registry, cores, lambda line: typer.echo(line, err=True))
    console = wide_console()
    console.print(table_of(results))
    missing = [baseline for baseline in BASELINES if baseline not in registry.priors]
    if missing:
        console.print(f"not registered here, so not compared: {', '.join(missing)}", style="yellow")
    for line in results.unsolved():
        console.print(line, style="red", markup=False, soft_wrap=True)
    for line in results.notes():
        console.print(line, markup=False, soft_wrap=True)
    pictures = results.plan.layout.root / "pictures.png"
    if draw_pictures(results, pictures):
        console.print(f"pictures: {pictures}", markup=False, soft_wrap=True)
