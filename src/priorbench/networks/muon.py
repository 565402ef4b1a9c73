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
        learned = [parameter for parameter in group["params"] if parameter.grad is not None]
        matrices = [parameter for parameter in learned if parameter.ndim > 1]
        vectors = [parameter for parameter in learned if parameter.ndim == 1]
        # Small weights cost what the calls cost: those of all together are one call.
        if matrices:
            self._turn(matrices, group["lr"], group["momentum"])
        if vectors:
            self._adam(vectors, group["vector_lr"])

    def _turn(self, parameters: list[nn.Parameter], rate: float, momentum: float) -> None:
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter].update(
                    momentum=torch.zeros_like(parameter), norm=parameter.norm()
                )
        gradients = [_gradient(parameter) for parameter in parameters]
        moving = [self.state[parameter]["momentum"] for parameter in parameters]
        torch._foreach_mul_(moving, momentum)
        torch._foreach_add_(moving, gradients)
        # The gradient is added once more: a look ahead along the momentum.
        nesterov = torch._foreach_add(gradients, moving, alpha=momentum)
        alike: defaultdict[torch.Size, list[int]] = defaultdict(list)
        for index, parameter in enumerate(parameters):
            alike[parameter.shape].append(index)
        for shape, indices in alike.items():
            stacked = torch.stack([nesterov[index] for index in indices])
            # Outputs are the rows but for tensors of taps × inputs × outputs.
            steps = orthogonalised(
                stacked.flatten(1, -2) if len(shape) == 3 else stacked.flatten(2)
            )
            lengths = torch.linalg.vector_norm(steps, dim=(1, 2)).clamp_(min=1e-12)
            for index, step, length in zip(indices, steps, lengths, strict=True):
                parameter = parameters[index]
                norm = parameter.norm() if self.growing else self.state[parameter]["norm"]
                # A gradient of zero leaves a step of zero, not NaN.
                parameter.addcmul_(step.view(shape), norm / length, value=-rate)

    def _adam(self, parameters: list[nn.Parameter], rate: float) -> None:
        for parameter in parameters:
            if not self.state[parameter]:
                self.state[parameter].update(
                    count=torch.zeros(()),
                    first=torch.zeros_like(parameter),
                    second=torch.zeros_like(parameter),
                )
        gradients = [_gradient(parameter) for parameter in parameters]
        counts, first, second = (
            [self.state[parameter][name] for parameter in parameters]
            for name in ("count", "first", "second")
        )
        torch._foreach_add_(counts, 1)
        torch._foreach_lerp_(first, gradients, 0.1)
        torch._foreach_lerp_(second, torch._foreach_mul(gradients, gradients), 0.001)
        done = [float(count) for count in counts]
        means = torch._foreach_div(first, [1 - 0.9**count for count in done])
        deviations = torch._foreach_div(second, [1 - 0.999**count for count in done])
        torch._foreach_sqrt_(deviations)
        torch._foreach_add_(deviations, 1e-8)
        torch._foreach_addcdiv_(list[Tensor](parameters), means, deviations, -rate)


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def orthogonalised(matrices: Tensor) -> Tensor:
    """Return matrices with the same singular vectors and singular values near 1, by Newton-Schulz.

    Those above 0.004 of the matrix's norm come to lie between 0.68 and 1.21; smaller ones grow up
    to 485 times.

    Args:
        matrices: one, or several of B × M × N.
    """
    a, b, c = QUINTIC
    batch = matrices if matrices.ndim == 3 else matrices[None]
    # XXᵀ is smaller for a wide matrix.
    tall = batch.shape[1] > batch.shape[2]
    x: Tensor = batch.mT if tall else batch
    # The iteration converges for singular values of at most 1.
    x = x / (torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True) + 1e-12)
    for _ in range(ROUNDS):
        gram = x @ x.mT
        polynomial = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        x = torch.baddbmm(x, polynomial, x, beta=a)
    x = x.mT if tall else x
    return x if matrices.ndim == 3 else x[0]
