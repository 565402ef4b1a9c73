"""``priorbench init``: a folder for an experiment of one's own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from priorbench import shipped
from priorbench.errors import unknown

IGNORED = "results/\n.snakemake/\n"
"""What a run writes, for ``.gitignore``."""
FOLDER_HELP = "Where the experiment is to run; it is made if it is missing."


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("init")(init)


def init(
    folder: Annotated[Path, typer.Argument(help=FOLDER_HELP)] = Path(),
    source: Annotated[
        str,
        typer.Option(
            "--from",
            help=f"The experiment to begin with: {', '.join(shipped.experiments())}.",
        ),
    ] = shipped.DEFAULT,
    snakefile: Annotated[
        bool,
        typer.Option(
            "--snakefile",
            help="Write a Snakefile too, which imports the workflow as a module, for rules of "
            "your own, and the profile that `snakemake` reads beside it.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that are there already.")
    ] = False,
) -> None:
    """Write config.yaml, the description of an experiment, and say how to run it."""
    from priorbench.store.files import write_atomically

    if folder.is_file():
        raise NotADirectoryError(f"{folder} is a file: name a folder, which may be missing")
    files = _texts(source)
    if snakefile:
        files["Snakefile"] = shipped.template("Snakefile").read_text(encoding="utf-8")
        profile = shipped.profile("default") / "config.yaml"
        files["profiles/default/config.yaml"] = profile.read_text(encoding="utf-8")
    # All are looked for before the first is written: a folder is changed whole or not at all.
    present = [name for name in files if (folder / name).exists()]
    if present and not force:
        raise FileExistsError(
            f"{', '.join(str(folder / name) for name in present)} would be overwritten: name "
            "another folder, or add --force"
        )
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = IGNORED
    for name, text in files.items():
        write_atomically(folder / name, text)
    typer.echo(f"{folder / 'config.yaml'} holds the experiment {source!r}: edit it as you like")
    there = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    typer.echo(f"see what it takes:  {there}priorbench plan")
    typer.echo(f"run it:             {there}priorbench run")


def _texts(source: str) -> dict[str, str]:
    """Return the files of an experiment and what they hold."""
    known = shipped.experiments()
    if source not in known:
        raise ValueError(unknown("experiment", source, known))
    text = known[source].read_text(encoding="utf-8")
    # Editors look for the schema beside the file.
    text = re.sub(r"(\$schema=)\S+", r"\1schema.json", text)
    return {"config.yaml": text, "schema.json": shipped.schema().read_text(encoding="utf-8")}
