"""What an experiment will take, before anything runs: jobs, hours, disk, and how long it lasts at
best.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

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
        images_per_job: the most images of a restoring job.
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
    images_per_job: int
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
    other = len(plan.datasets) + len(plan.test) * len(plan.tasks) + len(plan.priors) + 2
    other += len(plan.figures) + len(plan.studies)
    # A restoration has its image and its record; a job its log and its output; half of them
    # restore: a benchmark too.
    own = 2 * (jobs + other) + jobs // 2
    files = (
        sum(len(dataset.images) for dataset in plan.datasets.values()) + problems + 2 * cells + own
    )
    return Forecast(priors, other, disk, files)


def _prior(plan: Plan, name: str) -> PriorForecast:
    prior = plan.priors[name]
    work = list(_restoring(plan, name))
    training = 0.0
    targets = plan.tunings.of_prior(name) if work else []
    fits = prior.spec.learns and bool(work)
    if fits:
        measured = plan.estimates.cost(prior).training_seconds
        training = JOB_SECONDS + (
            measured or 60 * TRAINING_SHARE * prior.resources.training_minutes
        )
    tunings = [_tuning_seconds(plan, target, name) for target in targets]
    held = training + math.fsum(tunings) + math.fsum(seconds for _, seconds, _ in work)
    scoring = math.fsum(seconds for _, _, seconds in work)
    sets = [cell.dataset for cell in plan.cells([name])]
    return PriorForecast(
        prior=name,
        cells=sum(images for images, _, _ in work),
        jobs=2 * len(work) + fits + len(targets),
        images_per_job=max((images for images, _, _ in work), default=0),
        job_minutes=max((seconds for _, seconds, _ in work), default=0.0) / 60,
        core_hours=(prior.resources.threads * held + scoring) / 3600,
        gpu_hours=prior.resources.gpus * held / 3600,
        memory_mb=max((plan.limits.memory(name, dataset, 1) for dataset in sets), default=0),
        chain_minutes=(
            training + max(tunings, default=0.0) + max((sum(job[1:]) for job in work), default=0.0)
        )
        / 60,
        origin=plan.estimates.cost(prior).origin,
    )


def _tuning_seconds(plan: Plan, target: str, name: str) -> float:
    """Return what a tuning will take, by the crops that it looks at."""
    prior = plan.priors[name]
    source = plan.datasets[prior.tune_on]
    seconds = plan.estimates.seconds(prior, source)
    crop = plan.experiment.tuning.crop
    if crop:
        whole = 1e6 * plan.estimates.pixels(source).mean
        seconds *= min(1.0, crop**2 / whole)
    return JOB_SECONDS + plan.tunings.runs(target, name) * seconds


def _restoring(plan: Plan, name: str) -> Iterator[tuple[int, float, float]]:
    """Yield for each restoring job of a prior its images, its seconds and those of its scoring."""
    prior = plan.priors[name]
    for cell in plan.cells([name]):
        chosen = plan.datasets[cell.dataset]
        for chunk in plan.chunks(cell.dataset, name):
            restoring = JOB_SECONDS + len(chunk) * plan.estimates.seconds(prior, chosen)
            scoring = JOB_SECONDS + len(chunk) * plan.estimates.scoring_seconds(chosen)
            yield len(chunk), restoring, scoring
