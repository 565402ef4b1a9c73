"""How far an experiment is, as a person sees it."""

from __future__ import annotations

import math
import time

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from priorbench.monitor.failures import lines
from priorbench.monitor.status import PriorProgress, Progress

UNKNOWN = "–"
COUNTS = ("done", "running", "failed", "waiting")


def view(status: Progress) -> list[RenderableType]:
    """Return a line on the whole, a table of the priors, and failures with their logs."""
    parts: list[RenderableType] = [Text(line) for line in _head(status)]
    parts.append(_table(status))
    parts += [Text(line, overflow="fold") for line in lines(list(status.failures))]
    return parts


def print_status(console: Console, status: Progress) -> None:
    """Print it, lines whole and the table no wider than the console."""
    for part in view(status):
        console.print(part, soft_wrap=isinstance(part, Text))


def duration(seconds: float | None) -> str:
    """Return a time in two units at most, for example ``42 s``, ``7 min`` or ``2 h 05 min``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def _head(status: Progress) -> list[str]:
    ended, total, jobs = (
        status.sum("done") + status.sum("failed"),
        status.sum("total"),
        status.sum("running"),
    )
    line = f"{status.experiment}: {ended} of {total} restorations ended, "
    line += f"{status.sum('failed')} of them failed"
    if not status.finished:
        line += f"; {jobs} job{'' if jobs == 1 else 's'} restoring, left: {duration(status.eta)}"
    if status.changed is None:
        return [line, "nothing has been written yet"]
    lines = [line]
    if status.sum("outdated"):
        lines.append(
            f"{status.sum('outdated')} of them are out of date: computed with other code, settings "
            f"or images than the present ones ({_outdated_priors(status)})"
        )
    ago = duration(max(0.0, time.time() - status.changed))
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.changed))
    return [*lines, f"last change: {at}, {ago} ago"]


def _outdated_priors(status: Progress) -> str:
    return ", ".join(prior.prior for prior in status.priors if prior.outdated)


def _table(status: Progress) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("prior", overflow="fold")
    for name in COUNTS:
        # A narrow terminal breaks words, never numbers.
        table.add_column(name, justify="right", no_wrap=True)
    learns, tunes = any(p.training for p in status.priors), any(p.tuning for p in status.priors)
    for name, shown in (("training", learns), ("tuning", tunes)):
        if shown:
            table.add_column(name, overflow="fold")
    table.add_column("used", justify="right", no_wrap=True)
    table.add_column("left", justify="right", no_wrap=True)
    for prior in status.priors:
        fits = [*([prior.training] if learns else []), *([_tuning(prior)] if tunes else [])]
        table.add_row(
            prior.prior,
            *_counts(prior),
            *fits,
            duration(prior.seconds),
            duration(prior.eta) if prior.left else "",
            style=_style(prior),
        )
    table.add_section()
    gap = [""] * (learns + tunes)
    seconds = math.fsum(prior.seconds for prior in status.priors)
    left = duration(status.eta) if status.sum("left") else ""
    counts = [f"{status.sum('done')}/{status.sum('total')}"]
    counts += [str(status.sum(name)) for name in COUNTS[1:]]
    table.add_row("all", *counts, *gap, duration(seconds), left)
    return table


def _counts(prior: PriorProgress) -> list[str]:
    """Return the counts of a row: first the restorations that are done, of all."""
    return [f"{prior.done}/{prior.total}", *(str(getattr(prior, name)) for name in COUNTS[1:])]


def _tuning(prior: PriorProgress) -> str:
    """Return the state of the tasks, the least finished first."""
    if not prior.tuning:
        return ""
    state = next(
        state for state in ("failed", "running", "waiting", "done") if state in prior.tuning
    )
    done = sum(one in ("done", "failed") for one in prior.tuning)
    return f"{state} {done}/{len(prior.tuning)}"


def _style(prior: PriorProgress) -> str:
    if prior.failed or "failed" in (prior.training, *prior.tuning):
        return "red"
    if prior.running or "running" in (prior.training, *prior.tuning):
        return "bold"
    return "" if prior.left else "green"
