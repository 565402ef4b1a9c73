"""Super-resolution by dictionaries of small and of sharp patches that share their codes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.errors import NotApplicable
from priorbench.numerics.constants import LUMA_WEIGHTS, NOISE_FLOOR
from priorbench.numerics.patches import gray_plane
from priorbench.operators import Downsample
from priorbench.priors import Context, Learned, Prior, Restoration
from priorbench.problem import Problem
from priorbench.types import AnyImage, Image, Plane, Planes

from .ksvd import better, squared_errors, start, update
from .omp import Codes, pursue
from .parameters import CoupledParameters
from .restoration import at_least

KERNEL = "bicubic"
PIXELS = 3
"""Side of a patch in pixels of the small image."""
CODES_IN_A_CHUNK = 1 << 13
RIDGE = 1e-6
"""Of the fit of the sharp atoms, as a share of the mean squared coefficient of an atom."""


@dataclass(frozen=True)
class Model:
    """What is learned.

    Args:
        axes: main axes of the features, one a row, d × 4P.
        low: atoms of the projected features, norm 1, K × d.
        high: what each adds to the P pixels of the enlarged patch, K × P.
    """

    axes: Tensor
    low: Tensor
    high: Tensor


class CoupledDictionaries(Prior, Learned):
    r"""A patch of the sharp image is Σⱼ γⱼhⱼ + the enlarged patch, with the small patch's code γ.

    Yang et al. 2010, doi:10.1109/TIP.2010.2050625, in the form of Zeyde, Elad & Protter 2010,
    doi:10.1007/978-3-642-27413-8_47: the features of a patch are the first and second derivatives
    of the image enlarged by bicubic interpolation, on their main axes; their atoms lⱼ are learned
    by K-SVD, and the sharp atoms hⱼ by least squares from the same codes. Overlapping patches are
    averaged, and of all images that give the observation the nearest one is taken.

    Of an RGB image the luma is made sharper; its colour is that of the enlarged image, as in the
    papers.

    Args:
        **parameters: fields of :class:`CoupledParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = CoupledParameters(**parameters)
        self._size = PIXELS * self.parameters.factor
        self._model: Model | None = None

    @property
    def model(self) -> Model:
        """The dictionaries.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._model is None:
            raise RuntimeError("these CoupledDictionaries have no model yet: fit it, or load one")
        return self._model

    @torch.no_grad()
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return the enlarged observation with the details that its patches ask for.

        Raises:
            NotApplicable: the problem is another one than super-resolution without noise, by the
                factor and the kernel of the training.
        """
        self._check(problem)
        enlarged = problem.estimate()
        if enlarged.shape[1] == 3:
            luma = torch.einsum("c,bchw->bhw", enlarged.new_tensor(LUMA_WEIGHTS), enlarged)
            details = self._details(luma[0])[None, None]
        else:
            details = torch.stack([self._details(plane) for plane in enlarged[0]])[None]
        sharp = enlarged + details
        context.progress(1.0)
        return Restoration(problem.operator.data_step(problem.y, sharp, NOISE_FLOOR**-2, 1.0))

    def _check(self, problem: Problem) -> None:
        factor, operator = self.parameters.factor, problem.operator
        learned = f"learned super-resolution by the factor {factor} ({KERNEL}, without noise)"
        if not isinstance(operator, Downsample):
            raise NotApplicable(f"{learned}, not {operator.name}")
        if (operator.factor, operator.kernel) != (factor, KERNEL):
            raise NotApplicable(f"{learned}, not by {operator.factor} ({operator.kernel})")
        if problem.sigma > 0 or problem.peak is not None:
            raise NotApplicable(f"{learned}, and this observation is noisy")

    def _details(self, plane: Plane) -> Plane:
        """Return what is to be added to an enlarged plane, H × W."""
        height, width = plane.shape
        plane = at_least(plane, self._size)
        axes, low, high = (
            each.to(plane) for each in (self.model.axes, self.model.low, self.model.high)
        )
        signals = self._cut(features(plane, self.parameters.factor)) @ axes.mT
        details = pursue(signals, low, self.parameters.sparsity).synthesis(high)
        counts = self._joined(torch.ones_like(details), plane)
        # Sides that are no multiple of the factor occur only where a small plane was made larger.
        average = self._joined(details, plane) / counts.clamp(min=1)
        return average[:height, :width]

    def _cut(self, planes: Planes) -> Tensor:
        """Return the patches of all planes together at every pixel of the small image."""
        columns = F.unfold(planes[None], self._size, stride=self.parameters.factor)
        return columns[0].mT

    def _joined(self, patches: Tensor, plane: Plane) -> Plane:
        """Return the sum of the patches in their places."""
        columns = patches.mT[None]
        step = self.parameters.factor
        return F.fold(columns, tuple(plane.shape), self._size, stride=step)[0, 0]

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Learn both dictionaries from the images and their small versions.

        Yields:
            ``iteration``, ``train_error``, the root mean squared error of the projected features of
                a patch, and ``seconds``; the last row comes when the sharp atoms are fitted.

        Raises:
            ValueError: an image has two or more than three channels, or holds NaN or infinite
                values, or there are fewer patches than atoms.
        """
        options, began = self.parameters, time.perf_counter()
        found, sharp = self._pairs(images, context.generator)
        axes = main_axes(found, options.energy)
        signals = found @ axes.mT
        low = start(signals, options.n_atoms, context.generator)
        codes = pursue(signals, low, options.sparsity)
        for iteration in range(options.iterations + 1):
            if iteration:
                low, old = update(signals, low, codes, 0.0)
                codes = better(signals, low, pursue(signals, low, options.sparsity), old)
            if iteration == options.iterations:
                self._model = Model(axes, low, fitted(codes, sharp, options.n_atoms))
            context.progress(iteration / max(1, options.iterations))
            errors = squared_errors(signals, low, codes)
            yield {
                "iteration": iteration,
                "train_error": float(errors.mean(dtype=torch.float64).sqrt()),
                "seconds": time.perf_counter() - began,
            }
            began = time.perf_counter()

    def _pairs(
        self, images: Sequence[AnyImage], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return features of patches, N × 4P, and what their enlarged patches lack, N × P."""
        options = self.parameters
        each = -(-options.n_patches // max(1, len(images)))
        found, lacking = [torch.zeros(0, 4 * self._size**2)], [torch.zeros(0, self._size**2)]
        for image in images:
            if not torch.isfinite(image).all():
                raise ValueError("a training image holds NaN or infinite values")
            plane = gray_plane(image)
            height, width = (side - side % options.factor for side in plane.shape)
            if min(height, width) < self._size:
                continue
            plane = plane[:height, :width]
            operator = Downsample((1, height, width), options.factor, KERNEL)
            enlarged = operator.estimate(operator.forward(plane[None, None]))[0, 0]
            own = self._cut(features(enlarged, options.factor))
            chosen = torch.randperm(len(own), generator=generator)[:each]
            found.append(own[chosen])
            lacking.append(self._cut((plane - enlarged)[None])[chosen])
        pairs = torch.cat(found), torch.cat(lacking)
        if len(pairs[0]) < options.n_atoms:
            raise ValueError(
                f"{len(pairs[0])} training patches are too few for {options.n_atoms} atoms: give "
                f"larger images (a patch is {self._size} × {self._size}), more patches (n_patches) "
                "or fewer atoms (n_atoms)"
            )
        return pairs

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``axes``, ``low`` and ``high``, as :class:`Model` has them."""
        return {"axes": self.model.axes, "low": self.model.low, "high": self.model.high}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over ``axes``, ``low`` and ``high``.

        Raises:
            ValueError: one is missing, has the wrong shape or is not finite.
        """
        pixels, atoms = self._size**2, self.parameters.n_atoms
        for name in ("axes", "low", "high"):
            if name not in state:
                raise ValueError(f"{name} is missing")
            if not torch.isfinite(state[name]).all():
                raise ValueError(f"{name} must be finite")
        axes, low, high = (state[name].float() for name in ("axes", "low", "high"))
        expected = {
            "axes": (axes, (axes.shape[0], 4 * pixels)),
            "low": (low, (atoms, axes.shape[0])),
            "high": (high, (atoms, pixels)),
        }
        for name, (tensor, shape) in expected.items():
            if tuple(tensor.shape) != shape:
                raise ValueError(
                    f"{name} has shape {tuple(tensor.shape)}; its parameters ask for {shape}"
                )
        self._model = Model(axes, low, high)


def features(plane: Plane, factor: int) -> Planes:
    """Return the first and second differences of a plane over ``factor`` pixels, 4 × H × W.

    x(+f) − x(−f) and x(+f) − 2x + x(−f), halved, along the rows and along the columns.
    """
    height, width = plane.shape
    padded: Image = F.pad(plane[None, None], (factor,) * 4, mode="replicate")

    def moved(down: int, right: int) -> Plane:
        top, left = factor + down, factor + right
        return padded[0, 0, top : top + height, left : left + width]

    first = [
        (moved(0, factor) - moved(0, -factor)) / 2,
        (moved(factor, 0) - moved(-factor, 0)) / 2,
    ]
    second = [
        (moved(0, factor) - 2 * plane + moved(0, -factor)) / 2,
        (moved(factor, 0) - 2 * plane + moved(-factor, 0)) / 2,
    ]
    return torch.stack(first + second)


def main_axes(vectors: Tensor, energy: float) -> Tensor:
    """Return the fewest orthonormal axes, one a row, that keep a share of Σ‖v‖²; at least one."""
    values, axes = torch.linalg.eigh(vectors.double().mT @ vectors.double())
    lost = values.clamp(min=0).cumsum(0)
    dropped = int((lost <= (1 - energy) * lost[-1]).sum())
    kept: Tensor = axes[:, min(dropped, len(values) - 1) :]
    return kept.mT.to(vectors).contiguous()


def fitted(codes: Codes, targets: Tensor, atoms: int) -> Tensor:
    """Return argmin_H Σ‖t − Σⱼ γⱼhⱼ‖² + ε‖H‖², K × P, for targets t, N × P.

    ε is so small that it matters only to atoms which the codes hardly have.
    """
    gram = torch.zeros(atoms, atoms, dtype=torch.float64)
    right = torch.zeros(atoms, targets.shape[1], dtype=torch.float64)
    for number in torch.split(torch.arange(len(targets)), CODES_IN_A_CHUNK):
        dense = torch.zeros(len(number), atoms)
        dense.scatter_add_(1, codes.atoms[number], codes.coefficients[number])
        gram += (dense.mT @ dense).double()
        right += (dense.mT @ targets[number]).double()
    mean = float(gram.diagonal().mean())
    ridge = RIDGE * mean if mean > 0 else 1.0
    solution: Tensor = torch.linalg.solve(
        gram + ridge * torch.eye(atoms, dtype=torch.float64), right
    )
    # As a file gives it back: products of another layout would be rounded differently.
    return solution.float().contiguous()
