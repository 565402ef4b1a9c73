"""What a study finds where an experiment has nothing to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from priorbench.figures.canvas import nothing_to_draw
from priorbench.figures.style import WIDTH
from priorbench.studies.findings import Claim, Findings, Verdict

__all__ = ["nothing_found"]


def nothing_found(
    columns: Sequence[str], claims: Iterable[tuple[str, str]], reason: str
) -> Findings:
    """Return an empty table, a figure that says why it is empty, and claims without verdicts.

    Args:
        columns: of the table.
        claims: statement and source of each.
        reason: what is missing.
    """
    return Findings(
        table=pd.DataFrame(columns=list(columns)),
        figure=nothing_to_draw(WIDTH, reason),
        claims=[Claim.judged(text, source, Verdict(None, reason)) for text, source in claims],
    )
