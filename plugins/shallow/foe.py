"""Fields of experts: a density of whole images, and its most likely image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from priorbench.networks.training import train
from priorbench.networks.weights import initialised
from priorbench.numerics.constants import NOISE_FLOOR
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context, Learned, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.anscombe import restore_stabilised
from priorbench.solvers.colour import to_planes
from priorbench.types import AnyImage, Image, Scores

from .experts import Experts, MatchScores, energies, whitening
from .filters import mirrored
from .parameters import FieldsOfExpertsParameters

TOLERANCE = 1e-6
"""It ends when a step lowers the objective by less than this part of it."""


class FieldsOfExperts(Prior, Learned):
    r"""x̂ = argmin_x ‖Hx − y‖²/2σ² + λ E(x), E(x) = Σ_k Σ_i α_k log(1 + (f_k ∗ x)_i²/2).

    Roth & Black 2009, doi:10.1007/s11263-008-0197-6. A local minimum, found from the observation by
    L-BFGS, Liu & Nocedal 1989, doi:10.1007/BF01589116. The image is reflected at its borders. Of a
    colour image E is the sum over its opponent planes.

    Args:
        **parameters: fields of :class:`FieldsOfExpertsParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = FieldsOfExpertsParameters(**parameters)
        self._state: dict[str, Tensor] | None = None

    def energy(self, image: Image) -> Scores:
        """Return E of the planes of images, in nats, up to a constant.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        model = self.state_dict()
        planes, _ = to_planes(image)
        margin = self.parameters.filter_size // 2
        filters, exponents = (model[name].to(image) for name in ("filters", "exponents"))
        return energies(mirrored(planes, margin), filters, exponents)

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return a minimum near the observation.

        Raises:
            NotApplicable: the problem has no linear operator, or Poisson noise with one that mixes
                or drops pixels.
        """
        if problem.peak is None:
            return self._minimum(problem, context)
        return restore_stabilised(lambda gaussian: self._minimum(gaussian, context), problem)

    def _minimum(self, problem: Problem, context: Context) -> Restoration:
        operator, y = problem.operator, problem.y
        options = self.parameters
        variance = max(problem.sigma, NOISE_FLOOR) ** 2
        start = problem.estimate()
        late = False
        done = 0

        def objective(numbers: np.ndarray) -> tuple[float, np.ndarray]:
            """Return what is minimised, and its gradient."""
            x = torch.from_numpy(numbers).to(start).view_as(start).requires_grad_()
            prior = options.weight * self.energy(x).sum()
            (gradient,) = torch.autograd.grad(prior, x)
            with torch.no_grad():
                residual = operator.forward(x) - y
                gradient = gradient + operator.adjoint(residual) / variance
            data = float(residual.square().sum(dtype=torch.float64)) / (2 * variance)
            return data + float(prior.detach()), gradient.double().cpu().numpy().ravel()

        def watch(_: np.ndarray) -> None:
            nonlocal late, done
            done += 1
            context.progress(min(done / options.steps, 1.0))
            if context.time_left() < 0:
                late = True
                raise StopIteration

        with torch.enable_grad():
            found = minimize(
                objective,
                start.double().cpu().numpy().ravel(),
                jac=True,
                method="L-BFGS-B",
                callback=watch,
                options={"maxiter": options.steps, "ftol": TOLERANCE, "gtol": 0.0},
            )
        image = torch.from_numpy(found.x).to(start).view_as(start)
        context.progress(1.0)
        return Restoration(image, timed_out=late)

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Learn filters and exponents; those that match the score best are kept.

        Yields:
            ``iteration``, ``loss``, ``held_out_psnr`` in dB, ``seconds``.

        Raises:
            ValueError: an image has two or more than three channels, or none is as large as a tile.
            Diverged: the loss is NaN or infinite.
        """
        options = self.parameters
        noise = options.noise / 255
        drawn, measured = draw_patches(
            images, options.tile_size, options.n_tiles, options.held_out, context.generator
        )
        small, _ = draw_patches(
            images, options.filter_size, options.n_tiles, options.held_out, context.generator
        )
        white = whitening(small, noise)
        experts = initialised(
            lambda: Experts(white, options.experts),
            int(torch.randint(2**62, (), generator=context.generator)),
        )
        for weights, row in train(MatchScores(experts, noise), drawn, measured, options, context):
            directions = weights["directions"].cpu()
            size = options.filter_size
            self.load_state_dict(
                {
                    "filters": (directions @ white).view(-1, size, size),
                    "exponents": weights["log_exponents"].cpu().exp(),
                }
            )
            yield row

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``filters``, K × s × s, and ``exponents``, K.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._state is None:
            raise RuntimeError("this field of experts has no model yet: fit it, or load one")
        return self._state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over ``filters`` and ``exponents``.

        Raises:
            ValueError: one is missing, has the wrong shape, or makes no density.
        """
        options = self.parameters
        shapes = {
            "filters": (options.experts, options.filter_size, options.filter_size),
            "exponents": (options.experts,),
        }
        for name, shape in shapes.items():
            if name not in state:
                raise ValueError(f"{name} is missing")
            if tuple(state[name].shape) != shape:
                raise ValueError(
                    f"{name} has shape {tuple(state[name].shape)}; its parameters ask for {shape}"
                )
        if not state["filters"].isfinite().all():
            raise ValueError("filters must be finite")
        exponents = state["exponents"]
        if not ((exponents > 0) & (exponents < math.inf)).all():
            raise ValueError("exponents must be positive and finite")
        self._state = {name: state[name] for name in shapes}
