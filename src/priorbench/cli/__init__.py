"""The command line. Heavy imports happen inside the commands, so that help and lists are quick."""

from __future__ import annotations

import sys

import typer

from priorbench.cli import config, datasets, plan, plugins, restore, stages, status, summary, verify
from priorbench.config import ConfigError
from priorbench.errors import MachineError
from priorbench.plugins import PluginError

app = typer.Typer(
    help="A benchmark of image priors: corrupt images, restore them with every prior, compare.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(config.app, name="config")
app.add_typer(plugins.app, name="plugins")
app.add_typer(datasets.app, name="datasets")
stages.add_to(app)
restore.add_to(app)
plan.add_to(app)
status.add_to(app)
summary.add_to(app)
verify.add_to(app)


def main() -> None:
    """Run the command line; an error that the user can mend is one message, without a traceback."""
    try:
        app()
    except (ConfigError, PluginError, ValueError, OSError) as error:
        print(f"priorbench: {error}", file=sys.stderr)
        raise SystemExit(2) from error
    except MachineError as error:
        # Not the user's fault, nor the method's: another attempt may succeed.
        print(f"priorbench: {error}", file=sys.stderr)
        raise SystemExit(1) from error
