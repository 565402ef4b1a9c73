"""The table of a trial, for the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.table import Table

from priorbench.trial.outcome import Results


def table_of(results: Results) -> Table:
    """Return mean PSNR by prior and task, the gains over the best baselines, and the seconds."""
    names, plan = results.names, results.plan
    table = Table("prior", box=box.SIMPLE_HEAD)
    for label in (*names.tasks.values(), "seconds an image"):
        table.add_column(label, justify="right")
    means = {task: results.psnr(task).mean() for task in plan.tasks}

    def add(prior: str, style: str = "") -> None:
        scores = [_number(float(means[task][prior])) for task in plan.tasks]
        seconds = _number(results.seconds(prior))
        table.add_row(names.prior_label(prior), *scores, seconds, style=style)

    for prior in results.baselines:
        add(prior)
    table.add_section()
    for prior in results.tried:
        add(prior, "bold")
        if results.baselines:
            table.add_row("  against the best of the others", *_gains(results, prior), "")
    return table


def _gains(results: Results, prior: str) -> Sequence[str]:
    """Return the gain on each task with half the width of its interval."""
    texts = []
    for task in results.plan.tasks:
        gain = results.gain(task, prior)
        if gain is None:
            texts.append("–")
            continue
        half = (gain.high - gain.low) / 2
        interval = "" if math.isnan(half) else f" ± {half:.2f}"
        texts.append(f"{gain.decibels:+.2f}{interval}")
    return texts


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"
