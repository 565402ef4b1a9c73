"""``priorbench restore``: a chunk of an experiment, or a photograph of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load
from priorbench.names import unknown

EXTRA = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(context_settings=EXTRA)(restore)


def restore(
    context: typer.Context,
    task: Annotated[str, typer.Option("--task", help="A task, for example denoise, or its id, denoise-25.")],
    prior: Annotated[str, typer.Option("--prior", help="Id of a prior, for example gmm-K50.")],
    image: Annotated[Path | None, typer.Argument(help="A photograph; without it, a chunk of the experiment.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the restored photograph goes.")] = None,
    observed: Annotated[
        bool, typer.Option("--observed", help="The photograph is corrupted already; do not corrupt it.")
    ] = False,
    mask: Annotated[Path | None, typer.Option("--mask", help="White where an observed pixel is known.")] = None,
    corrupted: Annotated[Path | None, typer.Option("--corrupted", help="Where to keep the corrupted image.")] = None,
    dataset: Annotated[str, typer.Option("--dataset", help="A data set of the experiment.")] = "",
    chunk: Annotated[str, typer.Option("--chunk", help="Number of a group of images, from 0.")] = "0",
    config: ConfigOption = DEFAULT_CONFIG,
    final: Annotated[int, typer.Option("--final", help="0: an error of the machine fails the job.")] = 1,
) -> None:
    """Restore a photograph, or one chunk of an experiment's problems.

    A photograph is taken as clean: it is corrupted by the task, restored, and compared. With --observed it
    is restored as it is. The task's parameters are options of their own, for example --sigma 25 or
    --missing 50. A prior that learns and has no model yet is trained first.
    """
    parameters = _parameters(context.args)
    if image is None:
        if not dataset:
            raise ValueError("restore needs a photograph, or --dataset with --task, --prior and --chunk")
        if parameters or output or observed or mask or corrupted:
            raise ValueError("-o, --observed, --mask, --corrupted and a task's parameters go with a photograph")
        from priorbench.stages.restore import restore as run

        run(load(config), dataset, task, prior, chunk, final=bool(final))
        return
    if output is None:
        raise ValueError("say where the restored photograph goes: -o restored.png")
    from priorbench.stages.photograph import restore_photograph

    restore_photograph(
        load(config),
        image,
        output,
        task=task,
        parameters=parameters,
        prior=prior,
        observed=observed,
        mask=mask,
        corrupted=corrupted,
    )


def _parameters(arguments: list[str]) -> dict[str, Any]:
    """Return ``--sigma 25 --missing=50`` as a mapping."""
    import yaml

    parameters: dict[str, Any] = {}
    waiting = list(arguments)
    while waiting:
        option, _, value = waiting.pop(0).partition("=")
        if not option.startswith("--"):
            raise ValueError(unknown("argument", option, ["--sigma", "--missing", "one photograph"]))
        if not value:
            if not waiting or waiting[0].startswith("--"):
                raise ValueError(f"the option {option} needs a value")
            value = waiting.pop(0)
        parameters[option.removeprefix("--").replace("-", "_")] = yaml.safe_load(value)
    return parameters
