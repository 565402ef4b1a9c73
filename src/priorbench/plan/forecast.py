"""What an experiment will take, before anything runs: jobs, hours, disk, and how long it lasts at
best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from priorbench.plan.estimates import JOB_SECONDS, Origin
from priorbench.plan.plan import Plan

BYTES = {"image": 2.0, "problem": 4.0, "restored": 2.0}
"""Of each value of an image on disk: 16-bit PNG, float32, 16-bit PNG; compression is left out."""
ROW_BYTES = 4000.0
"""Of a restoration's rows, record and share of logs."""
TRAINING_SHARE = 0.25
"""Share of its time limit that a fit takes which was never measured."""


@dataclass(frozen=True)
class PriorForecast:
    """What one prior will take.

    Args:
        prior: its id.
        cells: restorations.
        jobs: of restoring, scoring, training and tuning.
        restorations_per_job: the most of a restoring job.
        job_minutes: the longest restoring job.
        core_hours: time of all jobs times their threads.
        gpu_hours: time of those jobs that hold GPUs times their number.
        memory_mb: the most that a job asks for at first.
        chain_minutes: its longest chain of jobs: training, tuning, the longest restoring job,
            its scoring.
        origin: where the time of a restoration is known from.
    """

    prior: str
    cells: int
    jobs: int
    restorations_per_job: int
    job_minutes: float
    core_hours: float
    gpu_hours: float
    memory_mb: int
    chain_minutes: float
    origin: Origin


@dataclass(frozen=True)
class Forecast:
    """What an experiment will take.

    Args:
        priors: each prior.
        other_jobs: what belongs to no prior: data, gathering, tables, figures, studies.
        disk_bytes: of images, problems, restorations and rows; models and logs of the methods
            are not known.
        files: how many there will be.
    """

    priors: tuple[PriorForecast, ...]
    other_jobs: int
    disk_bytes: float
    files: int

    @property
    def cells(self) -> int:
        """The restorations."""
        return sum(prior.cells for prior in self.priors)

    @property
    def jobs(self) -> int:
        """All jobs."""
        return self.other_jobs + sum(prior.jobs for prior in self.priors)

    @property
    def core_hours(self) -> float:
        """Of all jobs of priors."""
        return math.fsum(prior.core_hours for prior in self.priors)

    @property
    def gpu_hours(self) -> float:
        """Of all jobs of priors."""
        return math.fsum(prior.gpu_hours for prior in self.priors)

    @property
    def critical(self) -> PriorForecast:
        """The prior whose chain of jobs is the longest: with any number of cores it lasts that
        long.
        """
        return max(self.priors, key=lambda prior: prior.chain_minutes)

    def hours(self, cores: int) -> float:
        """Return how long it lasts at best on this number of cores."""
        return max(self.core_hours / cores, self.critical.chain_minutes / 60)


def forecast(plan: Plan) -> Forecast:
    """Return what an experiment will take if nothing of it is done yet.

    Raises:
        ConfigError: no prior can do any task.
    """
    plan.check_cells()
    priors = tuple(found for name in plan.priors if (found := _prior(plan, name)).cells)
    values = {
        name: 1e6 * plan.estimates.pixels(dataset).mean for name, dataset in plan.datasets.items()
    }
    images = math.fsum(
        values[name] * len(dataset.images) for name, dataset in plan.datasets.items()
    )
    tested = math.fsum(values[name] * len(plan.datasets[name].images) for name in plan.test)
    restored = math.fsum(
        values[cell.dataset] * len(plan.datasets[cell.dataset].images) for cell in plan.cells()
    )
    cells = sum(prior.cells for prior in priors)
    disk = (
        BYTES["image"] * images
        + BYTES["problem"] * tested * len(plan.tasks)
        + BYTES["restored"] * restored
        + ROW_BYTES * cells
    )
    problems = len(plan.tasks) * sum(len(plan.datasets[name].images) for name in plan.test)
    jobs = sum(prior.jobs for prior in priors)
    # Gathering, tables, figures and the site are one job each.
    other = len(plan.datasets) + len(plan.test) * len(plan.tasks) + 4 + len(plan.studies)
    # A restoration has its image, its record and that of its scores, and on the site a link and a
    # thumbnail; a job its log and its output.
    own = 2 * (jobs + other)
    files = (
        sum(len(dataset.images) for dataset in plan.datasets.values()) + problems + 5 * cells + own
    )
    return Forecast(priors, other, disk, files)


