"""A splitting stops at its deadline with the image it has."""

import time

import pytest
import torch

from priorbench.priors import Context, Denoiser, PatchPrior
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.tasks import Deblur

IMAGE = torch.linspace(0.2, 0.8, 40)[None, None, :, None].expand(1, 1, 40, 36).contiguous()


class Slow(Denoiser):
    """Passes the deadline in its second call."""

    calls = 0

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def denoise(self, image, sigma):
        self.calls += 1
        if self.calls == 2:
            time.sleep(max(0.0, self.deadline - time.monotonic()) + 0.01)
        return image


class Flat(PatchPrior):
    """Every patch is as likely as any other."""

    patch_size = 4

    def log_prob(self, patches):
        return patches.new_zeros(len(patches))

    def map_estimate(self, patches, noise_variance):
        return patches


def problem() -> Problem:
    return Deblur("gaussian", 2.55).corrupt(IMAGE, torch.Generator().manual_seed(0))


def test_no_step_begins_after_the_deadline() -> None:
    deadline = time.monotonic() + 2
    prior = Slow(deadline)
    result = restore(prior, problem(), Context.seeded(0, deadline=deadline))
    assert result.timed_out and prior.calls == 2
    assert torch.isfinite(result.image).all()


@pytest.mark.parametrize("prior", [Slow(0.0), Flat()])
def test_a_deadline_that_has_passed_leaves_one_step(prior: object) -> None:
    fractions: list[float] = []
    context = Context.seeded(
        0, lambda fraction, /, **values: fractions.append(fraction), deadline=time.monotonic()
    )
    result = restore(prior, problem(), context)
    assert result.timed_out and max(fractions) < 0.5
    assert (result.image - IMAGE).abs().mean() < 0.2


def test_what_is_finished_in_its_last_step_is_not_late() -> None:
    context = Context.seeded(0, deadline=time.monotonic() + 600)
    assert not restore(Flat(), problem(), context).timed_out
