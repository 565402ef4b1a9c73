import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import bootstrap, wilcoxon

from priorbench.records import MetricSpec
from priorbench.results.schema import SCORES
from priorbench.results.statistics import (
    bootstrap_interval,
    holm,
    paired_differences,
    restored_runs,
    summarise,
)

METRICS = {
    "psnr": MetricSpec(name="psnr", factory=".m:f", summary=""),
    "mae": MetricSpec(name="mae", factory=".m:f", summary="", higher_is_better=False),
}


def table(values, metric="psnr", status=None):
    """Scores from images × priors; NaN is a failure."""
    rows = []
    for i, row in enumerate(np.asarray(values, dtype=float)):
        for j, value in enumerate(row):
            ok = "ok" if np.isfinite(value) else (status or "failed")
            rows.append(("e", "d", f"i{i:02}", "t", f"p{j}", metric, value, ok, "", "measured", ""))
    return pd.DataFrame(rows, columns=SCORES.schema.names)


matrices = st.integers(1, 6).flatmap(
    lambda images: st.integers(1, 5).flatmap(
        lambda priors: arrays(np.float64, (images, priors), elements=st.floats(0, 60, width=32))
    )
)


@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-100, 100, width=32)))
def test_interval_contains_the_mean_and_stays_in_the_range(values):
    low, high = bootstrap_interval(values)
    assert low - 1e-9 <= values.mean() <= high + 1e-9
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9


