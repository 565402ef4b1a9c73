import numpy as np
import pandas as pd

from priorbench.results.costs import restoration_costs

COLUMNS = ["status", "seconds", "processor_seconds", "device_memory_mb"]


def costs(*rows):
    return restoration_costs(pd.DataFrame(rows, columns=COLUMNS))


def test_a_run_that_was_killed_at_its_limit_restored_nothing():
    found = costs(
        ("ok", 1.0, 0.9, np.nan),
        ("timeout", 9.0, 8.0, np.nan),
        ("timeout", 9.0, np.nan, np.nan),
        ("diverged", 1.0, 0.7, np.nan),
    )
    assert found["cost"].tolist() == [0.9, 8.0]


def test_the_cost_on_a_gpu_is_by_the_clock():
    found = costs(("ok", 5.0, 2.0, np.nan), ("ok", 5.0, 2.0, 300.0))
    assert found[["device", "cost"]].to_numpy().tolist() == [["cpu", 2.0], ["gpu", 5.0]]


def test_nothing_costs_nothing():
    assert costs().empty
