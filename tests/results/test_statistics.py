import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp, ttest_rel

from priorbench.results.schema import SCORES
from priorbench.results.statistics import (
    jackknife_interval,
    mean_interval,
    mean_intervals,
    paired_differences,
    pairwise_comparisons,
    summarise,
)
from priorbench.specs import MetricSpec

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
            cell = ("e", "d", f"i{i:02}", "t", f"p{j}", metric)
            rows.append((*cell, value, ok, "", "", "measured", ""))
    return pd.DataFrame(rows, columns=SCORES.schema.names)


matrices = st.integers(1, 6).flatmap(
    lambda images: st.integers(1, 5).flatmap(
        lambda priors: arrays(np.float64, (images, priors), elements=st.floats(0, 60, width=32))
    )
)


@given(arrays(np.float64, st.integers(2, 40), elements=st.floats(-100, 100, width=32)))
def test_interval_is_centred_on_the_mean(values):
    low, high = mean_interval(values)
    assert low <= high
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=1e-9)


def test_interval_agrees_with_scipy():
    values = np.random.default_rng(0).gamma(2.0, size=30)
    expected = ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_interval(values) == pytest.approx((expected.low, expected.high))


COVERED = (
    ("standard_normal", {}, 0.0, 0.93, 0.97),
    ("uniform", {"low": -1}, 0.0, 0.91, 0.97),
    ("standard_t", {"df": 3}, 0.0, 0.93, 0.985),
    ("gamma", {"shape": 2}, 2.0, 0.89, 0.97),
    ("lognormal", {}, np.exp(0.5), 0.80, 0.96),
)
"""Distribution, its parameters and mean, and the least and the most that intervals of it cover."""


@pytest.mark.parametrize("count", [3, 4, 5, 8, 12, 68])
@pytest.mark.parametrize(
    ("name", "parameters", "mean", "least", "most"), COVERED, ids=[row[0] for row in COVERED]
)
def test_intervals_cover_what_they_say(name, parameters, mean, least, most, count):
    draw = getattr(np.random.default_rng(count), name)
    low, high = mean_intervals(draw(**parameters, size=(4000, count)))
    assert least <= np.mean((low <= mean) & (mean <= high)) <= most


def test_the_jackknife_of_a_mean_is_the_interval_of_the_mean():
    # Below 0, where no logarithms are taken.
    values = np.random.default_rng(0).normal(-5, size=7)
    left_out = [np.delete(values, index).mean() for index in range(len(values))]
    assert jackknife_interval(values.mean(), left_out) == pytest.approx(mean_interval(values))


def test_the_jackknife_covers_a_ratio_of_means():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2000):
        above, below = rng.normal(6, 1, 5), rng.normal(3, 0.3, 5)
        ratios = [np.delete(above, i).mean() / np.delete(below, i).mean() for i in range(5)]
        low, high = jackknife_interval(above.mean() / below.mean(), ratios)
        covered += low <= 2 <= high
    assert 0.93 <= covered / 2000 <= 0.97


@pytest.mark.slow
def test_equal_priors_are_told_apart_in_five_columns_of_a_hundred_at_most():
    columns, shares = 500, {}
    for priors in (5, 10, 20):
        for images in (4, 8, 68):
            rng = np.random.default_rng([priors, images])
            told_apart = 0
            for _ in range(columns):
                scores = 5 * rng.standard_normal((images, 1)) + rng.standard_normal(
                    (images, priors)
                )
                compared = pairwise_comparisons(scores, scores.mean(0).argmax())
                told_apart += np.nanmin(compared.p_adjusted) < 0.05
            shares[priors, images] = told_apart / columns
    # Three standard errors of the share in one row, and in all rows together.
    assert max(shares.values()) <= 0.05 + 3 * (0.05 * 0.95 / columns) ** 0.5
    error = (0.05 * 0.95 / columns / len(shares)) ** 0.5
    assert 0.02 <= np.mean(list(shares.values())) <= 0.05 + 3 * error


def test_one_image_has_no_interval():
    assert np.isnan(mean_interval(np.array([3.0]))).all()
    row = summarise(table([[30.0]]), METRICS).iloc[0]
    assert row["mean"] == 30.0 and np.isnan(row["low"]) and row["mark"] == "best"


@pytest.mark.slow
@given(matrices)
@settings(deadline=None, max_examples=50)
def test_mark_interval_and_p_value_say_the_same(values):
    paired = paired_differences(table(values), METRICS)
    for row in paired[paired["n"] > 1].itertuples():
        # A p-value next to the level depends on rounding.
        if abs(row.p_adjusted - 0.05) > 1e-9:
            assert (row.low <= 0 <= row.high) == (row.p_adjusted >= 0.05)
            assert (row.mark == "tied") == (row.p_adjusted >= 0.05)
    marks = paired.set_index("prior")["mark"].to_dict()
    summary = summarise(table(values), METRICS).set_index("prior")["mark"].to_dict()
    assert {prior: summary[prior] for prior in marks} == marks
    [best] = set(summary) - set(marks)
    assert summary[best] == ("tied" if "tied" in marks.values() else "best")


def test_with_one_image_nothing_can_be_told_from_the_best():
    scores = table([[30, 31, 31, 20]])
    assert summarise(scores, METRICS)["mark"].tolist() == ["tied", "tied", "tied", "tied"]
    paired = paired_differences(scores, METRICS)
    assert set(paired["best"]) == {"p1"} and set(paired["mark"]) == {"tied"}
    assert paired["p_adjusted"].isna().all() and paired["low"].isna().all()


