"""``priorbench cite``: BibTeX of the project and of what an experiment uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, load, print_json
from priorbench.cli.plugins import KINDS, find

if TYPE_CHECKING:
    from priorbench.plan import Plan
    from priorbench.plugins.citations import Citation, Source
    from priorbench.plugins.registry import Registered

PROJECT = "priorbench"


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("cite")(print_citations)


def print_citations(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names of priors, tasks, data sets, metrics or studies, or ids of the experiment; "
            "priorbench for the project itself. Default: the project and all that the experiment "
            "uses."
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Print BibTeX of the project and of all that an experiment uses, or of what has a name."""
    from priorbench.plugins.citations import cite

    if names:
        sources = [source for name in names if name != PROJECT for source in _named(name, config)]
    elif config.exists() or config != DEFAULT_CONFIG:
        sources = [*_used(load(config))]
    else:
        sources = []
        print(f"priorbench: no {config} here, so the project alone is cited", file=sys.stderr)
    citations, missing = cite(sources)
    if not names or PROJECT in names:
        citations.insert(0, project())
    if as_json:
        print_json({"citations": citations, "missing": missing})
        return
    print("\n\n".join(f"% {', '.join(one.used_by)}\n{one.bibtex}" for one in citations))
    for one in missing:
        print(f"priorbench: {one.used_by}: no BibTeX for {one.reference}", file=sys.stderr)
    if not citations:
        print("priorbench: they name no publication that has an entry", file=sys.stderr)


def project() -> Citation:
    """Return the citation of the project, as ``CITATION.cff`` has it."""
    import yaml

    from priorbench.plugins.citations import Citation, Publication

    known = yaml.safe_load(citation_file().read_text(encoding="utf-8"))
    authors = [
        f"{author['family-names']}, {author['given-names']}"
        if "family-names" in author
        else f"{{{author['name']}}}"
        for author in known["authors"]
    ]
    fields = {
        "author": " and ".join(authors),
        "title": known["title"],
        "year": str(known.get("date-released", ""))[:4],
        "version": known["version"],
        "note": f"Version {known['version']}",
        "doi": known.get("doi", ""),
        "url": known.get("repository-code") or known.get("url", ""),
    }
    given = tuple((name, value) for name, value in fields.items() if value)
    return Citation(PROJECT, Publication(PROJECT, "misc", given).bibtex(PROJECT), [PROJECT])


def citation_file() -> Path:
    """Return ``CITATION.cff``: of the package, or of the checkout that it is imported from."""
    package = Path(__file__).parents[1]
    installed = package / "CITATION.cff"
    return installed if installed.is_file() else package.parents[1] / "CITATION.cff"


def _used(plan: Plan) -> Iterator[Source]:
    """Yield what an experiment uses: priors, tasks, data sets, metrics and studies."""
    from priorbench.plugins.citations import Source

    used: dict[str, list[Registered[Any]]] = {
        "priors": [prior.entry for prior in plan.priors.values()],
        "tasks": [task.entry for task in plan.tasks.values()],
        "datasets": [dataset.source for dataset in plan.datasets.values()],
        "metrics": [plan.registry.metrics[name] for name in plan.metrics],
        "studies": [study.entry for study in plan.studies.values()],
    }
    for kind, entries in used.items():
        for entry in {entry.spec.name: entry for entry in entries}.values():
            yield Source(KINDS[kind], entry)


def _named(name: str, config: Path) -> list[Source]:
    """Return the specs of a name, or of an id of the experiment."""
    from priorbench.plugins.citations import Source

    return [Source(label.split(",")[0], entry) for label, entry, _ in find(name, config)]
