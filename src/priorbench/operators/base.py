"""The interface of linear operators: forward, adjoint, norm, data step, first estimate."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeAlias

import torch
from torch import Tensor

from priorbench.types import Image, Observation

Arguments: TypeAlias = Mapping[str, object]
"""Of a constructor: tensors, operators, numbers, strings and sequences of the last two."""

_CLASSES: dict[str, type[LinearOperator]] = {}


class LinearOperator(ABC):
    """A linear map H from images to observations.

    An operator needs a ``name``, ``forward``, ``adjoint`` and ``arguments``. The data step then
    comes from conjugate gradients; an operator with a closed form overrides ``data_step``, one with
    a cheap approximation of it ``precondition``.

    Args:
        image_shape: (C, H, W) of the images that H acts on.

    Raises:
        ValueError: ``image_shape`` is not three positive numbers.
    """

    name: ClassVar[str]

    def __init__(self, image_shape: Sequence[int]) -> None:
        shape = tuple(int(n) for n in image_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(
                f"image_shape must be (channels, height, width), all positive, not {image_shape}"
            )
        self.image_shape: tuple[int, int, int] = shape

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        name = cls.__dict__.get("name")
        # An abstract class between this one and an operator has no name.
        if name is None:
            return
        known = _CLASSES.get(name)
        # A module that is imported again, such as a plugin's in a test, replaces its own class.
        if known is not None and (known.__module__, known.__qualname__) != (
            cls.__module__,
            cls.__qualname__,
        ):
            raise ValueError(
                f"operator name {name!r} of {cls.__module__} is taken by {known.__module__}"
            )
        _CLASSES[name] = cls

    @abstractmethod
    def forward(self, x: Image) -> Observation:
        """Return Hx."""

    @abstractmethod
    def adjoint(self, y: Observation) -> Image:
        """Return Hᵀy, so that ⟨Hx, y⟩ = ⟨x, Hᵀy⟩ for all x and y."""

    @abstractmethod
    def arguments(self) -> Arguments:
        """Return the constructor's arguments.

        A saved problem holds exactly these, so an operator is read back without running code
        that came with the file.
        """

    @cached_property
    def observation_shape(self) -> tuple[int, int, int]:
        """(C, h, w) of Hx."""
        _, channels, height, width = self.forward(self.zeros()).shape
        return channels, height, width

    def restrict(self, y: Observation) -> Observation:
        """Return y with zeros where Hx is zero for every x: there, an observation tells nothing."""
        return y

    def norm(self) -> float:
        """Return ‖H‖₂ = max ‖Hx‖ / ‖x‖, by power iteration on HᵀH to three digits."""
        zeros = self.zeros()
        generator = torch.Generator().manual_seed(0)
        # A start with positive values overlaps with the first singular vector of H ≥ 0.
        x = torch.rand(zeros.shape, generator=generator, dtype=zeros.dtype).to(zeros.device)
        estimate = 0.0
        for _ in range(500):
            x = self.adjoint(self.forward(x / x.norm()))
            previous, estimate = estimate, float(x.norm())
            # H is zero: there is nothing to normalise.
            if estimate == 0:
                break
            # Where convergence is slow the error exceeds the change: 10⁻⁵ leaves three digits.
            if abs(estimate - previous) <= 1e-5 * estimate:
                break
        return math.sqrt(estimate)

    def data_step(self, y: Observation, v: Image, fidelity: float, penalty: float) -> Image:
        r"""Return argmin_x λ/2 ‖Hx − y‖² + ρ/2 ‖x − v‖².

        Solves (λHᵀH + ρI) x = λHᵀy + ρv by preconditioned conjugate gradients, started at v, until
        the residual is below 10⁻⁶ (float64: 10⁻¹⁰) of the right-hand side, or as small as rounding
        lets it become, or 200 iterations are done.

        Args:
            y: the observation.
            v: the image to stay close to.
            fidelity: λ ≥ 0.
            penalty: ρ > 0.

        Raises:
            ValueError: ``fidelity`` is negative or ``penalty`` is not positive.
        """
        check_weights(fidelity, penalty)

        def normal(x: Tensor) -> Tensor:
            return fidelity * self.adjoint(self.forward(x)) + penalty * x

        return conjugate_gradients(
            normal,
            fidelity * self.adjoint(y) + penalty * v,
            start=v,
            precondition=lambda r: self.precondition(r, fidelity, penalty),
            tolerance=1e-10 if v.dtype == torch.float64 else 1e-6,
            iterations=200,
        )

    def precondition(self, residual: Image, fidelity: float, penalty: float) -> Image:
        """Return an approximation of (λHᵀH + ρI)⁻¹ r, linear, symmetric, positive; by default r."""
        return residual

    def estimate(self, y: Observation) -> Image:
        """Return the observation as an image: the plainest x that y suggests, without any prior.

        All solvers start there, and the baseline ``observed`` is it. By default the smoothest image
        that agrees with y, :func:`priorbench.operators.smoothest.smoothest_image`; an operator that
        knows a better one, such as an interpolation, overrides it.
        """
        # That module needs this one.
        from priorbench.operators.smoothest import smoothest_image

        return smoothest_image(self, y)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> LinearOperator:
        """Return this operator on another device or with floating-point tensors of another type."""

        def convert(value: Any) -> Any:
            if isinstance(value, Tensor):
                return value.to(device=device, dtype=dtype if value.is_floating_point() else None)
            return value.to(device, dtype) if isinstance(value, LinearOperator) else value

        # Subclasses have constructors of their own, which `arguments` describes.
        build: Callable[..., LinearOperator] = type(self)
        return build(**{key: convert(value) for key, value in self.arguments().items()})

    def zeros(self) -> Image:
        """Return a black image, on the device and with the precision of this operator's tensors."""
        tensors = [value for value in self.arguments().values() if isinstance(value, Tensor)]
        floating = [value.dtype for value in tensors if value.is_floating_point()]
        device = tensors[0].device if tensors else None
        return torch.zeros(
            1, *self.image_shape, dtype=floating[0] if floating else None, device=device
        )


