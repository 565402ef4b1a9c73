"""Checks of the problems that a task makes."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import torch

from priorbench.metrics.consistency import residual
from priorbench.operators import Identity
from priorbench.problem import Problem
from priorbench.seeds import seed_everything
from priorbench.solvers.continuation import regime
from priorbench.testing.answers import refusal
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.easy import easy_image
from priorbench.testing.prior_images import LARGE, ODD, TINY
from priorbench.testing.prior_order import generators, tensors_of
from priorbench.testing.task_subject import TaskSubject

FREQUENT = 0.75, 1.25
"""Bounds of ‖Hx − y‖² / nσ² for the clean image x: some thousand values lie well within them."""


@check("loads")
def task_can_be_made(subject: TaskSubject) -> None:
    """Its class is a Task, and can be called with its parameters."""
    _ = subject.task


@check("task_can_be_made")
def makes_a_problem(subject: TaskSubject) -> None:
    """A gray image gives a problem of its own size, in float32."""
    problem, clean = subject.problem(), subject.clean()
    if problem.image_shape != tuple(clean.shape[1:]):
        raise CheckFailed(
            f"the problem is one of an image of {problem.image_shape}, and the image that it was "
            f"made from has {tuple(clean.shape[1:])}: make the operator for that, or cut in fit"
        )
    if problem.y.dtype != torch.float32:
        raise CheckFailed(f"the observation is of {problem.y.dtype}: make it float32")


@check("makes_a_problem")
def image_untouched(subject: TaskSubject) -> None:
    """The clean image is the same after it was corrupted as before."""
    image = subject.clean()
    before = image.clone()
    subject.task.corrupt(image, torch.Generator().manual_seed(0))
    if not torch.equal(image, before):
        raise CheckFailed("corrupt changes the clean image, which scores compare with: copy it")


@check("makes_a_problem")
def draws_from_its_generator(subject: TaskSubject) -> None:
    """The same generator gives the same problem, whatever the global seeds."""
    one, other = (subject.problem(global_seed=seed) for seed in (1, 2))
    values = dict(tensors_of(other))
    changed = [name for name, value in tensors_of(one) if not torch.equal(value, values[name])]
    if changed:
        raise CheckFailed(
            f"{', '.join(changed)} differ from one call to the next with the same generator: "
            "draw from the generator that corrupt gets, for example "
            "torch.randn(shape, generator=generator)"
        )


@check("makes_a_problem")
def seeds_no_generator(subject: TaskSubject) -> None:
    """No global generator is seeded."""
    states = []
    for seed in (1, 2):
        seed_everything(seed)
        subject.task.corrupt(subject.clean(), torch.Generator().manual_seed(0))
        states.append(generators())
    reseeded = [name for name in states[0] if states[0][name] == states[1][name]]
    if reseeded:
        raise CheckFailed(
            f"it seeds the global generator of {', '.join(reseeded)}: leave it alone, and draw "
            "from the generator that corrupt gets"
        )


@check("makes_a_problem", "draws_from_its_generator")
def noise_differs(subject: TaskSubject) -> None:
    """Another seed gives other noise."""
    one, other = (subject.problem(seed=seed) for seed in (1, 2))
    if one.sigma == 0 and one.peak is None:
        raise Skipped("its problems have no noise")
    if torch.equal(one.y, other.y):
        raise CheckFailed(
            "two generators with different seeds give the same observation, and so would all "
            "images of an experiment have the same noise: draw it from the generator"
        )


@check("makes_a_problem")
def noise_as_declared(subject: TaskSubject) -> None:
    """The noise is as strong as the problem's σ or peak says."""
    problem = subject.problem()
    if problem.linear_operator is None or problem.sigma == 0:
        raise Skipped("its problems have no noise, or no linear operator")
    found = residual(subject.clean(), problem)
    low, high = FREQUENT
    if not low <= found <= high:
        raise CheckFailed(
            f"of the clean image, ‖Hx − y‖² / nσ² is {found:.3g}, and about 1 if y = Hx + n with "
            f"noise of σ = {problem.sigma:.4g}: give the problem the σ of its noise on [0, 1] "
            "(parameters are on 0 to 255), and the operator that was applied"
        )


@check("makes_a_problem")
def exact_without_noise(subject: TaskSubject) -> None:
    """Without noise, the observation is Hx."""
    problem = subject.problem()
    if problem.linear_operator is None or problem.sigma > 0:
        raise Skipped("its problems have noise, or no linear operator")
    operator = problem.operator
    difference = operator.restrict(operator.forward(subject.clean()) - problem.y)
    if not float(difference.abs().max()) <= 1e-4:
        raise CheckFailed(
            f"the problem says that it has no noise, but y differs from Hx by up to "
            f"{float(difference.abs().max()):.2g}: give it the operator that was applied"
        )


