"""``priorbench restore``: a chunk of an experiment, or a photograph of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load

EXTRA = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(context_settings=EXTRA)(restore)


def restore(
    context: typer.Context,
    task: Annotated[
        str, typer.Option("--task", help="A task, for example denoise, or its id, denoise-25.")
    ],
    prior: Annotated[str, typer.Option("--prior", help="Id of a prior, for example gmm-K50.")],
    image: Annotated[
        str | None, typer.Argument(help="A photograph; without it, a chunk of the experiment.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the restored photograph goes.")
    ] = None,
    observed: Annotated[
        bool,
        typer.Option("--observed", help="The photograph is corrupted already; do not corrupt it."),
    ] = False,
    mask: Annotated[
        Path | None, typer.Option("--mask", help="White where an observed pixel is known.")
    ] = None,
    guide: Annotated[
        Path | None,
        typer.Option("--guide", help="A flash photograph of what is observed, for denoise-guided."),
    ] = None,
    corrupted: Annotated[
        Path | None, typer.Option("--corrupted", help="Where to keep the corrupted image.")
    ] = None,
    dataset: Annotated[str, typer.Option("--dataset", help="A data set of the experiment.")] = "",
    chunk: Annotated[
        str, typer.Option("--chunk", help="Number of a group of images, from 0.")
    ] = "0",
    config: ConfigOption = DEFAULT_CONFIG,
    final: Annotated[
        int, typer.Option("--final", help="0: an error of the machine fails the job.")
    ] = 1,
) -> None:
    """Restore a photograph, or one chunk of an experiment's problems.

    A photograph is taken as clean: it is corrupted by the task, restored, and compared. With --observed it
    is restored as it is. The task's parameters are options of their own, for example --sigma 25 or
    --missing 50. A prior that learns and has no model yet is trained first.
    """
    # Options that only the task knows reach here among the arguments, and their values look like photographs.
    photographs, parameters = _separate([image, *context.args] if image is not None else [])
    if not photographs:
        if not dataset:
            raise ValueError(
                "restore needs a photograph, or --dataset with --task, --prior and --chunk"
            )
        if parameters or output or observed or mask or guide or corrupted:
            raise ValueError(
                "-o, --observed, --mask, --guide, --corrupted and task parameters go with a photograph"
            )
        from priorbench.stages.restore import restore as run

        run(load(config), dataset, task, prior, chunk, final=bool(final))
        return
    if output is None:
        raise ValueError("say where the restored photograph goes: -o restored.png")
    from priorbench.stages.photograph import restore_photograph

    restore_photograph(
        load(config),
        photographs[0],
        output,
        task=task,
        parameters=parameters,
        prior=prior,
        observed=observed,
        mask=mask,
        guide=guide,
        corrupted=corrupted,
    )


def _separate(arguments: list[str]) -> tuple[list[Path], dict[str, Any]]:
    """Return the photograph and the task's parameters from ``photo.png --sigma 25 --missing=50``, in any order."""
    import yaml

    photographs: list[Path] = []
    parameters: dict[str, Any] = {}
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if not argument.startswith("--"):
            photographs.append(Path(argument))
            continue
        option, _, value = argument.partition("=")
        if not value:
            if not waiting or waiting[0].startswith("--"):
                raise ValueError(f"the option {option} needs a value")
            value = waiting.pop(0)
        parameters[option.removeprefix("--").replace("-", "_")] = yaml.safe_load(value)
    if len(photographs) > 1:
        raise ValueError(
            f"restore takes one photograph, not {len(photographs)}: {', '.join(map(str, photographs))}"
        )
    return photographs, parameters