def test_interval_agrees_with_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=30)
    expected = bootstrap(
        (values,), np.mean, n_resamples=20000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert bootstrap_interval(values) == pytest.approx(
        (expected.low, expected.high), abs=0.03 * values.std()
    )


def test_one_image_has_no_interval():
    assert np.isnan(bootstrap_interval(np.array([3.0]))).all()
    row = summarise(table([[30.0]]), METRICS).iloc[0]
    assert row["mean"] == 30.0 and np.isnan(row["low"]) and row["mark"] == "best"


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_the_step_down_method(p_values):
    expected = []
    for p in p_values:
        # the definition: the largest of (m − j + 1) p₍ⱼ₎ over all ranks up to that of p
        ranked = sorted(p_values)
        last = max(k for k, other in enumerate(ranked) if other == p)
        expected.append(max(min(1, (len(ranked) - j) * ranked[j]) for j in range(last + 1)))
    np.testing.assert_allclose(holm(p_values), expected)


@settings(deadline=None, max_examples=12)
@given(matrices, st.sampled_from(["psnr", "mae"]))
def test_the_best_is_the_best_mean_in_the_metrics_direction(values, metric):
    summary = summarise(table(values, metric), METRICS).set_index("prior")
    best = summary.index[summary["mark"] == "best"]
    assert len(best) == 1
    extreme = values.mean(axis=0).max() if metric == "psnr" else values.mean(axis=0).min()
    assert summary.loc[best[0], "mean"] == pytest.approx(extreme)


@settings(deadline=None, max_examples=12)
@given(matrices, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(values, random):
    scores = table(values)
    order = list(range(len(scores)))
    random.shuffle(order)
    shuffled = scores.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(summarise(scores, METRICS), summarise(shuffled, METRICS))
    pd.testing.assert_frame_equal(
        paired_differences(scores, METRICS), paired_differences(shuffled, METRICS)
    )


def test_failed_images_are_left_out_of_the_mean_and_counted_and_never_win():
    summary = summarise(table([[20, 50], [22, np.nan], [24, 52]]), METRICS).set_index("prior")
    assert summary.loc["p1", ["n", "n_failed", "mean", "mark"]].tolist() == [2, 1, 51, ""]
    assert summary.loc["p0", ["n", "n_failed", "mean", "mark"]].tolist() == [3, 0, 22, "best"]


def test_an_estimate_at_the_time_limit_counts_as_any_other_value():
    scores = table([[20, 30], [22, 34]])
    stopped = scores.assign(status=scores["status"].where(scores["image"] != "i01", "timeout"))
    pd.testing.assert_frame_equal(summarise(stopped, METRICS), summarise(scores, METRICS))
    pd.testing.assert_frame_equal(
        paired_differences(stopped, METRICS), paired_differences(scores, METRICS)
    )


def test_a_run_that_was_killed_at_its_limit_restored_nothing():
    runs = pd.DataFrame(
        [
            ("ok", 1.0, 90.0),
            ("timeout", 9.0, 80.0),
            ("timeout", 9.0, np.nan),
            ("diverged", 1.0, 70.0),
        ],
        columns=["status", "seconds", "peak_memory_mb"],
    )
    assert restored_runs(runs)["peak_memory_mb"].tolist() == [90, 80]


def test_an_image_that_failed_for_everybody_costs_nobody_the_comparison():
    summary = summarise(table([[20, 30], [np.nan, np.nan]]), METRICS).set_index("prior")
    assert summary["mark"].tolist() == ["", "best"]
    assert summary["n_failed"].tolist() == [1, 1]


@pytest.mark.parametrize("status", ["failed", "timeout", "diverged", "unsupported"])
def test_a_prior_without_any_score_keeps_its_status(status):
    row = (
        summarise(table([[20, np.nan], [21, np.nan]], status=status), METRICS)
        .set_index("prior")
        .loc["p1"]
    )
    assert row["status"] == status and row["n"] == 0 and np.isnan(row["mean"])
    assert row["n_failed"] == (0 if status == "unsupported" else 2)


def test_no_score_at_all_has_no_best():
    assert summarise(table([[np.nan, np.nan]]), METRICS)["mark"].tolist() == ["", ""]
    assert paired_differences(table([[np.nan, np.nan]]), METRICS).empty


def test_pairing_sees_a_small_difference_between_images_of_very_different_difficulty():
    difficulty = np.linspace(20, 40, 20)
    jitter = np.random.default_rng(0).normal(scale=0.01, size=(2, 20))
    summary = summarise(
        table(np.stack([difficulty, difficulty - 0.1 + jitter[0], difficulty - jitter[1]], 1)),
        METRICS,
    )
    first, second, third = (summary.set_index("prior").loc[f"p{i}"] for i in range(3))
    assert second["high"] > first["low"], "the intervals over images overlap"
    assert second["mark"] == ""
    assert {first["mark"], third["mark"]} == {"best", "tied"}


def test_differences_and_p_values_are_those_of_the_common_images():
    values = np.random.default_rng(3).normal(30, 2, size=(9, 3))
    values[:, 0] += 5
    values[0, 2] = np.nan
    paired = paired_differences(table(values), METRICS).set_index("prior")
    assert set(paired["best"]) == {"p0"}
    for prior, column, rows in (("p1", 1, slice(None)), ("p2", 2, slice(1, None))):
        difference = values[rows, column] - values[rows, 0]
        assert paired.loc[prior, "n"] == len(difference)
        assert paired.loc[prior, "difference"] == pytest.approx(difference.mean())
        assert paired.loc[prior, "p_value"] == pytest.approx(wilcoxon(difference).pvalue)
    np.testing.assert_allclose(paired["p_holm"], holm(paired["p_value"]))


def test_equal_scores_are_tied_with_p_value_one():
    scores = table([[30, 30], [31, 31]])
    assert summarise(scores, METRICS)["mark"].tolist() == ["best", "tied"]
    assert paired_differences(scores, METRICS)["p_holm"].tolist() == [1.0]


def test_published_rows_and_other_metrics_are_passed_over():
    scores = pd.concat(
        [
            table([[30.0]]),
            table([[99.0]]).assign(source="paper", image=""),
            table([[0.1]], metric="other"),
        ]
    )
    assert summarise(scores, METRICS)["mean"].tolist() == [30.0]


def test_empty_scores_give_empty_tables_with_all_columns():
    empty = table(np.empty((0, 1)))
    assert summarise(empty, METRICS).empty and "mark" in summarise(empty, METRICS)
    assert paired_differences(empty, METRICS).empty and "p_holm" in paired_differences(
        empty, METRICS
    )