@check("makes_a_problem")
def colour_images(subject: TaskSubject) -> None:
    """An image with 3 channels gives a problem with 3 channels."""
    problem = subject.problem(channels=3)
    if problem.image_shape[0] != 3:
        raise CheckFailed(f"of 3 channels it makes {problem.image_shape[0]}: keep them")


@check("makes_a_problem")
def all_sizes(subject: TaskSubject) -> None:
    """Images of odd, large and tiny sizes give problems, or are refused clearly."""
    for height, width in (ODD, LARGE, *TINY):
        fault = refusal(partial(subject.problem, height, width))
        if fault:
            raise CheckFailed(
                f"an image of {height} × {width}: {fault}: raise ValueError and say what size is "
                "needed"
            )


@check("makes_a_problem")
def fit_cuts_at_the_end(subject: TaskSubject) -> None:
    """``fit`` returns the image without some rows at the bottom and columns at the right."""
    image = easy_image(*ODD)
    fitted = subject.task.fit(image)
    height, width = fitted.shape[2:]
    if not torch.equal(fitted, image[..., :height, :width]):
        raise CheckFailed(
            "fit does more than to cut at the bottom and at the right: scores compare "
            "restorations with the image that is left"
        )


@check("makes_a_problem")
def estimate_is_an_image(subject: TaskSubject) -> None:
    """The plainest image that the observation suggests is finite and of the right size."""
    problem = subject.problem()
    estimate = problem.estimate()
    if tuple(estimate.shape) != (1, *problem.image_shape) or not torch.isfinite(estimate).all():
        raise CheckFailed(
            f"the operator's estimate has the shape {tuple(estimate.shape)} or holds NaN: return "
            f"an image of {(1, *problem.image_shape)}"
        )


@check("makes_a_problem")
def problem_saved_and_loaded(subject: TaskSubject) -> None:
    """A problem that was saved and loaded again is the same."""
    problem, clean = subject.problem(), subject.clean()
    with tempfile.TemporaryDirectory(prefix="priorbench-") as folder:
        path = Path(folder, "problem.npz")
        problem.save(path)
        other = Problem.load(path)
    same = torch.equal(problem.y, other.y) and problem.sigma == other.sigma
    if problem.linear_operator is not None:
        same = same and torch.equal(problem.operator.forward(clean), other.operator.forward(clean))
    if not same:
        raise CheckFailed(
            "after save and load the problem is another one: arguments() of the operator must "
            "return all arguments of its constructor, and the constructor keep them"
        )


@check("makes_a_problem")
def observes(subject: TaskSubject) -> None:
    """``observe`` makes a problem of an observation, or says what it lacks."""
    observation = subject.problem().y
    fault = refusal(lambda: subject.task.observe(observation))
    if fault:
        raise CheckFailed(
            f"observe of an observation that it made itself: {fault}: return a Problem, or raise "
            "ValueError and say what is needed"
        )


@check("makes_a_problem")
def protocol(subject: TaskSubject) -> None:
    """``border`` is two whole numbers that leave something of an image, ``luminance`` a bool."""
    rows, columns = subject.task.border
    height, width = LARGE
    if not (0 <= rows < height / 4 and 0 <= columns < width / 4):
        raise CheckFailed(
            f"border is {(rows, columns)}: give the rows and columns that are cut from each side"
        )
    if not isinstance(subject.task.luminance, bool):
        raise CheckFailed(f"luminance is {subject.task.luminance!r}: give True or False")


@check("makes_a_problem")
def regimes_as_declared(subject: TaskSubject) -> None:
    """The record's ``regimes`` hold that of its problems, in which splittings are tuned."""
    if subject.spec.regimes is None:
        raise Skipped("its record names no regimes, so all of them may be tuned")
    declared = tuple(subject.spec.regimes(subject.source.values()))
    problem = subject.problem()
    if problem.linear_operator is None or isinstance(problem.operator, Identity):
        raise Skipped("its problems need no splitting")
    found = regime(problem)
    if found not in declared:
        raise CheckFailed(
            f"its problems are of the regime {found!r}, and its record declares "
            f"{', '.join(declared) or 'none'}: splittings would be tuned for the wrong one"
        )


@check("task_can_be_made")
def files_are_there(subject: TaskSubject) -> None:
    """The files that the record lists exist."""
    if subject.spec.files is None:
        raise Skipped("its record lists no files")
    missing = [
        str(file) for file in subject.spec.files(subject.source.values()) if not file.is_file()
    ]
    if missing:
        raise CheckFailed(f"its record lists files that do not exist: {', '.join(missing)}")


TASKS = (
    task_can_be_made,
    makes_a_problem,
    image_untouched,
    draws_from_its_generator,
    seeds_no_generator,
    noise_differs,
    noise_as_declared,
    exact_without_noise,
    colour_images,
    all_sizes,
    fit_cuts_at_the_end,
    estimate_is_an_image,
    problem_saved_and_loaded,
    observes,
    protocol,
    regimes_as_declared,
    files_are_there,
)
