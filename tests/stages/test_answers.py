"""What a prior must not give back, and what it is told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from priorbench.jobs.attempt import solve
from priorbench.operators import Identity, Mask
from priorbench.priors import Context, Denoiser, PatchPrior, Prior, Restoration
from priorbench.problem import Problem

IMAGE = torch.full((1, 1, 8, 8), 0.5)
PROBLEMS = {
    "denoise": Problem(IMAGE, Identity((1, 8, 8)), 0.1),
    "inpaint": Problem(IMAGE, Mask(torch.ones(1, 8, 8).bool()), 0.1),
}


def own(answer: Any) -> Prior:
    class Own(Prior):
        def restore(self, problem, context):
            return answer

    return Own()


def denoiser(answer: Any) -> Denoiser:
    class Filter(Denoiser):
        def denoise(self, image, sigma):
            return answer

    return Filter()


def density(answer: Any) -> PatchPrior:
    class Density(PatchPrior):
        patch_size = 4

        def log_prob(self, patches):
            return patches.sum(1)

        def map_estimate(self, patches, noise_variance):
            return answer

    return Density()


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        (lambda: own(None), ["Own.restore returned None", "Restoration(image)"]),
        (lambda: own(IMAGE), ["Own.restore returned an object of type Tensor", "Restoration(image)"]),
        (lambda: own(Restoration(IMAGE.numpy())), ["image is of type ndarray", "torch.Tensor"]),
        (lambda: own(Restoration(IMAGE[0])), ["shape (1, 8, 8), not (1, 1, 8, 8)"]),
        (lambda: denoiser(None), ["Filter.denoise returned None", "torch.Tensor (1, 1, 8, 8)"]),
        (lambda: denoiser(np.zeros((8, 8))), ["Filter.denoise returned an object of type ndarray"]),
        (lambda: denoiser(IMAGE[..., 1:]), ["Filter.denoise returned a tensor (1, 1, 8, 7)", "equal"]),
        (lambda: denoiser(IMAGE.int()), ["Filter.denoise returned a tensor of torch.int32"]),
        (lambda: density(None), ["Density.map_estimate returned None"]),
        (lambda: density(IMAGE), ["Density.map_estimate returned a tensor (1, 1, 8, 8) for one of"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("task", PROBLEMS)
@pytest.mark.usefixtures("unchecked")
def test_a_wrong_answer_is_told_with_what_was_expected_and_of_whom(
    prior: Callable[[], object], words: list[str], task: str
) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        solve(prior(), PROBLEMS[task], Context.seeded(0), 0, "restore", 1.0)
    for word in words:
        assert word in str(caught.value)
