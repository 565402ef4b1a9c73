"""Super-resolution by coupled dictionaries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench import NotApplicable
from priorbench.numerics.patches import gray_plane
from priorbench.numerics.reflection import at_least
from priorbench.operators import DecimatedBlur, Downsample
from priorbench.priors import Context, Learned, Prior, Restoration
from priorbench.problem import Problem
from priorbench.solvers.colour import from_planes, to_planes
from priorbench.solvers.continuation import fidelity_weight
from priorbench.types import AnyImage, Patches, Plane

from .coupled import (
    PLANES,
    CoupledDictionaries,
    averaged_on_grid,
    feature_planes,
    least_squares,
    on_grid,
    principal,
)
from .dictionary import Row
from .ksvd import better, start, update
from .omp import pursue
from .parameters import SuperResolutionParameters

SIDE = 3
"""Pixels of the small image along the side of a patch."""
DEVIATION = 0.05
"""Of the enlarged image from the clean one, about, on [0, 1]."""


class CoupledSuperResolution(Prior, Learned):
    """x₀ + the details that the derivatives of x₀ tell of, x₀ the observation enlarged bicubically.

    Coupled dictionaries: Yang, Wright, Huang & Ma 2010, doi:10.1109/TIP.2010.2050625; learned and
    applied as Zeyde, Elad & Protter 2012, doi:10.1007/978-3-642-27413-8_47. An exact data step
    follows. Of colour only the luma gets details.

    Args:
        **parameters: fields of :class:`SuperResolutionParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = SuperResolutionParameters(**parameters)
        self._models: dict[int, CoupledDictionaries] = {}

    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the large image.

        Raises:
            NotApplicable: the problem is another one than super-resolution, or by a factor that was
                not learned.
            RuntimeError: the prior is neither fitted nor loaded.
        """
        operator = problem.linear_operator
        if not isinstance(operator, Downsample | DecimatedBlur):
            what = problem.corruption if operator is None else f"the operator {operator.name!r}"
            raise NotApplicable(f"enlarges images, and this one has {what or 'another corruption'}")
        factor = operator.factor
        if factor not in self.parameters.factors:
            raise NotApplicable(
                f"the factor is {factor}, and the dictionaries are for "
                f"{', '.join(map(str, self.parameters.factors))}: add it to the parameter factors"
            )
        if not self._models:
            raise RuntimeError(f"this {type(self).__name__} has no model yet: fit it, or load one")
        blurred = problem.estimate()
        planes, _ = to_planes(blurred)
        # Gray, or the luma of a colour image.
        planes[0] = self._with_details(planes[0], factor)
        enlarged = from_planes(planes, blurred.shape).contiguous()
        weights = fidelity_weight(problem.sigma), 1 / DEVIATION**2
        return Restoration(operator.data_step(problem.y, enlarged, *weights))

    def _with_details(self, plane: Plane, factor: int) -> Plane:
        height, width = plane.shape
        model, size = self._models[factor].to(plane), SIDE * factor
        whole = at_least(plane[None], size)[0]
        features = on_grid(feature_planes(whole), size, factor)
        details = model.details(features, self.parameters.sparsity)
        rows, columns = whole.shape
        found: Plane = whole + averaged_on_grid(details, rows, columns, factor)
        return found[:height, :width]

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Row]:
        """Learn the dictionaries of each factor from images that are made smaller.

        Yields:
            ``iteration``, the place of the factor; ``factor``; ``held_out_gain``, by how many dB
                the details bring held-out patches nearer to the clean ones; ``seconds``.

        Raises:
            ValueError: an image has two or more than three channels, or there are fewer training
                patches than atoms.
        """
        options = self.parameters
        for place, factor in enumerate(options.factors, start=1):
            began = time.perf_counter()
            features, missing = self._training_patches(images, factor, context.generator)
            held_out = round(options.held_out * len(features))
            learning = len(features) - held_out
            if learning < options.n_atoms:
                raise ValueError(
                    f"{learning} training patches are too few for {options.n_atoms} atoms: give "
                    "larger images, more patches (n_patches) or fewer atoms (n_atoms)"
                )
            model = self._learned(features[:learning], missing[:learning], context)
            self._models[factor] = model
            measured = missing[learning:]
            left = measured - model.details(features[learning:], options.sparsity)
            gain = measured.square().mean() / left.square().mean()
            context.progress(place / len(options.factors))
            yield {
                "iteration": float(place),
                "factor": float(factor),
                "held_out_gain": float(10 * gain.log10()),
                "seconds": time.perf_counter() - began,
            }

    def _training_patches(
        self, images: Sequence[AnyImage], factor: int, generator: torch.Generator
    ) -> tuple[Patches, Patches]:
        """Return features and details of patches in random order, N × 4n² and N × n²."""
        size = SIDE * factor
        large = [plane for plane in map(gray_plane, images) if min(plane.shape) >= size]
        share = -(-self.parameters.n_patches // max(len(large), 1))
        features, missing = [torch.empty(0, PLANES * size**2)], [torch.empty(0, size**2)]
        for plane in large:
            height, width = (length - length % factor for length in plane.shape)
            clean = plane[:height, :width]
            operator = Downsample((1, height, width), factor, self.parameters.kernel)
            problem = Problem(operator.forward(clean[None, None]), operator, 0.0)
            blurred = problem.estimate()[0, 0]
            all_features = on_grid(feature_planes(blurred), size, factor)
            chosen = torch.randperm(len(all_features), generator=generator)[:share]
            features.append(all_features[chosen])
            missing.append(on_grid((clean - blurred)[None], size, factor)[chosen])
        order = torch.randperm(sum(map(len, features)), generator=generator)
        order = order[: self.parameters.n_patches]
        return torch.cat(features)[order], torch.cat(missing)[order]

    def _learned(
        self, features: Patches, missing: Patches, context: Context
    ) -> CoupledDictionaries:
        options = self.parameters
        axes = principal(features)
        signals = features @ axes.mT
        low = start(signals, options.n_atoms, context.generator)
        codes = pursue(signals, low, options.sparsity)
        for _ in range(options.iterations):
            low, old = update(signals, low, codes, 0.0)
            codes = better(signals, low, pursue(signals, low, options.sparsity), old)
        return CoupledDictionaries(axes, low, least_squares(codes, options.n_atoms, missing))

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``x<factor>.axes``, ``x<factor>.low`` and ``x<factor>.high``, float32.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if not self._models:
            raise RuntimeError(f"this {type(self).__name__} has no model yet: fit it, or load one")
        return {
            f"x{factor}.{name}": tensor
            for factor, model in self._models.items()
            for name, tensor in vars(model).items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over what ``state_dict`` returned.

        Raises:
            ValueError: a tensor is missing, has the wrong shape or is not finite.
        """
        self._models = {factor: self._loaded(state, factor) for factor in self.parameters.factors}

    def _loaded(self, state: Mapping[str, Tensor], factor: int) -> CoupledDictionaries:
        names = [f"x{factor}.{name}" for name in ("axes", "low", "high")]
        for name in names:
            if name not in state:
                raise ValueError(f"{name} is missing")
            if not state[name].isfinite().all():
                raise ValueError(f"{name} must be finite")
        axes, low, high = (state[name].float() for name in names)
        pixels, atoms = (SIDE * factor) ** 2, self.parameters.n_atoms
        expected = [(len(axes), PLANES * pixels), (atoms, len(axes)), (atoms, pixels)]
        for name, tensor, shape in zip(names, (axes, low, high), expected, strict=True):
            if tuple(tensor.shape) != shape:
                raise ValueError(
                    f"{name} has shape {tuple(tensor.shape)}; its parameters ask for {shape}"
                )
        return CoupledDictionaries(axes, low, high)
