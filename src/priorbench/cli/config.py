"""``priorbench config``: look at an experiment's configuration."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from priorbench.cli.options import DEFAULT_CONFIG, ConfigOption, load
from priorbench.errors import in_brief

app = typer.Typer(help="Look at an experiment's configuration.", no_args_is_help=True)


@app.command()
def show(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Print the experiment with every key written out."""
    from priorbench.config import dump_experiment, load_experiment

    typer.echo(dump_experiment(load_experiment(config)), nl=False)


@app.command()
def validate(
    config: ConfigOption = DEFAULT_CONFIG,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="A broken plugin, or one that can't be imported, is an error."
        ),
    ] = False,
) -> None:
    """Check the experiment against the plugins and print what it holds."""
    from priorbench.data.folder import FolderParameters, passed_over
    from priorbench.plugins.kinds import kind_of_prior

    plan = load(config, strict=strict)
    plan.check_cells()
    if plan.experiment.plugins.strict:
        for prior in plan.priors.values():
            kind_of_prior(prior.entry)
        for task in plan.tasks.values():
            task.entry.load()
    for problem in plan.registry.problems:
        typer.echo(f"priorbench: {problem}", err=True)
    chunks = list(plan.all_chunks())
    typer.echo(f"{config} is valid: experiment {plan.experiment.experiment!r}")
    for name in ("test", "tasks", "priors", "metrics", "studies"):
        typer.echo(f"  {name}: {', '.join(getattr(plan, name)) or 'none'}")
    typer.echo(f"  {sum(map(len, chunks))} restorations in {len(chunks)} jobs")
    for dataset in plan.datasets.values():
        if isinstance(dataset.parameters, FolderParameters):
            rest = passed_over(dataset.parameters)
            if rest:
                typer.echo(f"  {dataset.id} passes over {in_brief(rest)}")


@app.command()
def schema() -> None:
    """Print the JSON schema, for editors."""
    from priorbench.config import Experiment

    typer.echo(json.dumps(Experiment.model_json_schema(), indent=2, ensure_ascii=False))


@app.command(hidden=True)
def reference() -> None:
    """Print docs/reference/configuration.md."""
    from priorbench.config.reference import configuration_page

    typer.echo(configuration_page(), nl=False)
