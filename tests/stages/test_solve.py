"""What is charged to a prior is its own: not the start that the library computes, and not torch's
first use.
"""

import time
from threading import Thread

import pytest
import torch

from priorbench.jobs.attempt import solve
from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Learned, Prior, Restoration
from priorbench.problem import Problem
from priorbench.store.checkpoints import Checkpoint

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


class Sleeps(Prior):
    """Waits, as a prior does whose processor others use."""

    def restore(self, problem, context):
        time.sleep(0.4)
        return Restoration(problem.y)


class Computes(Prior):
    """Computes in two threads and knows how long both were on a processor."""

    def restore(self, problem, context):
        self.known = []
        threads = [Thread(target=self._compute) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Restoration(problem.y)

    def _compute(self):
        began = time.thread_time()
        while time.thread_time() < began + 0.2:
            pass
        self.known.append(time.thread_time() - began)


class Resumes(Prior):
    """Computes for a while in its first attempt, which is killed after its checkpoint."""

    def restore(self, problem, context):
        if context.checkpoint.load() is None:
            Computes().restore(problem, context)
            context.checkpoint.save(lambda: {"state": problem.y})
            raise KeyboardInterrupt
        return Restoration(problem.y)


class Still(Denoiser):
    def denoise(self, image, sigma):
        return image


def test_the_start_is_computed_once_and_before_the_clock():
    Slow.asked = 0
    problem = Problem(Y, Slow((1, 8, 8)), 0.1)
    outcome, result = solve(Starts(), problem, Context.seeded(0), 0, "restore", 60)
    assert Slow.asked == 1 and outcome.seconds < 0.25
    assert torch.equal(result.image, Y)


def outcome_of(prior, checkpoint=None):
    context = Context.seeded(0, checkpoint=checkpoint)
    outcome, _ = solve(prior, Problem(Y, Identity((1, 8, 8)), 0.1), context, 0, "restore", 60)
    return outcome


def test_waiting_costs_time_and_no_processor():
    outcome = outcome_of(Sleeps())
    assert outcome.seconds >= 0.4 and outcome.processor_seconds < 0.1
    assert outcome.device_memory_mb is None


def test_the_processor_seconds_are_those_of_all_threads():
    prior = Computes()
    outcome = outcome_of(prior)
    assert 0.4 <= sum(prior.known) <= outcome.processor_seconds < sum(prior.known) + 0.2


def test_the_processor_seconds_of_a_killed_attempt_are_added(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        outcome_of(Resumes(), Checkpoint(tmp_path / "state", every=0))
    outcome = outcome_of(Resumes(), Checkpoint(tmp_path / "state", every=0))
    assert outcome.processor_seconds >= 0.4


@pytest.mark.parametrize(("prior", "count"), [(Starts(), 3), (Fitted(), 20), (Still(), None)])
def test_numbers_that_were_learned_are_counted(prior, count):
    outcome, _ = solve(
        prior, Problem(Y, Identity((1, 8, 8)), 0.1), Context.seeded(0), 0, "restore", 60
    )
    assert outcome.n_parameters == count
