"""Study ``gmm-dead-leaves``: does a mixture learn the same from dead leaves as from photographs?"""

from __future__ import annotations

from priorbench.studies import Experiment, Findings
from priorbench.studies.nothing import nothing_found

from .claims import SOURCE, STATEMENTS, claims_of
from .figure import draw
from .measure import compare
from .table import Row, table_of

NO_PAIR = (
    "no fitted gmm and gmm-dead-leaves of one patch size, or no test image as large as a patch"
)


def dead_leaves(experiment: Experiment) -> Findings:
    """Return the findings for the largest mixture learned from dead leaves.

    It is compared with that of photographs of the same size, without one with the largest. The
    table has a row for each number, see :class:`.table.Row`.
    """
    compared = compare(experiment)
    if compared is None:
        return nothing_found(Row._fields, [(text, SOURCE) for text in STATEMENTS], NO_PAIR)
    figure = draw(compared, experiment.catalogue)
    return Findings(table=table_of(compared), figure=figure, claims=claims_of(compared))
