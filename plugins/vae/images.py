"""The autoencoder of tiles restores images: by projection, latent search or joint MAP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.numerics.tiles import Tiling, without_mean
from priorbench.priors import Context, Generator, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.continuation import fidelity_weight
from priorbench.solvers.half_quadratic import PlaneEstimate, half_quadratic
from priorbench.solvers.latent import latent_search
from priorbench.solvers.sampling import sample_by_generator
from priorbench.types import Image

from .model import TILES_IN_A_CHUNK, AutoEncoder
from .parameters import VAEParameters


class VAE(AutoEncoder, Prior, Generator):
    """A variational autoencoder of tiles that overlap and are blended by smooth windows.

    Args:
        **parameters: fields of :class:`VAEParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[VAEParameters]] = VAEParameters
    parameters: VAEParameters

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.latent_size = self.parameters.latent_size

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the restoration of the ``mode``; Poisson noise is made Gaussian first."""
        modes = {"project": self.project, "latent": self.search, "jpmap": self.joint_map}
        mode = modes[self.parameters.mode]
        if problem.peak is not None:
            return restore_stabilised(lambda gaussian: mode(gaussian, context), problem)
        return mode(problem, context)

    def project(self, problem: Problem, context: Context) -> Restoration:
        """Return argmin_x ‖Hx − y‖² / 2σ² + ‖x − D(E(x₀))‖² / 2d², x₀ the operator's estimate.

        d is the decoder's mean standard deviation.
        """
        planes, scales = to_planes(problem.estimate())
        deviations = []
        for plane, scale in zip(planes, scales, strict=True):
            reconstruction, deviation = self.reconstruct(
                plane, scale * max(problem.sigma, NOISE_FLOOR)
            )
            plane.copy_(reconstruction)
            deviations.append(deviation)
        projected = from_planes(planes, (len(problem.y), *problem.image_shape))
        deviation = sum(deviations) / len(deviations)
        x = problem.operator.data_step(
            problem.y, projected, fidelity_weight(problem.sigma), deviation**-2
        )
        context.progress(1.0)
        return Restoration(x)

    def reconstruct(self, plane: Tensor, sigma: float = 0.0) -> tuple[Tensor, float]:
        """Return a plane of encoded and decoded tiles, and the decoder's standard deviation.

        Args:
            plane: H × W.
            sigma: σ of its noise, on [0, 1].
        """
        height, width = plane.shape
        tiling = Tiling(height, width, self.tile_size, self.parameters.stride)
        tiles = tiling.cut(plane[None])
        z = self.encode(tiles, sigma)
        decoded = self.decode(z) + tiles.mean((1, 2), keepdim=True)
        return tiling.blend(decoded)[0], self.deviation(z)

    def search(self, problem: Problem, context: Context) -> Restoration:
        """Return the restoration by :func:`priorbench.solvers.latent_search`."""
        steps, restarts = self.parameters.search_steps, self.parameters.restarts
        return latent_search(self, problem, context, steps=steps, restarts=restarts)

    def joint_map(self, problem: Problem, context: Context) -> Restoration:
        """Maximise the joint posterior of the image and its tiles' codes by alternation.

        González, Almansa & Tan 2022, doi:10.1137/21M140225X, as half-quadratic splitting: codes by
        the encoder, with the noise still in x as an input; tiles given the codes, blended; the data
        step; and so on while the noise falls.
        """

        def estimate(plane: Tensor, noise_variance: float, out: Tensor) -> Iterator[float]:
            # The grid lies elsewhere each time: what it leaves of itself averages out, as in EPLL.
            top, left = torch.randint(
                self.parameters.stride, (2,), generator=context.generator
            ).tolist()
            moved = F.pad(plane[None, None], (left, 0, top, 0), mode="replicate")[0]
            _, height, width = moved.shape
            tiling = Tiling(height, width, self.tile_size, self.parameters.stride)
            tiles = self.estimate(tiling.cut(moved), noise_variance, self.parameters.steps)
            out.copy_(tiling.blend(tiles)[0, top:, left:])
            yield 1.0

        def begin(plane: Tensor, noise_variance: float) -> PlaneEstimate:
            return estimate

        return half_quadratic(begin, problem, context)

    def posterior_sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y, whatever the mode: tiles drawn with codes that explain them.

        Raises:
            NotApplicable: the noise is Poisson.
        """
        return sample_by_generator(self, problem, context)

    def decode(self, z: Tensor) -> Tensor:
        """Return the decoder's means as tiles, N × T × T."""
        parts = [
            self.dct.tiles(self.decoded(part).mean) for part in torch.split(z, TILES_IN_A_CHUNK)
        ]
        return without_mean(torch.cat(parts))

    def encode(self, tiles: Tensor, sigma: float) -> Tensor:
        """Return the means of the encoder's codes, N × L."""
        return torch.cat(
            [self.code(part, sigma**2).mean for part in torch.split(tiles, TILES_IN_A_CHUNK)]
        )

    def deviation(self, z: Tensor) -> float:
        """Return the root of the decoder's mean variance."""
        parts = [
            self.decoded(part).variance.mean((1, 2, 3)) for part in torch.split(z, TILES_IN_A_CHUNK)
        ]
        return float(torch.cat(parts).mean().sqrt())
