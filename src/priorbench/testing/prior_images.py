"""Checks of what any prior gives back: images of every size and task, and a clear refusal."""

from __future__ import annotations

import torch

from priorbench.errors import NotApplicable
from priorbench.store.status import Status
from priorbench.testing.answers import fault_of, refusal
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.easy import easy_image, mean_squared_error
from priorbench.testing.levels import decibels
from priorbench.testing.prior_subject import PriorSubject
from priorbench.types import Image

TINY = ((1, 1), (2, 3), (5, 4))
ODD = (33, 47)
LARGE = (112, 128)
TASK_SIDE = 40
REFUSE = (
    "restore it, or raise ValueError (priorbench.NotApplicable where it is a limit of the method) "
    "with a message that says what would be right"
)


@check("loads")
def can_be_made(subject: PriorSubject) -> None:
    """Its class can be called with its parameters."""
    subject.build()


@check("loads", "can_be_made", "fits")
def restores(subject: PriorSubject) -> None:
    """It restores an easy gray image without an error."""
    subject.restored(subject.problem(), f"{subject.main_task} of an easy image")


@check("restores")
def image_is_float32(subject: PriorSubject) -> None:
    """The restored image is float32, on the problem's device, and needs no gradient."""
    problem = subject.problem()
    image = subject.restore(problem)
    if image.dtype != torch.float32:
        raise CheckFailed(
            f"the image is of {image.dtype}: return float32, for example image.float()"
        )
    if image.device != problem.y.device:
        raise CheckFailed(
            f"the image is on {image.device}, the problem on {problem.y.device}: return it there"
        )
    if image.requires_grad:
        raise CheckFailed(
            "the image carries a graph of gradients, which keeps memory: return image.detach()"
        )


@check("restores", "image_is_float32")
def better_than_nothing(subject: PriorSubject) -> None:
    """An easy image is closer to the clean one after the restoration than before."""
    if subject.source and subject.spec.baseline:
        raise Skipped("it is a baseline, which shows the observation itself")
    problem, clean = subject.problem(), subject.clean()
    restored = subject.restore(problem, context=subject.context(full=True))
    before = problem.y if problem.y.shape == clean.shape else problem.estimate()
    error, other = (mean_squared_error(image, clean) for image in (restored, before))
    if not error < other:
        raise CheckFailed(
            f"{subject.main_task} of an easy image (a ramp with one edge): the restoration has "
            f"{decibels(error)}, the observation itself {decibels(other)}: "
            "something sensible has more"
        )


@check("restores")
def colour(subject: PriorSubject) -> None:
    """It restores an image with 3 channels."""
    subject.restored_or_refused(subject.problem(channels=3), "an image with 3 channels", REFUSE)


@check("restores")
def odd_sizes(subject: PriorSubject) -> None:
    """It restores an image whose sides are odd."""
    problem = subject.problem(*ODD)
    subject.restored_or_refused(problem, f"an image of {ODD[0]} × {ODD[1]}", REFUSE)


@check("restores")
def tiny_images(subject: PriorSubject) -> None:
    """It restores an image of a few pixels, or refuses it clearly."""
    for height, width in TINY:
        # The task itself may refuse it, and then no prior ever sees it.
        try:
            problem = subject.problem(height, width)
        except ValueError:
            continue
        subject.restored_or_refused(problem, f"an image of {height} × {width}", REFUSE)


@check("restores")
def large_images(subject: PriorSubject) -> None:
    """It restores an image of many patches or tiles."""
    problem = subject.problem(*LARGE)
    subject.restored_or_refused(problem, f"an image of {LARGE[0]} × {LARGE[1]}", REFUSE)


@check("restores")
def declared_tasks(subject: PriorSubject) -> None:
    """It restores every task that it declares; one that it can't do says so."""
    faults, refused = [], 0
    declared = [name for name in subject.tasks if subject.declares(name)]
    for name in declared:
        problem = subject.problem_of(name, easy_image(TASK_SIDE, TASK_SIDE))
        outcome, _ = subject.outcome(problem)
        by_name = subject.source is not None and name in subject.spec.tasks
        if outcome.status == Status.UNSUPPORTED and outcome.reason and not by_name:
            refused += 1
        elif not outcome.ok:
            faults.append(f"{name}: {outcome.status}: {outcome.reason}")
    if refused == len(declared):
        faults.append("it refuses every task that it declares")
    if faults:
        raise CheckFailed(
            "\n".join(faults) + "\nrestore them, or leave them out of the record's tasks"
        )


@check("restores")
def other_tasks(subject: PriorSubject) -> None:
    """A task that it does not declare is refused clearly, or restored all the same."""
    others = [name for name in subject.tasks if not subject.declares(name)]
    if not others:
        raise Skipped("it declares every task")
    faults = [fault for name in others if (fault := _fault_of_other_task(subject, name))]
    if faults:
        raise CheckFailed(
            "\n".join(faults) + "\nraise priorbench.NotApplicable and say what it can restore"
        )


def _fault_of_other_task(subject: PriorSubject, name: str) -> str:
    """Return what is wrong with how a task is met that is not declared; nothing if all is well."""
    image = easy_image(TASK_SIDE, TASK_SIDE)
    problem = subject.problem_of(name, image)
    clean = subject.tasks[name].build().fit(image)
    restored: list[Image] = []
    fault = refusal(lambda: restored.append(subject.restore(problem)))
    if fault or not restored:
        return f"{name}: {fault}" if fault else ""
    [found] = restored
    fault = fault_of(found, problem)
    if fault:
        return f"{name}: {fault}"
    if mean_squared_error(found, clean) > mean_squared_error(problem.estimate(), clean):
        return f"{name}: returns an image that is worse than the observation"
    return ""


@check("restores")
def nan_is_reported(subject: PriorSubject) -> None:
    """An observation of NaN gives an error or NaN, never an image that looks like any other."""
    problem = subject.problem()
    # The library refuses such a problem, so NaN gets into it behind its back.
    problem.y.fill_(float("nan"))
    try:
        image = subject.restore(problem)
    except NotApplicable as error:
        raise CheckFailed(
            f"it says that it can't do the task ({error}): say that it is NaN"
        ) from None
    except Exception as error:
        if not str(error).strip():
            raise CheckFailed(f"it raises {type(error).__name__} without a message") from None
        return
    if torch.isfinite(image).all():
        raise CheckFailed(
            "from an observation that is NaN everywhere it makes a finite image: "
            "raise ValueError or priorbench.Diverged, or let NaN through; don't replace it"
        )


@check("restores")
def progress_is_a_fraction(subject: PriorSubject) -> None:
    """The progress that it reports lies between 0 and 1 and does not fall."""
    seen: list[float] = []
    context = subject.context(progress=lambda fraction, /, **values: seen.append(fraction))
    subject.restore(subject.problem(), context=context)
    if not seen:
        raise Skipped("it reports no progress")
    if not all(0 <= each <= 1 for each in seen):
        raise CheckFailed(f"it reports {min(seen):g} to {max(seen):g}: give a fraction from 0 to 1")
    if sorted(seen) != seen:
        raise CheckFailed("the fraction that it reports falls: give the share that is done")


IMAGES = (
    restores,
    image_is_float32,
    better_than_nothing,
    colour,
    odd_sizes,
    tiny_images,
    large_images,
    declared_tasks,
    other_tasks,
    nan_is_reported,
    progress_is_a_fraction,
)
