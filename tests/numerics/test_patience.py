import math

import pytest

from priorbench.numerics.patience import Patience


def watched(values, limit=2, tolerance=0.0):
    """Which values are the best so far, and when the patience is exhausted."""
    patience = Patience(limit, tolerance)
    best, ended = [], None
    for index, value in enumerate(values):
        if patience.is_best(value):
            best.append(index)
        if patience.exhausted and ended is None:
            ended = index
    return best, ended


@pytest.mark.parametrize(
    ("values", "tolerance", "best", "ended"),
    [
        ([1, 2, 3, 4], 0, [0, 1, 2, 3], None),
        ([1, 2, 2, 2], 0, [0, 1], 3),
        ([3, 1, 4, 2, 2], 0, [0, 2], 4),
        # Small steps are taken, and count as none.
        ([1, 1.4, 1.8], 0.5, [0, 1, 2], 2),
        ([1, 1.4, 2.0, 2.1], 0.5, [0, 1, 2, 3], None),
        ([math.nan, 1, math.nan, math.nan], 0, [1], 3),
    ],
)
def test_progress_is_waited_for(values, tolerance, best, ended):
    assert watched(values, tolerance=tolerance) == (best, ended)


def test_it_goes_on_from_what_was_measured():
    values = [3.0, 1.0, 4.0, 2.0]
    patience, whole = Patience(2, values=values), Patience(2)
    for value in values:
        whole.is_best(value)
    assert (patience.best, patience.waited) == (whole.best, whole.waited) == (4.0, 1)
