"""One metric of one restoration: its value, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from priorbench.errors import NotApplicable, raise_if_storage
from priorbench.plan import Variant
from priorbench.plugins.registry import Registered
from priorbench.seeds import derive_seed, seeded
from priorbench.specs import MetricSpec, TaskSpec
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status


@dataclass(frozen=True)
class Evaluation:
    """What a metric gave.

    Args:
        value: None if it gave none.
        status: ``ok``, ``undefined`` where the metric is not defined for the image or the task, or
            how it failed.
        reason: one sentence; empty when ok.
    """

    value: float | None
    status: Status = Status.OK
    reason: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evaluation:
        """Return the evaluation whose fields are among the entries."""
        return cls(data["value"], Status(data["status"]), data["reason"])


def scoring_seed(seed: int, dataset: str, task: str, image: str, metric: str) -> int:
    """Return the seed of a metric that draws at random: the same for all priors.

    Args:
        seed: the experiment's.
        dataset: id of the data set.
        task: id of the task.
        image: name of the image.
        metric: name of the metric.
    """
    return derive_seed(seed, "score", dataset, image, task, metric)


def evaluate(metric: Callable[[], Any]) -> Evaluation:
    """Return the value of a metric, or the reason why it has none.

    Args:
        metric: gives the value.

    Raises:
        StorageError: what it reads is damaged.
    """
    try:
        value = float(metric())
    except NotApplicable as error:
        return Evaluation(None, Status.UNDEFINED, str(error))
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        outcome = Outcome.of_exception(error, "score")
        return Evaluation(None, outcome.status, outcome.reason)
    if not math.isfinite(value):
        return Evaluation(None, Status.FAILED, f"the metric is {value}")
    return Evaluation(value)


def evaluate_of_problem(
    metric: Registered[MetricSpec],
    task: Variant[TaskSpec],
    problem: Path,
    restored: Path,
    seed: int,
) -> Evaluation:
    """Return the value of a metric that needs no clean image. It opens the problem, and so brings
    torch.

    Args:
        metric: the metric.
        task: the task that made the problem.
        problem: its file.
        restored: the file of the restoration.
        seed: of all global generators; see :func:`scoring_seed`.

    Raises:
        StorageError: a file is damaged.
    """

    def value() -> Any:
        from priorbench.data.tensors import read_tensor
        from priorbench.problem import Problem

        task.entry.load()  # Makes the task's operators known.
        function = metric.load()
        images = read_tensor(restored), Problem.load(problem)
        with seeded(seed):
            return function(*images)

    return evaluate(value)
