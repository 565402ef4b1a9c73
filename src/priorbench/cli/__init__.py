"""The command line. Heavy imports happen inside the commands, so that help and lists are quick."""

from __future__ import annotations

import gc
import io
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from priorbench import __version__
from priorbench.cli import (
    cite,
    compare,
    config,
    datasets,
    init,
    merge,
    plan,
    plugins,
    restore,
    run,
    stages,
    status,
    summary,
    verify,
)
from priorbench.cli.options import DEFAULT_CONFIG
from priorbench.errors import MachineError

OBJECTS_BETWEEN_COLLECTIONS = 100_000

app = typer.Typer(
    help="A benchmark of image priors: corrupt images, restore them with every prior, compare.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.add_typer(config.app, name="config")
app.add_typer(plugins.app, name="plugins")
app.add_typer(datasets.app, name="datasets")
init.add_to(app)
run.add_to(app)
stages.add_to(app)
restore.add_to(app)
plan.add_to(app)
status.add_to(app)
summary.add_to(app)
verify.add_to(app)
cite.add_to(app)
compare.add_to(app)
merge.add_to(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"priorbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; an error that the user can correct is one message, no traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no σ shows a question mark instead: that is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # Imports make hundreds of thousands of objects that stay: searches for garbage find nothing.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app()
    except (ValueError, OSError) as error:
        # Errors of the configuration and of plugins are ValueErrors.
        print(f"priorbench: {_not_made_yet(error) or error}", file=sys.stderr)
        raise SystemExit(2) from error
    except MachineError as error:
        # Not the user's fault, nor the method's: another attempt may succeed.
        print(f"priorbench: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def _not_made_yet(error: Exception) -> str:
    """Return what to do about a missing file of the experiment's own results; else nothing."""
    from priorbench.config import ConfigError, load_experiment

    # Only the message tells the file always: pyarrow's errors have no filename.
    named = re.search("'(.+?)'", str(error))
    if not isinstance(error, FileNotFoundError) or named is None:
        return ""
    arguments = [part for argument in sys.argv for part in argument.split("=", 1)]
    config = (
        arguments[arguments.index("--config") + 1] if "--config" in arguments else DEFAULT_CONFIG
    )
    try:
        experiment = load_experiment(Path(config))
    except ConfigError:
        return ""
    results = Path(experiment.results, experiment.experiment).absolute()
    if not Path(named[1]).absolute().is_relative_to(results):
        return ""
    return (
        f"{named[1]} is not there yet: run what makes it first, by `snakemake` or the earlier "
        "stages (prepare, corrupt, train, restore-chunk, score, gather)"
    )
