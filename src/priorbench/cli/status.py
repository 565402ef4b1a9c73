"""``priorbench status``: how far a run is."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from priorbench.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    load,
    print_json,
    wide_console,
)


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(status)


def status(
    config: ConfigOption = DEFAULT_CONFIG,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again until all is restored.")
    ] = False,
    interval: Annotated[
        float, typer.Option("--interval", min=0.1, help="Seconds between two looks.")
    ] = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Print how far each prior is, also of a run in another terminal or on a cluster."""
    from rich.console import Group
    from rich.live import Live

    from priorbench.monitor.status import Observer
    from priorbench.monitor.status_view import print_status, view

    observer = Observer(load(config))
    console = wide_console()
    seen = observer.look()
    if as_json:
        print_json(seen)
        return
    if not watch:
        print_status(console, seen)
        return
    try:
        if console.is_terminal:
            with Live(Group(*view(seen)), console=console, auto_refresh=False) as live:
                while not seen.finished:
                    time.sleep(interval)
                    seen = observer.look()
                    live.update(Group(*view(seen)), refresh=True)
            return
        print_status(console, seen)
        while not seen.finished:
            time.sleep(interval)
            before, seen = seen, observer.look()
            if seen != before:
                print_status(console, seen)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
