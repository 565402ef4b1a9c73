import sys
from pathlib import Path

import numpy as np
import pytest

from priorbench.jobs.usage import Measure

MEBIBYTE = 2**20
SIZE = 200


def touch(mebibytes: int) -> None:
    np.ones(mebibytes * MEBIBYTE, dtype=np.uint8)


def test_an_allocation_is_seen_after_it_is_freed() -> None:
    before = Measure().peak_memory_mb
    measure = Measure()
    touch(SIZE)
    assert measure.peak_memory_mb - before > 0.9 * SIZE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can forget a peak")
def test_the_next_measure_forgets_it() -> None:
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this kernel has no /proc/self/clear_refs")
    first = Measure()
    touch(SIZE)
    high = first.peak_memory_mb
    assert Measure().peak_memory_mb < high - 0.9 * SIZE


def test_time_goes_on() -> None:
    measure = Measure()
    first = measure.seconds
    assert 0 <= first <= measure.seconds
