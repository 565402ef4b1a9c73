"""``priorbench restore``: restore one's own photographs."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    # The task's parameters are options of their own, and reach the command among the photographs.
    app.command(context_settings={"ignore_unknown_options": True})(restore)


def restore(
    photographs: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO... [--PARAMETER VALUE]...",
            help="Photographs, or folders of them; parameters of the task, such as --sigma 25.",
        ),
    ],
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
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Where the restored photograph goes: .png, .tif, .jpg, or a folder.",
        ),
    ],
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
    config: ConfigOption = DEFAULT_CONFIG,
    folder: Annotated[
        Path,
        typer.Option(
            "-C", help="The experiment's folder, where --config, plugins and results are."
        ),
    ] = Path(),
) -> None:
    """Restore photographs.

    A photograph is taken as clean: it is corrupted by the task, restored, and compared.
    With --observed it is restored as it is.
    The task's parameters are options of their own, for example --sigma 25 or --missing 50.
    With --observed, --sigma auto estimates σ from the photograph and prints it.
    A prior that learns and has no model yet is trained first.
    """
    sources, parameters = _separate(photographs)
    if not sources:
        raise ValueError("name a photograph, or a folder of them")
    from priorbench.config import load_experiment
    from priorbench.photographs.request import Request
    from priorbench.photographs.restore import restore_photographs

    here = Path.cwd()

    def absolute(path: Path | None) -> Path | None:
        """Return a path that is the same in the experiment's folder."""
        return path if path is None or folder == Path() else here / path

    def parameter(value: Any) -> Any:
        """Return the value of a parameter; one that is a file, such as a kernel, as its path."""
        is_file = isinstance(value, str) and folder != Path() and Path(value).is_file()
        return str(here / value) if is_file else value

    request = Request(
        sources=[absolute(path) or path for path in sources],
        output=absolute(output) or output,
        task=task,
        parameters={key: parameter(value) for key, value in parameters.items()},
        priors=prior,
        observed=observed,
        mask=absolute(mask),
        guide=absolute(guide),
        corrupted=absolute(corrupted),
        sheet=absolute(sheet),
        suffix=f".{form.lower().removeprefix('.')}",
        bits=bits,
        force=force,
    )
    with contextlib.chdir(folder):
        restore_photographs(load_experiment(config), request)


def _separate(arguments: list[str]) -> tuple[list[Path], dict[str, Any]]:
    """Return photographs and parameters of ``photo.png --sigma 25 --missing=50``, in any order."""
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
