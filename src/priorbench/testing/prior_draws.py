"""The check of draws from a prior's posterior, where it gives any."""

from __future__ import annotations

import torch

from priorbench.errors import NotApplicable
from priorbench.jobs.draws import draw
from priorbench.jobs.worker import out_of_sight
from priorbench.priors import Context
from priorbench.testing.check import CheckFailed, Skipped, check
from priorbench.testing.prior_subject import PriorSubject
from priorbench.types import Image


@check("restores")
def draws_follow_the_seed(subject: PriorSubject) -> None:
    """Draws from its posterior, if it gives any, are images that their seeds decide."""
    try:
        first, again, other = (_draw(subject, seed) for seed in (1, 1, 2))
    except NotApplicable as error:
        raise Skipped(f"it draws none: {error}") from error
    except Exception as error:
        raise CheckFailed(
            f"a draw from its posterior ends with {type(error).__name__}: {error}: give an image, "
            "or raise priorbench.NotApplicable"
        ) from error
    if not torch.equal(first, again):
        raise CheckFailed(
            "two draws with the same seed differ: draw from context.generator, and keep nothing"
        )
    if torch.equal(first, other):
        raise CheckFailed(
            "draws with different seeds are the same: draw from context.generator, or raise "
            "priorbench.NotApplicable"
        )


def _draw(subject: PriorSubject, seed: int) -> Image:
    """Return a draw of an easy image."""
    problem = subject.problem()
    with out_of_sight():
        return draw(subject.prior, problem, Context.seeded(seed), seed)


DRAWS = (draws_follow_the_seed,)
