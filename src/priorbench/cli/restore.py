"""``priorbench restore``: a chunk of an experiment, or photographs of one's own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any, overload

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load
from priorbench.config import load_experiment

EXTRA = {"allow_extra_args": True, "ignore_unknown_options": True}


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(context_settings=EXTRA)(restore)


def restore(
    context: typer.Context,
    task: Annotated[
        str, typer.Option("--task", help="A task, for example denoise, or its id, denoise-25.")
    ],
    prior: Annotated[
        list[str],
        typer.Option(
            "--prior",
            help="Id, label or name of a prior, for example gmm-K50; several times for several.",
        ),
    ],
    image: Annotated[
        str | None,
        typer.Argument(
            help="Photographs, or folders of them; without any, a chunk of the experiment."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where the restored photograph goes: .png, .tif, .jpg, or a folder.",
        ),
    ] = None,
    observed: Annotated[
        bool,
        typer.Option("--observed", help="The photograph is corrupted already; do not corrupt it."),
    ] = False,
    mask: Annotated[
        Path | None,
        typer.Option("--mask", help="White and opaque where a pixel is known."),
    ] = None,
    guide: Annotated[
        Path | None,
        typer.Option("--guide", help="A flash photograph of what is observed, for denoise-guided."),
    ] = None,
    corrupted: Annotated[
        Path | None,
        typer.Option(
            "--corrupted", help="Where to keep what was observed; missing pixels are transparent."
        ),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", help="Where to put all pictures side by side.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="Of the files in a folder: png, tif or jpg.")
    ] = "png",
    bits: Annotated[
        int | None, typer.Option("--bits", help="8 or 16; by default as many as the format has.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an input, if it is named as output.")
    ] = False,
    dataset: Annotated[str, typer.Option("--dataset", help="A data set of the experiment.")] = "",
    chunk: Annotated[
        str, typer.Option("--chunk", help="Number of a group of images, from 0.")
    ] = "0",
    config: ConfigOption = DEFAULT_CONFIG,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-C", help="The experiment's folder, where --config, plugins and results are."
        ),
    ] = None,
    final: Annotated[
        int, typer.Option("--final", help="0: an error of the machine fails the job.")
    ] = 1,
) -> None:
    """Restore photographs, or one chunk of an experiment's problems.

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
        if parameters or output or observed or mask or guide or corrupted or sheet or folder:
            raise ValueError(
                "-o, --observed, --mask, --guide, --corrupted, --sheet, -C and task parameters go with a photograph"
            )
        if len(prior) != 1:
            raise ValueError("a chunk of an experiment is restored by one prior")
        from priorbench.stages.restore import restore as run

        plan = load(config)
        run(plan, plan.cell(dataset, task, prior[0]), chunk, final=bool(final))
        return
    if output is None:
        raise ValueError("say where the restored photograph goes: -o restored.png")
    from priorbench.photographs.restore import Request, restore_photographs

    # Names of files start where the command is run, also in another folder's experiment.
    request = Request(
        sources=[path.absolute() for path in photographs] if folder else photographs,
        output=_from_here(output, folder),
        task=task,
        parameters={key: _file_from_here(value, folder) for key, value in parameters.items()},
        priors=prior,
        observed=observed,
        mask=_from_here(mask, folder),
        guide=_from_here(guide, folder),
        corrupted=_from_here(corrupted, folder),
        sheet=_from_here(sheet, folder),
        suffix=f".{form.lower().removeprefix('.')}",
        bits=bits,
        force=force,
    )
    with contextlib.chdir(folder) if folder else contextlib.nullcontext():
        restore_photographs(load_experiment(config), request)


@overload
def _from_here(path: Path, folder: Path | None) -> Path: ...
@overload
def _from_here(path: None, folder: Path | None) -> None: ...
def _from_here(path: Path | None, folder: Path | None) -> Path | None:
    """Return a path that means the same in another folder."""
    return path.absolute() if path is not None and folder is not None else path


def _file_from_here(value: Any, folder: Path | None) -> Any:
    """Return the value of a parameter; of one that names a file, such as a kernel, the path from here."""
    is_file = folder is not None and isinstance(value, str) and Path(value).is_file()
    return str(Path(value).absolute()) if is_file else value


def _separate(arguments: list[str]) -> tuple[list[Path], dict[str, Any]]:
    """Return the photographs and the task's parameters from ``photo.png --sigma 25 --missing=50``, in any order."""
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
    return photographs, parameters
