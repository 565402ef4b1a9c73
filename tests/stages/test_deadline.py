import math
import time

import pytest

from priorbench.jobs.deadline import deadline_within, margin
from priorbench.priors import Context


@pytest.mark.parametrize(
    ("limit", "seconds"), [(1, 0.5), (4, 2), (30, 2), (600, 30), (1200, 60), (36000, 60)]
)
def test_the_margin_is_a_share_of_the_limit_within_bounds(limit: float, seconds: float) -> None:
    assert margin(limit) == pytest.approx(seconds)


def test_the_time_left_ends_by_the_margin_before_the_limit() -> None:
    assert 560 < Context.seeded(0, deadline=deadline_within(600)).time_left() <= 570
    assert Context.seeded(0, deadline=time.monotonic() - 1).time_left() < 0
    assert Context.seeded(0).time_left() == math.inf
