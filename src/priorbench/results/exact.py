"""Restorations that equal the clean image though the observation does not tell it.

A constant image can be restored exactly from a part of its pixels. A photograph with noise or
missing pixels can't: a prior that returns it has seen it, in its training or in the results of the
experiment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from priorbench.store.status import EXACT_NOTE

if TYPE_CHECKING:
    import pandas as pd

CELL = ["dataset", "task", "prior", "image"]


def exact_restorations(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the restorations that equal the clean image, of problems that can't be inverted.

    Args:
        scores: rows of :data:`priorbench.results.schema.SCORES`.

    Returns:
        One row for each, with the columns ``dataset``, ``task``, ``prior`` and ``image``.
    """
    rows = scores.loc[scores["note"] == EXACT_NOTE, CELL]
    return rows.drop_duplicates().sort_values(CELL, ignore_index=True)
