"""Steps along orthogonalised gradients: several times fewer iterations than Adam's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "Muon",
]

QUINTIC = (3.4445, -4.7750, 2.0315)
"""a, b, c of the iteration X ← aX + (bXXᵀ + c(XXᵀ)²)X that brings singular values near 1."""

ROUNDS = 5


class Muon:
    """An optimiser: the momentum of each matrix of weights, orthogonalised, is its step.

    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/, with the length relative:
    normalised after each convolution, a network does not see the scale of its weights, only their
    relative change. Orthogonalised, a step moves all directions alike, also those of fine
    structure, which have small gradients. What is no matrix of weights (scales, shifts, constants)
    takes Adam's steps, Kingma & Ba 2015, arXiv 1412.6980.

    It has what is used here of a ``torch.optim.Optimizer``, whose first instance imports a compiler
    for seconds.

    Args:
        parameters: tensors of two dimensions or more are matrices. Those of three are taps × inputs
            × outputs, whose last dimension is the columns; all others begin with the outputs, which
            are the rows.
        lr: length of a step, of the norm of the weights.
        momentum: of the gradients.
        vector_lr: Adam's rate for the rest.
        growing: whether the norm is that of the weights as they are. Without normalisations their
            scale matters, and steps that grow with it break out in the end: then it is the norm
            before the first step.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float,
        momentum: float = 0.9,
        vector_lr: float = 0.01,
        *,
        growing: bool = True,
    ) -> None:
        self.growing = growing
        self.param_groups: list[dict[str, Any]] = [
            {"params": list(parameters), "lr": lr, "momentum": momentum, "vector_lr": vector_lr}
        ]
        self.state: defaultdict[Tensor, dict[str, Tensor]] = defaultdict(dict)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Take a step."""
        group = self.param_groups[0]
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            if parameter.ndim > 1:
                self._turn(parameter, parameter.grad, group["lr"], group["momentum"])
            else:
                self._adam(parameter, parameter.grad, group["vector_lr"])

    def _turn(self, parameter: Tensor, gradient: Tensor, rate: float, momentum: float) -> None:
        state = self.state[parameter]
        if not state:
            state.update(momentum=torch.zeros_like(parameter), norm=parameter.norm())
        moving = state["momentum"].mul_(momentum).add_(gradient)
        # The gradient is added once more: a look ahead along the momentum.
        nesterov = torch.add(gradient, moving, alpha=momentum)
        # Outputs are the rows but for tensors of taps × inputs × outputs.
        step = orthogonalised(
            nesterov.flatten(0, -2) if parameter.ndim == 3 else nesterov.flatten(1)
        )
        norm = parameter.norm() if self.growing else state["norm"]
        # A gradient of zero leaves a step of zero, not NaN.
        length = rate * norm / step.norm().clamp(min=1e-12)
        parameter.sub_(length * step.view_as(parameter))

    def _adam(self, parameter: Tensor, gradient: Tensor, rate: float) -> None:
        state = self.state[parameter]
        if not state:
            state.update(
                count=torch.zeros(()),
                first=torch.zeros_like(parameter),
                second=torch.zeros_like(parameter),
            )
        count = state["count"].add_(1)
        first = state["first"].lerp_(gradient, 0.1) / (1 - 0.9**count)
        second = state["second"].lerp_(gradient.square(), 0.001) / (1 - 0.999**count)
        parameter.sub_(rate * first / (second.sqrt() + 1e-8))


def orthogonalised(matrix: Tensor) -> Tensor:
    """Return a matrix with the same singular vectors and singular values near 1, by Newton-Schulz.

    Those above 0.004 of the matrix's norm come to lie between 0.68 and 1.21; smaller ones grow up
    to 485 times.
    """
    a, b, c = QUINTIC
    # XXᵀ is smaller for a wide matrix.
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.t() if tall else matrix
    # The iteration converges for singular values of at most 1.
    x = x / (x.norm() + 1e-12)
    for _ in range(ROUNDS):
        gram = x @ x.t()
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.t() if tall else x