@dataclass(frozen=True)
class _Job:
    """What a restoring job will take.

    Args:
        restorations: how many.
        seconds: of them.
        scoring_seconds: of the job that scores them.
    """

    restorations: int
    seconds: float
    scoring_seconds: float


def _prior(plan: Plan, name: str) -> PriorForecast:
    prior = plan.priors[name]
    work = list(_restoring(plan, name))
    training = 0.0
    targets = plan.tunings.of_prior(name) if work else []
    fits = prior.spec.learns and bool(work)
    if fits:
        known = plan.estimates.training_seconds(prior)
        unknown = 60 * TRAINING_SHARE * prior.resources.training_minutes
        training = JOB_SECONDS + (unknown if known is None else known)
    tunings = [_tuning_seconds(plan, target, name) for target in targets]
    held = training + math.fsum(tunings) + math.fsum(job.seconds for job in work)
    scoring = math.fsum(job.scoring_seconds for job in work)
    longest = max((job.seconds + job.scoring_seconds for job in work), default=0.0)
    sets = [cell.dataset for cell in plan.cells([name])]
    return PriorForecast(
        prior=name,
        cells=sum(job.restorations for job in work),
        jobs=2 * len(work) + fits + len(targets),
        restorations_per_job=max((job.restorations for job in work), default=0),
        job_minutes=max((job.seconds for job in work), default=0.0) / 60,
        core_hours=(prior.resources.threads * held + scoring) / 3600,
        gpu_hours=prior.resources.gpus * held / 3600,
        memory_mb=max((plan.limits.memory(name, dataset, 1) for dataset in sets), default=0),
        chain_minutes=(training + max(tunings, default=0.0) + longest) / 60,
        origin=_origin(plan, name),
    )


def _origin(plan: Plan, name: str) -> Origin:
    """Return where the times of a prior's restorations are known from: the least certain of its
    tasks.
    """
    prior = plan.priors[name]
    origins = [
        plan.estimates.cost(prior, task).origin
        for task in plan.tasks.values()
        if prior.can_do(task)
    ]
    return max(origins, key=get_args(Origin).index, default="limit")


def _tuning_seconds(plan: Plan, target: str, name: str) -> float:
    """Return what a tuning will take, by the crops that it looks at."""
    prior = plan.priors[name]
    source = plan.datasets[prior.tune_on]
    seconds = plan.estimates.seconds(prior, plan.tunings.tasks(target), source)
    crop = plan.experiment.tuning.crop
    if crop:
        whole = 1e6 * plan.estimates.pixels(source).mean
        seconds *= min(1.0, crop**2 / whole)
    return JOB_SECONDS + plan.tunings.runs(target, name) * seconds


def _restoring(plan: Plan, name: str) -> Iterator[_Job]:
    """Yield the restoring jobs of a prior."""
    prior = plan.priors[name]
    for chunk in plan.all_chunks([name]):
        dataset = plan.datasets[chunk.dataset]
        restoring = [
            (1 + plan.experiment.samples)
            * len(part.images)
            * plan.estimates.seconds(prior, [plan.task(part.cell.task)], dataset)
            for part in chunk.parts
        ]
        scoring = len(chunk) * plan.estimates.scoring_seconds(dataset)
        yield _Job(len(chunk), JOB_SECONDS + math.fsum(restoring), JOB_SECONDS + scoring)
