"""Independent components."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import ClassVar

import torch
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from priorbench.numerics.patches import PatchSet, principal_axes
from priorbench.types import Patches

from .admm import admm
from .marginals import Marginals
from .model import Estimator, Independent
from .parameters import ICAParameters


class IndependentComponents(Independent):
    r"""p(x) = |det A| ∏ᵢ pᵢ(aᵢᵀx), with axes aᵢ of length 1 that FastICA finds.

    Hyvärinen & Oja 2000, doi:10.1016/S0893-6080(00)00026-5. The determinant is that of the map from
    the D − 1 dimensions without the mean to the components. As the axes have length 1, white noise
    on the pixels has the same variance in every component.

    Args:
        **parameters: fields of :class:`ICAParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[ICAParameters]] = ICAParameters
    parameters: ICAParameters

    def learn_axes(
        self, patches: PatchSet, generator: torch.Generator
    ) -> tuple[Tensor, Mapping[str, float]]:
        """Return the unit rows of FastICA's unmixing matrix and whether it ``converged``.

        Principal axes whose variance is no more than rounding leaves stay as they are: along them
        there is nothing to unmix, and FastICA would divide by nearly 0.
        """
        principal, variances = principal_axes(patches)
        varied = variances > self.parameters.floor
        if varied.sum() < 2:
            return principal, {"converged": 1.0}
        axes = principal[varied] / variances[varied].sqrt()[:, None]
        some = patches[: max(self.parameters.ica_patches, len(axes))].double()
        whitened = some @ axes.mT.to(some)
        seed = int(torch.randint(2**31, (), generator=generator))
        ica = FastICA(whiten=False, max_iter=self.parameters.ica_iterations, random_state=seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ica.fit(whitened.numpy())
        converged = not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
        unmixing: Tensor = torch.from_numpy(ica.components_)
        unmixed = torch.nn.functional.normalize(unmixing.double() @ axes)
        return torch.cat([unmixed, principal[~varied]]), {"converged": float(converged)}

    def check_axes(self, axes: Tensor) -> None:
        """Raise ValueError unless ``axes`` are independent unit vectors of mean 0."""
        if not torch.allclose(axes.norm(dim=1), torch.ones(len(axes), dtype=axes.dtype), atol=1e-6):
            raise ValueError("axes must have length 1")
        if axes.sum(1).abs().max() > 1e-6:
            raise ValueError("axes must be orthogonal to the constant patch")
        if torch.linalg.matrix_rank(axes) < len(axes):
            raise ValueError("axes must be linearly independent")

    def log_constant(self, axes: Tensor, marginals: Marginals) -> float:
        """Return log |det A|."""
        return float(torch.linalg.slogdet(axes @ self._basis).logabsdet)

    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, with mean 0, in float32."""
        axes, marginals = self.model
        patches: Patches = torch.linalg.pinv(axes) @ marginals.sample(count, generator)
        return patches.mT.float()

    def estimator(self, noise_variance: float, dtype: torch.dtype) -> Estimator:
        """Return the MAP estimator under white noise of the variance s > 0; see :func:`admm`."""
        return admm(*self.model, noise_variance, self.parameters.steps, dtype)
