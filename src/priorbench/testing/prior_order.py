"""Checks that a prior changes nothing around it, and gives the same again."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from priorbench.jobs.worker import out_of_sight
from priorbench.operators import LinearOperator
from priorbench.problem import Problem
from priorbench.seeds import seed_everything
from priorbench.solvers import restore
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.prior_subject import PriorSubject
from priorbench.testing.repeats import DIFFERS, FAILED, check_repeats
from priorbench.testing.settings import put_back, settings
from priorbench.testing.source import Source

REPEATED = ("denoise", "inpaint", "deblur")
"""The tasks that another process does again, if the prior can do them."""


@check("restores", "denoiser_input_untouched", "patch_input_untouched")
def problem_untouched(subject: PriorSubject) -> None:
    """The observation, the guide and the operator are the same after a restoration as before."""
    problem = subject.problem()
    before = {name: value.clone() for name, value in tensors_of(problem)}
    subject.restore(problem)
    changed = [name for name, value in tensors_of(problem) if not torch.equal(value, before[name])]
    if changed:
        raise CheckFailed(
            f"it changes {', '.join(changed)} of the problem, which other priors get too: "
            "work on a copy, y.clone(), and without methods that end in _ or augmented assignments"
        )


@check("restores")
def global_state_untouched(subject: PriorSubject) -> None:
    """Settings of the process are the same after a restoration as before."""
    problem, before = subject.problem(), subject.settings
    # An earlier restoration may have changed them already.
    put_back(before)
    subject.restore(problem)
    after = settings()
    changed = [name for name, value in before.items() if after[name] != value]
    put_back(before)
    if changed:
        raise CheckFailed(
            "it changes settings of the whole process, which later restorations and other priors "
            f"would have too: {', '.join(changed)}: restore them in a finally block"
        )


@check("restores")
def global_seeds_untouched(subject: PriorSubject) -> None:
    """No global generator is seeded: what runs afterwards still draws numbers of its own."""
    problem = subject.problem()
    prior, context = subject.prior, subject.context()
    states = []
    for seed in (1, 2):
        seed_everything(seed)
        # Not by subject.restore, which seeds the generators itself.
        _restore_only(subject, prior, problem, context)
        states.append(generators())
    reseeded = [name for name in states[0] if states[0][name] == states[1][name]]
    if reseeded:
        raise CheckFailed(
            f"it seeds the global generator of {', '.join(reseeded)}: draw from context.generator, "
            "or from a generator of its own that is seeded from it"
        )


@check("restores", "problem_untouched")
def same_seed_same_image(subject: PriorSubject) -> None:
    """The same problem with the same seed gives the same image, bit for bit."""
    problem = subject.problem()
    one, other = (subject.restore(problem, _fresh(subject)) for _ in range(2))
    if not torch.equal(one, other):
        raise CheckFailed(
            f"two restorations of one problem differ by up to {_difference(one, other):.2g}, "
            "although all seeds were the same: draw from context.generator, not from what can't "
            "be seeded (numpy.random.default_rng() without a seed, os.urandom, the time)"
        )


@check("restores", "same_seed_same_image")
def independent_of_history(subject: PriorSubject) -> None:
    """An image does not depend on what the same object restored before."""
    first, second = subject.problem(seed=0), subject.problem(seed=1)
    prior = subject.prior
    one = subject.restore(first, prior)
    subject.restore(second, prior)
    if not torch.equal(one, subject.restore(first, prior)):
        raise CheckFailed(
            "an image is another one after the same object has restored a different one: it keeps "
            "something, such as an estimate or a generator; keep nothing, or a cache by its key"
        )


@check("restores", "same_seed_same_image", "independent_of_history", apart=True)
def same_in_another_process(source: Source | PriorSubject) -> None:
    """Another process, with another order of sets and images, gives the same model and images."""
    own = source if isinstance(source, Source) else source.registered
    repeats = check_repeats(
        own.folders,
        own.name,
        own.parameters,
        disable=own.disable,
        tasks=_repeated(PriorSubject(own)),
        minutes=own.minutes,
    )
    faults = [f"{each.task}: {each.reason}" for each in repeats if each.status == DIFFERS]
    if faults:
        raise CheckFailed("\n".join(faults))
    if all(each.status == FAILED for each in repeats):
        raise Skipped(f"nothing could be compared: {repeats[0].reason}" if repeats else "no task")


def _repeated(subject: PriorSubject) -> list[str]:
    """Return a few tasks of a prior, which need its solver in different ways."""
    declared = [name for name in subject.tasks if subject.declares(name)]
    return [name for name in REPEATED if name in declared] or declared[:1]


def tensors_of(problem: Problem) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a problem with their names."""
    yield "y", problem.y
    if problem.guide is not None:
        yield "guide", problem.guide
    if problem.linear_operator is not None:
        yield from _tensors_of_operator("operator", problem.linear_operator)


def _tensors_of_operator(name: str, operator: LinearOperator) -> Iterator[tuple[str, Tensor]]:
    for key, value in operator.arguments().items():
        if isinstance(value, Tensor):
            yield f"{name}.{key}", value
        elif isinstance(value, LinearOperator):
            yield from _tensors_of_operator(f"{name}.{key}", value)


def generators() -> dict[str, Any]:
    """Return the states of the global generators, each in a form that can be compared."""
    name, keys, position, *rest = np.random.get_state()  # noqa: NPY002  plugins draw from it
    return {
        "random": random.getstate(),
        "numpy.random": (name, np.asarray(keys).tobytes(), position, *rest),
        "torch": torch.get_rng_state().numpy().tobytes(),
    }


def _restore_only(subject: PriorSubject, prior: Any, problem: Problem, context: Any) -> None:
    with out_of_sight():
        restore(prior, problem, context)


def _fresh(subject: PriorSubject) -> Any:
    """Return a new object with the same model; of an object that the caller made, itself."""
    return subject.again() if subject.source else subject.prior


def _difference(one: Tensor, other: Tensor) -> float:
    return float((one.double() - other.double()).abs().max())


ORDER = (
    problem_untouched,
    global_state_untouched,
    global_seeds_untouched,
    same_seed_same_image,
    independent_of_history,
)
ORDER_APART = (same_in_another_process,)
