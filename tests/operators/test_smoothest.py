"""The default estimate of an operator: against a dense solve, and on a mosaic that nobody
interpolates.
"""

import pytest
import torch

from priorbench.operators import Blur, LinearOperator, Mask
from priorbench.operators.checks import check_adjoint
from priorbench.operators.smoothest import ROUGHNESS, smoothest_image
from priorbench.problem import Problem
from priorbench.solvers.continuation import regime


class Mosaic(LinearOperator):
    """One colour of each pixel is seen."""

    name = "test-mosaic"

    def filter(self):
        channels, height, width = self.image_shape
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        return torch.stack([(rows + columns) % channels == channel for channel in range(channels)])

    def forward(self, x):
        return (self.filter() * x).sum(dim=1, keepdim=True)

    def adjoint(self, y):
        return self.filter() * y

    def arguments(self):
        return {"image_shape": list(self.image_shape)}


class Wrong(Mosaic):
    name = "test-wrong"

    def adjoint(self, y):
        return 0.5 * self.filter() * y


class Small(Mosaic):
    name = "test-small"

    def adjoint(self, y):
        return y


KERNEL = torch.tensor([[0.2, 0.3, 0.1]], dtype=torch.float64) / 0.6
KNOWN = torch.tensor([[1, 0, 0, 1, 0], [0, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]).bool()


def differences(height, width):
    """Return ∇ as a matrix, built pixel by pixel."""
    rows = []
    for row in range(height):
        for column in range(width):
            for below, right in ((1, 0), (0, 1)):
                if row + below < height and column + right < width:
                    line = torch.zeros(height, width, dtype=torch.float64)
                    line[row, column], line[row + below, column + right] = -1, 1
                    rows.append(line.flatten())
    return torch.stack(rows)


@pytest.mark.parametrize(
    "operator",
    [Mosaic((2, 4, 5)), Blur(KERNEL, (1, 4, 5)), Mask(KNOWN[None])],
    ids=["mosaic", "blur", "mask"],
)
def test_it_is_the_minimiser_of_a_dense_system(operator):
    channels, height, width = operator.image_shape
    count = channels * height * width
    basis = torch.eye(count, dtype=torch.float64).reshape(count, channels, height, width)
    matrix = operator.forward(basis).reshape(count, -1).T
    gradient = torch.block_diag(*[differences(height, width)] * channels)
    shape = (1, *operator.observation_shape)
    y = torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    normal = matrix.T @ matrix + ROUGHNESS * gradient.T @ gradient
    expected = torch.linalg.solve(normal, matrix.T @ y.flatten())
    torch.testing.assert_close(
        smoothest_image(operator, y).flatten(), expected, rtol=1e-6, atol=1e-6
    )


def test_a_mosaic_starts_from_what_lies_around_and_is_missing_pixels():
    rows, columns = torch.meshgrid(
        torch.linspace(0, 3, 24), torch.linspace(0, 3, 24), indexing="ij"
    )
    image = torch.stack([0.5 + 0.4 * torch.sin(rows + k) * torch.cos(columns) for k in range(3)])[
        None
    ]
    operator = Mosaic((3, 24, 24))
    estimate = operator.estimate(operator.forward(image))
    assert (estimate - image).square().mean().sqrt() < 0.02
    assert regime(Problem(operator.forward(image), operator, 0.1)) == "missing"
    assert regime(Problem(image, Blur(KERNEL.float(), (3, 24, 24)), 0.1)) == "mixed"
    assert regime(Problem(image, Blur(KERNEL.float(), (3, 24, 24)), 0.0)) == "mixed_noise_free"


def test_an_adjoint_that_is_none_is_told_with_both_products():
    check_adjoint(Mosaic((3, 8, 8)))
    with pytest.raises(ValueError, match=r"Wrong\.adjoint is not the adjoint of Wrong\.forward"):
        check_adjoint(Wrong((3, 8, 8)))
    with pytest.raises(ValueError, match=r"Small\.adjoint returned the shape \(1, 1, 8, 8\), but"):
        check_adjoint(Small((3, 8, 8)))
