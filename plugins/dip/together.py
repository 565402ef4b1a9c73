"""Steps of one run, or of several side by side, whose networks are evaluated as one: for a GPU that one leaves idle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.func import functional_call, vmap

from .descent import Descent, Step
from .layers import unfused


def steps(descent: Descent) -> Iterator[Step]:
    """Take steps for as long as they are asked for.

    Raises:
        Diverged: it has.
    """
    while True:
        yield from filter(None, step_together([descent]))


def step_together(descents: Sequence[Descent]) -> list[Step | None]:
    """Take a step of each descent, as each would by itself but for rounding.

    Convolutions with weights of their own become one grouped convolution. All else, what a step is and when a run goes
    back, stays with each descent.

    Args:
        descents: of networks of one kind, with inputs of one size.

    Raises:
        Diverged: one of them has.
    """
    inputs = [descent.begin() for descent in descents]
    outputs = _evaluate(descents, inputs)
    trials = [
        descent.judge(*pair) for descent, *pair in zip(descents, inputs, outputs, strict=True)
    ]
    torch.autograd.backward([trial.loss for trial in trials])
    # All at once: on a GPU each look at a number waits for what was asked of it before.
    numbers = torch.stack(
        [torch.stack([trial.loss.detach(), trial.error]) for trial in trials]
    ).tolist()
    return [
        descent.descend(t.image, *pair)
        for descent, t, pair in zip(descents, trials, numbers, strict=True)
    ]


def _evaluate(descents: Sequence[Descent], inputs: list[Tensor]) -> Sequence[Tensor]:
    """Return each network's output for its input; one alone keeps its fused layers."""
    if len(descents) == 1:
        return [descents[0].network(inputs[0])]
    network = descents[0].network
    weights = [dict(descent.network.named_parameters()) for descent in descents]
    stacked = {name: torch.stack([own[name] for own in weights]) for name in weights[0]}
    with unfused():
        outputs: Tensor = vmap(lambda own, z: functional_call(network, own, (z,)))(
            stacked, torch.stack(inputs)
        )
    return outputs.unbind()
