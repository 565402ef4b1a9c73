"""``priorbench datasets``: list the standard data sets, and download them before a run."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The standard data sets.", no_args_is_help=True)


@app.command("list")
def list_datasets() -> None:
    """List every set: images, shortest and longest side, where from, how many files are at hand."""
    from priorbench.data.catalogue import registry
    from priorbench.data.download import location, needed

    for name in registry():
        known = needed(name)
        sides = sorted({side for entry in known for side in (entry.height, entry.width) if side})
        size = (
            " – ".join(map(str, dict.fromkeys((sides[0], sides[-1])))) + " pixels" if sides else "–"
        )
        source = ", ".join(sorted({entry.repository for entry in known if entry.repository}))
        held = sum(location(entry).is_file() for entry in known)
        typer.echo(f"{name:14} {len(known):4} {size:16} {source:18} {held}/{len(known)} at hand")


@app.command("fetch")
def fetch_datasets(
    names: Annotated[list[str], typer.Argument(help="Names of sets as 'list' shows them.")],
) -> None:
    """Download what is missing and verify the rest, for machines without a network."""
    from priorbench.data.download import fetch, needed

    for known in [needed(name) for name in names]:
        files = [fetch(entry) for entry in known]
        typer.echo(f"{len(files)} files are in {files[0].parent}")
