"""What an experiment compares, as the page names and explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from priorbench.figures.marks import prior_marks, to_hex
from priorbench.plan import Plan
from priorbench.results.catalogue import family
from priorbench.results.planned import catalogue


@dataclass(frozen=True)
class Dataset:
    """A data set that priors are tested on.

    Args:
        id: its id.
        images: names of its images, in order.
    """

    id: str
    images: list[str]


@dataclass(frozen=True)
class Task:
    """A task.

    Args:
        id: its id.
        label: its name in tables.
        reference: DOI or address of its source.
        summary: what it is, in a line.
    """

    id: str
    label: str
    reference: str
    summary: str


@dataclass(frozen=True)
class Prior:
    """A prior.

    Args:
        id: its id.
        label: its name in tables.
        family: what its id starts with.
        color: its colour in figures, as CSS takes it.
        baseline: whether it knows nothing of images.
        reference: DOI or address of its source.
        summary: what it is, in a line.
        learns: whether it is fitted.
        parameters: their values.
        tuned: whether parameters or the settings of its solver are tuned in this experiment.
    """

    id: str
    label: str
    family: str
    color: str
    baseline: bool
    reference: str
    summary: str
    learns: bool
    parameters: Mapping[str, Any]
    tuned: bool


@dataclass(frozen=True)
class Metric:
    """A metric.

    Args:
        id: its name.
        label: its name in tables.
        unit: empty for a pure number.
        decimals: digits that are shown.
        higher_is_better: the direction; None for a diagnosis that has no best.
    """

    id: str
    label: str
    unit: str
    decimals: int
    higher_is_better: bool | None


def datasets_of(plan: Plan) -> list[Dataset]:
    """Return the data sets that priors are tested on."""
    return [Dataset(name, list(plan.dataset(name).images)) for name in plan.test]


def tasks_of(plan: Plan) -> list[Task]:
    """Return the tasks."""
    return [
        Task(task.id, task.label, task.spec.reference, task.spec.summary)
        for task in plan.tasks.values()
    ]


def priors_of(plan: Plan) -> list[Prior]:
    """Return the priors."""
    marks = prior_marks(catalogue(plan))
    return [
        Prior(
            id=prior.id,
            label=prior.label,
            family=family(prior.id),
            color=to_hex(marks[prior.id].colour),
            baseline=prior.spec.baseline,
            reference=prior.spec.reference,
            summary=prior.spec.summary,
            learns=prior.spec.learns,
            parameters=prior.parameters,
            tuned=bool(plan.tunings.of_prior(prior.id)),
        )
        for prior in plan.priors.values()
    ]


def metrics_of(plan: Plan) -> list[Metric]:
    """Return the metrics."""
    return [
        Metric(name, spec.label or name, spec.unit, spec.decimals, spec.higher_is_better)
        for name, spec in plan.metrics.items()
    ]
