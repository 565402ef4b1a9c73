"""Denoising by codes of least ℓ₁ norm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch
from sklearn.decomposition import MiniBatchDictionaryLearning
from torch import Tensor

from priorbench.priors import Context
from priorbench.types import Patches

from .denoiser import SparseDenoiser
from .dictionary import Row, rounding_error, without_mean
from .ksvd import start
from .lasso import lasso
from .parameters import SparseCodingParameters

BATCH = 256
"""Patches of a step of the online learning."""
STEPS_IN_A_ROW = 20
"""Steps between two measurements on held-out patches."""
MEASURED = 1000
MEASURING_STEPS = 100


class SparseCoding(SparseDenoiser):
    r"""Each patch gets the code argmin_γ ½‖y − γD‖² + λσ‖γ‖₁.

    Chen, Donoho & Saunders 1998, doi:10.1137/S1064827596304010, with a dictionary that scikit-learn
    learns online, as Mairal et al. 2009, doi:10.1145/1553374.1553463.

    Args:
        **parameters: fields of :class:`SparseCodingParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = SparseCodingParameters(**parameters)
        super().__init__(self.parameters)

    def learn(
        self, signals: Tensor, held_out: Tensor, context: Context
    ) -> Iterator[tuple[Tensor, Row]]:
        """Yield the dictionary at the start and after every twenty steps of online learning.

        A row holds ``iteration``, the steps so far, ``held_out_objective``, the mean over held-out
        patches of what is minimised, and ``seconds``. Patches without any contrast are left out.
        """
        options = self.parameters
        began = time.perf_counter()
        dictionary = start(signals, options.n_atoms - 1, context.generator)
        varied = signals[signals.square().sum(1) > rounding_error(signals.shape[1])]
        seed = int(torch.randint(2**31, (), generator=context.generator))
        learner = MiniBatchDictionaryLearning(
            n_components=len(dictionary),
            alpha=options.training_penalty,
            fit_algorithm="lars",
            batch_size=BATCH,
            dict_init=dictionary.numpy(),
            random_state=seed,
        )
        batches = torch.split(varied, BATCH) if len(varied) else ()
        for step in range(len(batches) + 1):
            if step:
                learner.partial_fit(batches[step - 1].numpy())
            if step % STEPS_IN_A_ROW and step < len(batches):
                continue
            if step:
                dictionary = _atoms(learner)
            context.progress(step / max(1, len(batches)))
            yield (
                dictionary,
                {
                    "iteration": step,
                    "held_out_objective": self._objective(held_out[:MEASURED], dictionary),
                    "seconds": time.perf_counter() - began,
                },
            )
            began = time.perf_counter()

    def sparse(self, signals: Patches, dictionary: Tensor, sigma: float) -> Patches:
        """Return γD with the codes of the penalty λσ."""
        penalty = self.parameters.penalty * sigma
        return lasso(signals, dictionary, penalty, self.parameters.steps) @ dictionary

    def _objective(self, signals: Tensor, dictionary: Tensor) -> float:
        penalty = self.parameters.training_penalty
        codes = lasso(signals, dictionary, penalty, MEASURING_STEPS)
        errors = (signals - codes @ dictionary).square().sum(1) / 2
        return float((errors + penalty * codes.abs().sum(1)).mean(dtype=torch.float64))


def _atoms(learner: MiniBatchDictionaryLearning) -> Tensor:
    """Return the atoms so far, of norm 1 and mean 0: scikit-learn adds noise to those that it draws
    again.
    """
    atoms: Tensor = torch.from_numpy(learner.components_).float()
    return torch.nn.functional.normalize(without_mean(atoms)[0]).contiguous()
