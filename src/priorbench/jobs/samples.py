"""Problems made of training images, for the stage ``tune``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from priorbench.errors import MachineError, raise_if_storage
from priorbench.jobs.log import say
from priorbench.plan import Plan, Variant
from priorbench.seeds import derive_seed, seed_everything
from priorbench.specs import TaskSpec
from priorbench.store.outcome import Outcome

if TYPE_CHECKING:
    from priorbench.problem import Problem
    from priorbench.tasks import Task
    from priorbench.types import Image


@dataclass(frozen=True)
class Sample:
    """A training image made into a problem, and how its restoration is compared.

    Args:
        name: of the image and, where there are several, of the task.
        clean: the image.
        problem: what is restored.
        seed: of what the prior draws.
        border: rows and columns that are cut at each side before the comparison.
        luminance: whether luma alone is compared.
    """

    name: str
    clean: Image
    problem: Problem
    seed: int
    border: tuple[int, int]
    luminance: bool


def samples_of(plan: Plan, target: str, prior: str, images: list[str]) -> Iterator[Sample]:
    """Yield the problems that a tuning looks at, made from the centres of ``images``.

    An image that does not fit a task is left out.

    Args:
        plan: the experiment.
        target: id of a task, or ``solver-<regime>``: then each of the regime's training tasks.
        prior: id of the prior.
        images: names of training images.

    Raises:
        ValueError: none of them fits.
        Exception: whatever a task raises when it is made.
    """
    tasks = plan.tunings.tasks(target)
    for task in tasks:
        yield from _of_task(plan, task, prior, images, f", {task.label}" if len(tasks) > 1 else "")


def _of_task(
    plan: Plan, variant: Variant[TaskSpec], prior: str, images: list[str], suffix: str
) -> Iterator[Sample]:
    """Yield the problems of one task."""
    import torch

    from priorbench.data.tensors import read_tensor, to_array, to_tensor
    from priorbench.data.transform import transform

    task: Task = variant.build()
    name = variant.id
    rows, columns = task.border
    dataset, seed = plan.prior(prior).tune_on, plan.experiment.seed
    reasons: list[str] = []
    for image in images:
        photograph = to_array(read_tensor(plan.layout.image(dataset, image)))
        try:
            clean = task.fit(to_tensor(transform(photograph, crop=plan.experiment.tuning.crop)))
            corrupting = derive_seed(seed, "tune", dataset, image, name)
            seed_everything(corrupting)
            generator = torch.Generator().manual_seed(corrupting)
            problem = task.corrupt(clean, generator)
        except MachineError:
            raise
        except Exception as error:
            raise_if_storage(error)
            reasons.append(f"{image}: {Outcome.of_exception(error, 'tune').reason}")
            say(f"{name} leaves out the training image {reasons[-1]}")
            continue
        # The name, not the id: the variants of one prior are tuned with the same random draws.
        drawn = derive_seed(seed, "tune", dataset, image, name, plan.prior(prior).spec.name)
        border = (int(rows), int(columns))
        yield Sample(f"{image}{suffix}", clean, problem, drawn, border, bool(task.luminance))
    if len(reasons) == len(images):
        raise ValueError(f"no training image fits the task; {reasons[0]}")
