"""What is charged to a prior is its own: not the start that the library computes, and not torch's
first use.
"""

import time

import pytest
import torch

from priorbench.jobs.attempt import solve
from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Learned, Prior, Restoration
from priorbench.problem import Problem

Y = torch.linspace(0, 1, 64).reshape(1, 1, 8, 8)


class Slow(Identity):
    """Takes a while to make an image of the observation, and counts how often it is asked to."""

    name = "slow"
    asked = 0

    def estimate(self, y):
        Slow.asked += 1
        time.sleep(0.3)
        return y


class Starts(Prior):
    """Changes the start in place, as solvers do, and asks for it again."""

    def restore(self, problem, context):
        problem.estimate().zero_()
        return Restoration(problem.estimate(), n_parameters=3)


class Fitted(Denoiser, Learned):
    def fit(self, images, context):
        yield {}

    def state_dict(self):
        return {"weights": torch.zeros(4, 5), "steps": torch.tensor(7)}

    def load_state_dict(self, state):
        pass

    def denoise(self, image, sigma):
        return image


class Still(Denoiser):
    def denoise(self, image, sigma):
        return image


def test_the_start_is_computed_once_and_before_the_clock():
    Slow.asked = 0
    problem = Problem(Y, Slow((1, 8, 8)), 0.1)
    outcome, result = solve(Starts(), problem, Context.seeded(0), 0, "restore", 60)
    assert Slow.asked == 1 and outcome.seconds < 0.25
    assert torch.equal(result.image, Y)


@pytest.mark.parametrize(("prior", "count"), [(Starts(), 3), (Fitted(), 20), (Still(), None)])
def test_numbers_that_were_learned_are_counted(prior, count):
    outcome, _ = solve(
        prior, Problem(Y, Identity((1, 8, 8)), 0.1), Context.seeded(0), 0, "restore", 60
    )
    assert outcome.n_parameters == count