def test_an_exact_restoration_wins():
    # 120 dB, the PSNR of equal images, is a value like any other.
    summary = summarise(table([[120, 30], [120, 31], [120, 30.5]]), METRICS)
    assert summary["mark"].tolist() == ["best", ""]
    assert summary["n_failed"].tolist() == [0, 0]


def test_a_metric_that_is_not_defined_costs_nobody_the_first_place():
    values = [[30, np.nan], [30, 33], [31, 34], [32, 35.5]]
    scores = table(values, status="undefined")
    summary = summarise(scores, METRICS).set_index("prior")
    assert summary["mark"].tolist() == ["", "best"]
    assert summary["n_failed"].tolist() == [0, 0]
    assert summary["n_undefined"].tolist() == [0, 1]
    summary = summarise(table(values, status="failed"), METRICS).set_index("prior")
    assert summary["mark"].tolist() == ["best", ""]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["failed", "timeout", "timeout"], "timeout"),
        (["unsupported", "unsupported", "failed"], "unsupported"),
        (["unsupported", "failed", "failed"], "failed"),
        (["unsupported", "failed"], "failed"),
        (["undefined", "undefined"], "undefined"),
    ],
)
def test_the_status_of_a_cell_without_scores_is_the_most_frequent(statuses, expected):
    scores = table([[np.nan]] * len(statuses))
    scores["status"] = statuses
    scores["reason"] = [f"{status} {index}" for index, status in enumerate(statuses)]
    row = summarise(scores, METRICS).iloc[0]
    assert row["status"] == expected
    assert row["reason"] == f"{expected} {statuses.index(expected)}"


@settings(deadline=None, max_examples=12)
@given(matrices, st.sampled_from(["psnr", "mae"]))
def test_the_best_mean_is_that_in_the_metrics_direction_and_the_best_if_it_is_told_from_all(
    values, metric
):
    summary = summarise(table(values, metric), METRICS).set_index("prior")
    extreme = values.mean(axis=0).max() if metric == "psnr" else values.mean(axis=0).min()
    equal = np.isclose(values.mean(axis=0), extreme, rtol=1e-12, atol=0)
    marks = summary["mark"].to_numpy()
    best = list(np.flatnonzero(marks == "best"))
    assert all(marks[equal] == ("best" if best else "tied"))
    if best:
        assert best == list(np.flatnonzero(equal)) and "tied" not in marks
    elif values.shape[1] == 1:
        raise AssertionError("a single prior has no equal")
    else:
        assert (marks == "tied").sum() > 1


@pytest.mark.slow
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


def test_an_image_that_failed_for_everybody_costs_nobody_the_comparison():
    values = [[20, 30], [21, 30.5], [20.5, 31], [np.nan, np.nan]]
    summary = summarise(table(values), METRICS).set_index("prior")
    assert summary["mark"].tolist() == ["", "best"]
    assert summary["n_failed"].tolist() == [1, 1]


@pytest.mark.parametrize("status", ["failed", "timeout", "diverged", "unsupported", "undefined"])
def test_a_prior_without_any_score_keeps_its_status(status):
    row = (
        summarise(table([[20, np.nan], [21, np.nan]], status=status), METRICS)
        .set_index("prior")
        .loc["p1"]
    )
    assert row["status"] == status and row["n"] == 0 and np.isnan(row["mean"])
    assert row["n_failed"] == (0 if status in ("unsupported", "undefined") else 2)


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
    assert first["mark"] == third["mark"] == "tied"


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
        expected = ttest_rel(values[rows, column], values[rows, 0])
        assert paired.loc[prior, "p_value"] == pytest.approx(expected.pvalue)
        # Three pairs of priors.
        assert paired.loc[prior, "comparisons"] == 3
        assert paired.loc[prior, "p_adjusted"] == pytest.approx(min(1, 3 * expected.pvalue))
        interval = expected.confidence_interval(1 - 0.05 / 3)
        assert paired.loc[prior, ["low", "high"]].tolist() == pytest.approx(list(interval))


def test_of_equal_scores_none_is_the_best_and_the_p_value_is_one():
    scores = table([[30, 30], [31, 31]])
    assert summarise(scores, METRICS)["mark"].tolist() == ["tied", "tied"]
    assert paired_differences(scores, METRICS)["p_adjusted"].tolist() == [1.0]


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
    assert paired_differences(empty, METRICS).empty and "p_adjusted" in paired_differences(
        empty, METRICS
    )


def test_the_best_is_told_from_every_other_prior():
    values = np.array([[30, 28, 27], [31, 29.2, 28], [30.5, 28.4, 27.3], [32, 30.1, 29.2]])
    assert summarise(table(values), METRICS)["mark"].tolist() == ["best", "", ""]
    values[:, 1] = values[:, 0] + [-0.2, 0.1, -0.1, 0.1]
    assert summarise(table(values), METRICS)["mark"].tolist() == ["tied", "tied", ""]


def test_means_that_differ_by_rounding_are_equal():
    # 0.1 + 0.2 is not 0.3: a constant difference without any spread, which a test would trust.
    values = [[0.1 + 0.2, 0.3, 0.1]] * 4
    assert summarise(table(values), METRICS)["mark"].tolist() == ["tied", "tied", ""]


def test_without_a_common_image_there_is_no_best():
    values = [[30, np.nan], [31, np.nan], [np.nan, 29], [np.nan, 28]]
    summary = summarise(table(values, status="undefined"), METRICS)
    assert summary["mark"].tolist() == ["tied", "tied"]
