"""Stage ``score``: compare the restorations of a chunk with the clean images."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from priorbench.data.images import read_image
from priorbench.files import read_rows, write_rows
from priorbench.plan import Plan
from priorbench.plugins import Registered
from priorbench.records import MetricSpec
from priorbench.stages.log import say
from priorbench.stages.outcome import FAILED, OK, Outcome


def score(plan: Plan, dataset: str, task: str, prior: str, chunk: str) -> None:
    """Write one row of ``scores`` for each image and metric of a chunk of restorations.

    A restoration that failed has rows as well, without a value; so has a metric that can't be loaded or raises.
    """
    metrics = {name: plan.registry.metrics[name] for name in plan.metrics}
    border = plan.task(task).spec.border
    rows: list[dict[str, Any]] = []
    for run in read_rows(Path(plan.layout.runs(dataset, task, prior, chunk))):
        image = run["image"]
        if run["status"] == OK:
            clean = _read(Path(plan.layout.image(dataset, image)), border)
            restored = _read(Path(plan.layout.restored(dataset, task, prior, f"{image}.png")), border)
        for name, metric in metrics.items():
            value, status, reason = None, run["status"], run["reason"]
            if status == OK:
                value, status, reason = _evaluate(metric, restored, clean)
            row = {key: run[key] for key in ("experiment", "dataset", "image", "task", "prior", "source")}
            rows.append({**row, "metric": name, "value": value, "status": status, "reason": reason, "note": ""})
            say(f"{dataset}/{task}/{prior}/{image}: {name} {reason or f'{value:.4f}'}")
    write_rows(Path(plan.layout.scores(dataset, task, prior, chunk)), rows)


def _read(path: Path, border: int) -> np.ndarray:
    """Read an image as H × W × C with its border cut."""
    array = read_image(path)
    array = array[:, :, None] if array.ndim == 2 else array
    return array[border : array.shape[0] - border, border : array.shape[1] - border]


def _evaluate(metric: Registered[MetricSpec], restored: np.ndarray, clean: np.ndarray) -> tuple[float | None, str, str]:
    """Return value, status and reason."""
    try:
        value = float(metric.load()(restored, clean))
    except (Exception, SystemExit) as error:
        return None, FAILED, Outcome.of_exception(error, "score").reason
    if not math.isfinite(value):
        why = ": the restoration equals the clean image" if (restored == clean).all() else ""
        return None, FAILED, f"the metric is {value}{why}"
    return value, OK, ""
