"""Study ``gmm-anatomy``: what has a mixture of patches learned?"""

from __future__ import annotations

import pandas as pd

from priorbench.studies import Experiment, Findings
from priorbench.studies.nothing import nothing_found

from .. import selection
from .claims import SOURCE, claims_of, statements
from .figure import draw
from .measure import COLUMNS, dissect

NO_MODEL = "no fitted gmm, or no test image as large as a patch"


def anatomy(experiment: Experiment) -> Findings:
    """Return the findings for the largest mixtures that learned from photographs and dead leaves.

    The table has a row for each component, see :func:`.measure.component_table`.
    """
    specimens = selection.natural(experiment), selection.dead_leaves(experiment)
    dissected = [dissect(specimen) for specimen in specimens if specimen]
    if not dissected:
        claims = [(text, SOURCE) for text in statements("patches")]
        return nothing_found(COLUMNS, claims, NO_MODEL)
    return Findings(
        table=pd.concat([one.table for one in dissected], ignore_index=True),
        figure=draw(dissected),
        claims=[claim for one in dissected for claim in claims_of(one)],
    )
