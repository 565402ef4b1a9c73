"""A network is fitted to parts of the one noisy image."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from priorbench.priors import Context
from priorbench.types import Image

from .denoising import crops_of
from .fit import Fit, Steps
from .pairs import extended
from .parameters import Noise2FastParameters, Noise2NoiseParameters

__all__ = ["fit_to_parts"]


def fit_to_parts(
    network: nn.Module,
    image: Image,
    loss: Callable[[Tensor], Tensor],
    reach: int,
    options: Noise2NoiseParameters | Noise2FastParameters,
    context: Context,
) -> tuple[Fit, bool]:
    """Return the fit after its last step, and whether the time was over first.

    Args:
        network: what is fitted.
        image: noisy, 1 × C × H × W.
        loss: of parts of it, B × C × h × w with even h and w.
        reach: how far the network sees, in pixels.
        options: which parts, and how many steps.
        context: randomness, checkpoint, time.

    Raises:
        Diverged: the loss is NaN or infinite again and again.
    """
    # Twice the reach, as halves have half the pixels; one more: parts may begin at odd rows, too.
    margin = 2 * reach + 1
    odd_rows, odd_columns = image.shape[2] % 2, image.shape[3] % 2
    seen = extended(image, margin, (margin + odd_rows, margin + odd_columns))

    def of_parts(iteration: int) -> tuple[Tensor, float]:
        parts = crops_of(seen, options.crops, options.side, iteration, context.generator)
        return loss(parts), float("inf")

    steps = Steps(
        options.iterations,
        options.optimiser,
        options.learning_rate,
        options.final_rate,
        growing=False,
    )
    fit = Fit(network, of_parts, steps, context.generator)
    timed_out = fit.run(context)
    return fit, timed_out
