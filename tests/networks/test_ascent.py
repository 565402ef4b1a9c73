"""MAP estimates against Gaussians in closed form."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from priorbench.networks.ascent import CONTRASTS, ascend, gaussian_start


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_the_start_is_the_wiener_estimate_of_the_likeliest_contrast() -> None:
    variances = torch.tensor([0.5, 0.1, 0.01], dtype=torch.float64)
    noisy = torch.randn(7, 3, generator=seeded(), dtype=torch.float64)
    found, spread = gaussian_start(noisy, variances, 0.05)
    for patch, estimate, of_estimate in zip(noisy, found, spread, strict=True):

        def likelihood(contrast: float, patch: Tensor = patch) -> float:
            covariance = torch.diag(contrast * variances + 0.05)
            normal = torch.distributions.MultivariateNormal(torch.zeros(3).double(), covariance)
            return float(normal.log_prob(patch))

        own = max(CONTRASTS, key=likelihood) * variances
        torch.testing.assert_close(estimate, own / (own + 0.05) * patch)
        torch.testing.assert_close(of_estimate, 1 / (1 / own + 1 / 0.05))


def test_steps_climb_to_the_maximum_of_a_gaussian() -> None:
    precision = torch.tensor([3.0, 20.0], dtype=torch.float64)
    noisy = torch.randn(5, 2, generator=seeded(), dtype=torch.float64)
    best = noisy / 0.1 / (1 / 0.1 + precision)
    metric = torch.full_like(noisy, 0.02)
    found = ascend(lambda c: -0.5 * (precision * c.square()).sum(1), noisy, noisy, 0.1, metric, 60)
    torch.testing.assert_close(found, best, atol=1e-4, rtol=0)


def test_steps_that_lead_down_or_to_nan_are_refused() -> None:
    noisy = torch.ones(2, 2)

    def log_density(c: Tensor) -> Tensor:
        value = -c.square().sum(1)
        return torch.where((c[:, 0] < 0.5) & (torch.arange(2) == 1), math.nan, value)

    # Far too long at first.
    found = ascend(log_density, noisy, noisy, 1.0, torch.full((2, 2), 40.0), 30)
    objective = -found.square().sum(1) - (found - noisy).square().sum(1) / 2
    assert found.isfinite().all()
    assert (objective > -2.0).all()
    assert torch.equal(ascend(log_density, noisy, noisy, 1.0, noisy, 0), noisy)