def operator_class(name: str) -> type[LinearOperator]:
    """Return the operator class with this name.

    Raises:
        ValueError: no operator of this name has been imported.
    """
    try:
        return _CLASSES[name]
    except KeyError:
        known = ", ".join(sorted(_CLASSES))
        raise ValueError(f"unknown operator {name!r}; known: {known}") from None


def check_weights(fidelity: float, penalty: float) -> None:
    """Raise ValueError unless λ ≥ 0 and ρ > 0, for which the data step has one solution."""
    if not fidelity >= 0:
        raise ValueError(f"fidelity must be at least 0, not {fidelity}")
    if not penalty > 0:
        raise ValueError(f"penalty must be positive, not {penalty}")


def conjugate_gradients(
    normal: Callable[[Tensor], Tensor],
    right: Tensor,
    *,
    start: Tensor,
    precondition: Callable[[Tensor], Tensor],
    tolerance: float,
    iterations: int,
) -> Tensor:
    """Solve Ax = b for a symmetric positive definite A given as a function.

    Hestenes & Stiefel 1952, doi:10.6028/jres.049.044.

    Args:
        normal: x ↦ Ax.
        right: b.
        start: the first x.
        precondition: r ↦ M⁻¹r with M⁻¹ close to A⁻¹, symmetric and positive definite.
        tolerance: stop at ‖b − Ax‖ ≤ tolerance · ‖b‖, or at the rounding error of the first
            residual: where b = 0, as for a black image, nothing is small in relation to b.
        iterations: the most steps taken.
    """
    x = start.clone()
    residual = right - normal(x)
    conditioned = precondition(residual)
    direction = conditioned.clone()
    product = (residual * conditioned).sum()
    rounding = torch.finfo(x.dtype).eps * residual.norm()
    target = torch.maximum(tolerance * right.norm(), rounding)
    for _ in range(iterations):
        # The product of numbers below the root of the smallest one is 0.
        if residual.norm() <= target or product <= 0:
            break
        image = normal(direction)
        curvature = (direction * image).sum()
        # Rounding made A indefinite along this direction: x is as good as it gets.
        if curvature <= 0:
            break
        step = product / curvature
        x += step * direction
        residual -= step * image
        conditioned = precondition(residual)
        previous, product = product, (residual * conditioned).sum()
        direction = conditioned + (product / previous) * direction
    return x
