"""What the priors with a learned dictionary of patches share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from priorbench.numerics.constants import QUANTISATION_VARIANCE
from priorbench.numerics.patches import PatchSet, draw_patches
from priorbench.priors import Context, Learned
from priorbench.types import AnyImage, Patches

from .parameters import DictionaryParameters

Row = Mapping[str, float]


class LearnsDictionary(Learned):
    """Atoms of norm 1 and mean 0, in which patches without their mean have sparse codes.

    The constant patch is an atom that every patch has: its coefficient, the mean, is taken off
    first and put back at the end.

    Args:
        parameters: of the dictionary.
    """

    def __init__(self, parameters: DictionaryParameters) -> None:
        self.patch_size = parameters.patch_size
        self._shape = (parameters.n_atoms - 1, parameters.patch_size**2)
        self._options = parameters
        self._dictionary: Tensor | None = None

    @property
    def dictionary(self) -> Tensor:
        """The atoms, one a row, (K − 1) × D.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._dictionary is None:
            raise RuntimeError(f"this {type(self).__name__} has no model yet: fit it, or load one")
        return self._dictionary

    @abstractmethod
    def learn(
        self, signals: Tensor, held_out: Tensor, context: Context
    ) -> Iterator[tuple[Tensor, Row]]:
        """Yield dictionaries, each better than the one before, and rows of the training curve.

        Args:
            signals: training patches without their means, N × D.
            held_out: patches that measure, likewise.
            context: randomness and progress.
        """

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Row]:
        """Learn the atoms from patches of the images.

        Yields:
            What :meth:`learn` does.

        Raises:
            ValueError: an image has two or more than three channels, none is as large as a patch,
                or there are fewer training patches than atoms.
        """
        options = self._options
        drawn, measured = draw_patches(
            images, options.patch_size, options.n_patches, options.held_out, context.generator
        )
        if len(drawn) < options.n_atoms:
            raise ValueError(
                f"{len(drawn)} training patches are too few for {options.n_atoms} atoms: "
                "give larger images, more patches (n_patches) or fewer atoms (n_atoms)"
            )
        for dictionary, row in self.learn(_signals(drawn), _signals(measured), context):
            self._dictionary = dictionary
            yield row

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``dictionary``, (K − 1) × D, float32."""
        return {"dictionary": self.dictionary}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over a ``dictionary``.

        Raises:
            ValueError: it is missing, has another shape, or holds no atoms of norm 1 and mean 0.
        """
        if "dictionary" not in state:
            raise ValueError("dictionary is missing")
        dictionary = state["dictionary"].float()
        if tuple(dictionary.shape) != self._shape:
            raise ValueError(
                f"dictionary has shape {tuple(dictionary.shape)}; "
                f"its parameters ask for {self._shape}"
            )
        norms = dictionary.norm(dim=1)
        if not torch.allclose(norms, torch.ones_like(norms), atol=1e-4):
            raise ValueError("atoms must have norm 1")
        if dictionary.mean(1).abs().max() > 1e-4:
            raise ValueError("atoms must have mean 0")
        self._dictionary = dictionary


def without_mean(patches: Patches) -> tuple[Patches, Tensor]:
    """Return patches without their means, and the means, N × 1."""
    mean = patches.mean(1, keepdim=True)
    return patches - mean, mean


def rounding_error(pixels: int) -> float:
    """Return the squared error that rounding to 8 bits leaves in a patch, on average."""
    return pixels * QUANTISATION_VARIANCE


def _signals(patches: PatchSet) -> Tensor:
    return without_mean(patches[:])[0]
