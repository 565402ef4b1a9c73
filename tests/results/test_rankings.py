from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata, ttest_1samp, ttest_rel

from priorbench.results.rankings import COLUMNS, OVER_TASKS, letters, rankings, told_apart
from priorbench.results.schema import SCORES
from priorbench.results.statistics import summarise
from priorbench.specs import MetricSpec

METRICS = {
    "psnr": MetricSpec(name="psnr", factory=".m:f", summary=""),
    "mae": MetricSpec(name="mae", factory=".m:f", summary="", higher_is_better=False),
    "residual": MetricSpec(name="residual", factory=".m:f", summary="", higher_is_better=None),
}


def table(values, metric="psnr", dataset="d", status="failed", names=None):
    """Scores from tasks × images × priors; NaN is a failure."""
    values = np.asarray(values, dtype=float)
    names = names or [f"p{index}" for index in range(values.shape[2])]
    rows = []
    for (task, image, prior), value in np.ndenumerate(values):
        ok = "ok" if np.isfinite(value) else status
        cell = ("e", dataset, f"i{image:02}", f"t{task}", names[prior], metric)
        rows.append((*cell, value, ok, "", "", "measured", ""))
    return pd.DataFrame(rows, columns=SCORES.schema.names)


def draw(tasks=3, images=8, priors=6, seed=0, gap=0.4):
    """Scores where images differ more than priors do."""
    rng = np.random.default_rng(seed)
    difficulty = 3 * rng.standard_normal((1, images, 1))
    quality = gap * np.arange(priors)[::-1]
    return 30 + difficulty + quality + rng.standard_normal((tasks, images, priors))


def of(found, task):
    return found[found["task"] == task].set_index("prior")


def alike(groups):
    """Which pairs share a letter."""
    return np.array([[bool(set(one) & set(other)) for other in groups] for one in groups])


small = arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)),
    elements=st.integers(0, 6).map(float),
)
"""Tasks × images × priors with many equal values."""


@pytest.mark.parametrize("seed", range(5))
def test_ranks_of_a_task_are_those_of_the_pairwise_tests_one_by_one(seed):
    values = draw(tasks=1, images=9, seed=seed)
    found = of(rankings(table(values), METRICS), "t0")
    count, scores = values.shape[2], values[0]
    pairs = count * (count - 1) / 2
    assert found["rank"].to_dict() == {
        f"p{i}": rank for i, rank in enumerate(rankdata(-scores.mean(0)))
    }
    for one in range(count):
        better = worse = 0
        for other in set(range(count)) - {one}:
            test = ttest_rel(scores[:, one], scores[:, other])
            if pairs * test.pvalue < 0.05:
                better += test.statistic < 0
                worse += test.statistic > 0
        row = found.loc[f"p{one}"]
        assert (row["rank_low"], row["rank_high"]) == (1 + better, count - worse)
        distance = scores.max(1) - scores[:, one]
        assert row["improvability"] == pytest.approx(distance.mean())
        interval = ttest_1samp(distance, 0).confidence_interval(0.95)
        assert row["improvability_low"] == pytest.approx(max(0, interval.low))
        assert row["improvability_high"] == pytest.approx(interval.high)
    assert set(found["n"]) == {9}


@pytest.mark.parametrize("seed", range(3))
def test_ranks_over_tasks_are_means_over_images_and_tasks(seed):
    values = draw(seed=seed)
    found = of(rankings(table(values), METRICS), OVER_TASKS)
    tasks, images, count = values.shape
    ranks = np.array(
        [
            [
                np.mean([rankdata(-values[task, image])[prior] for task in range(tasks)])
                for image in range(images)
            ]
            for prior in range(count)
        ]
    )
    for prior, own in enumerate(ranks):
        row = found.loc[f"p{prior}"]
        assert row["rank"] == pytest.approx(own.mean())
        interval = ttest_1samp(own, 0).confidence_interval(0.95)
        assert row["rank_low"] == pytest.approx(max(1, interval.low))
        assert row["rank_high"] == pytest.approx(min(count, interval.high))
        distance = np.mean(values.max(2) - values[:, :, prior], axis=0)
        assert row["improvability"] == pytest.approx(distance.mean())
    shared = alike([found.loc[f"p{prior}", "group"] for prior in range(count)])
    for one, other in combinations(range(count), 2):
        p_value = ttest_rel(ranks[one], ranks[other]).pvalue
        assert shared[one, other] == (p_value * count * (count - 1) / 2 >= 0.05)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_letters_are_shared_exactly_by_what_is_not_told_apart(data):
    count = data.draw(st.integers(1, 8))
    drawn = data.draw(arrays(np.bool_, (count, count)))
    apart = np.triu(drawn, 1) | np.triu(drawn, 1).T
    order = data.draw(st.permutations(range(count)))
    found = letters(order, apart)
    assert (alike(found) == ~apart).all()
    assert "a" in found[order[0]]
    names = sorted(set("".join(found)))
    assert names == [chr(ord("a") + index) for index in range(len(names))]
    # Without any one of them some pair would share none.
    for prior, own in enumerate(found):
        for letter in own if len(own) > 1 else "":
            less = [*found]
            less[prior] = own.replace(letter, "")
            assert (alike(less) != ~apart).any()


def test_more_groups_than_letters_have_numbers():
    apart = ~np.eye(60, dtype=bool)
    found = letters(range(60), apart)
    assert len(set(found)) == 60 and found[51:53] == ["Z", "(53)"]


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(small, st.sampled_from(["psnr", "mae"]))
def test_ranks_and_marks_say_the_same(values, metric):
    scores = table(values, metric)
    found = rankings(scores, METRICS)
    marks = summarise(scores, METRICS).set_index(["task", "prior"])["mark"]
    for task in range(len(values)):
        own = of(found, f"t{task}")
        first = set(own["group"].iloc[0])
        for prior, row in own.iterrows():
            assert row["rank_low"] <= row["rank"] <= row["rank_high"]
            assert (marks[f"t{task}", prior] == "best") == (row["rank_high"] == 1)
            assert (marks[f"t{task}", prior] != "") == bool(set(row["group"]) & first)


@settings(deadline=None, max_examples=25)
@given(small, st.randoms(use_true_random=False))
def test_names_and_order_of_priors_and_rows_change_nothing(values, random):
    order = list(range(values.shape[2]))
    random.shuffle(order)
    plain = rankings(table(values), METRICS)
    moved = rankings(
        table(values[:, :, order], names=[f"p{index}" for index in order]).sample(
            frac=1, random_state=random.randrange(100)
        ),
        METRICS,
    )
    pd.testing.assert_frame_equal(plain, moved)
    renamed = rankings(table(values[:, :, order]), METRICS)
    back = renamed.assign(prior=[f"p{order[int(name[1:])]}" for name in renamed["prior"]])
    key = ["task", "prior"]
    one, other = (frame.set_index(key).sort_index() for frame in (plain, back))
    # Which of equals has which letter is a matter of names.
    pd.testing.assert_frame_equal(one.drop(columns="group"), other.drop(columns="group"))
    for task in set(plain["task"]):
        assert (alike(one.loc[task, "group"]) == alike(other.loc[task, "group"])).all()


@settings(deadline=None, max_examples=25)
@given(small)
def test_increasing_transforms_of_a_task_change_no_rank_over_tasks(values):
    transformed = np.stack(
        [(np.exp, np.sqrt, lambda x: 3 * x - 7)[task](own) for task, own in enumerate(values)]
    )
    plain, moved = (of(rankings(table(each), METRICS), "") for each in (values, transformed))
    columns = ["rank", "rank_low", "rank_high", "group", "n"]
    pd.testing.assert_frame_equal(plain[columns], moved.loc[plain.index, columns])


@pytest.mark.parametrize("seed", range(3))
def test_a_metric_that_is_better_when_lower_is_its_negative(seed):
    values = draw(seed=seed)
    higher, lower = rankings(table(values), METRICS), rankings(table(-values, "mae"), METRICS)
    pd.testing.assert_frame_equal(higher.drop(columns="metric"), lower.drop(columns="metric"))
    assert (lower["improvability"] > 0).any()


def test_units_change_no_rank_of_a_task():
    values = draw(tasks=1)
    plain, moved = (of(rankings(table(each), METRICS), "t0") for each in (values, 5 * values - 9))
    ranks = ["rank", "rank_low", "rank_high", "group"]
    pd.testing.assert_frame_equal(plain[ranks], moved[ranks])
    np.testing.assert_allclose(moved["improvability"], 5 * plain["improvability"])


def test_equal_priors_share_rank_interval_and_letters_and_none_is_the_best():
    values = draw(tasks=2, images=40, priors=4, gap=6)
    values[:, :, 1] = values[:, :, 0]
    found = rankings(table(values), METRICS)
    for task in ("t0", OVER_TASKS):
        first, second, third = (of(found, task).loc[f"p{index}"] for index in range(3))
        assert first["rank"] == second["rank"] == 1.5 and third["rank"] == 3
        assert first["group"] == second["group"] == "a" and third["group"] == "b"
    assert of(found, "t0").loc["p0", ["rank_low", "rank_high"]].tolist() == [1, 2]


def test_clearly_different_priors_have_certain_ranks():
    found = rankings(table(draw(images=40, priors=4, gap=5)), METRICS)
    for task in ("t0", OVER_TASKS):
        own = of(found, task)
        assert own["rank"].tolist() == own["rank_low"].tolist() == own["rank_high"].tolist()
        assert own["group"].tolist() == ["a", "b", "c", "d"]
    assert of(found, "t0").loc["p0", "improvability"] == 0


def test_with_one_image_any_rank_is_possible():
    found = rankings(table(draw(images=1, priors=4)), METRICS)
    own = of(found, "t0")
    assert (own["rank_low"] == 1).all() and (own["rank_high"] == 4).all()
    assert set(own["group"]) == {"a"} and own["improvability_low"].isna().all()
    assert of(found, OVER_TASKS)[["rank_low", "rank_high"]].isna().all(axis=None)


def test_a_prior_that_failed_is_not_ranked_but_corrected_for():
    values = draw(tasks=2, images=6, priors=3)
    values[0, 2, 2] = np.nan
    found = rankings(table(values), METRICS)
    assert set(of(found, "t0").index) == set(of(found, OVER_TASKS).index) == {"p0", "p1"}
    assert set(of(found, "t1").index) == {"p0", "p1", "p2"}
    # Three pairs, not one: this difference is significant for one alone.
    difference = np.array([0.8, 1.8, 0.0, 1.2, 0.2, 0.7])
    assert 0.05 > ttest_1samp(difference, 0).pvalue > 0.05 / 3
    values = np.stack([30 + difference, np.full(6, 30.0), [*[29.0] * 5, np.nan]], 1)[None]
    assert of(rankings(table(values), METRICS), "t0")["rank_high"].tolist() == [2, 2]
    assert of(rankings(table(values[:, :, :2]), METRICS), "t0")["rank_high"].tolist() == [1, 2]


def test_where_the_metric_is_not_defined_all_are_ranked_on_the_other_images():
    values = draw(tasks=2, images=8, priors=3)
    values[0, 5, 1] = np.nan
    found = rankings(table(values, status="undefined"), METRICS)
    assert set(of(found, "t0")["n"]) == set(of(found, OVER_TASKS)["n"]) == {7}
    assert set(of(found, "t1")["n"]) == {8}
    without = np.delete(values, 5, axis=1)
    expected = rankings(table(without), METRICS)
    for task in ("t0", OVER_TASKS):
        pd.testing.assert_frame_equal(of(found, task), of(expected, task))


def test_an_image_that_nobody_has_costs_nobody_the_rank():
    values = draw(tasks=2)
    values[:, 3] = np.nan
    found = rankings(table(values), METRICS)
    assert len(of(found, OVER_TASKS)) == values.shape[2] and set(found["n"]) == {7}


def test_a_task_that_nobody_has_is_none_of_all_tasks():
    values = draw(tasks=3)
    values[2] = np.nan
    found = rankings(table(values, status="undefined"), METRICS)
    pd.testing.assert_frame_equal(found, rankings(table(values[:2]), METRICS))


def test_one_task_has_no_row_over_tasks_and_disjoint_priors_have_none():
    assert set(rankings(table(draw(tasks=1)), METRICS)["task"]) == {"t0"}
    values = draw(tasks=2, priors=4)
    values[0, :, :2], values[1, :, 2:] = np.nan, np.nan
    found = rankings(table(values, status="unsupported"), METRICS)
    assert set(found["task"]) == {"t0", "t1"} and len(found) == 4


def test_data_sets_and_metrics_are_ranked_apart():
    one, other = draw(seed=1), draw(seed=2, images=5)
    parts = [table(one, dataset="a"), table(other, dataset="b"), table(one, "mae", dataset="a")]
    found = rankings(pd.concat(parts), METRICS)
    expected = pd.concat([rankings(part, METRICS) for part in parts])
    key = ["dataset", "task", "metric", "rank", "prior"]
    expected = expected.sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected)


def test_published_rows_other_metrics_and_those_without_a_direction_are_passed_over():
    scores = table(draw())
    more = [
        scores.assign(source="paper", image="", value=99.0).iloc[:1],
        table(draw(seed=5), "residual"),
        table(draw(seed=6), "other"),
    ]
    pd.testing.assert_frame_equal(
        rankings(pd.concat([scores, *more]), METRICS), rankings(scores, METRICS)
    )


@pytest.mark.parametrize("values", [np.empty((0, 0, 0)), np.full((2, 3, 2), np.nan)])
def test_nothing_to_rank_gives_an_empty_table_with_all_columns(values):
    found = rankings(table(values), METRICS)
    assert found.empty and tuple(found.columns) == COLUMNS


@pytest.mark.slow
@pytest.mark.parametrize("gap", [0.05, 0.3])
def test_intervals_hold_the_ranks_of_all_priors_at_once(gap):
    held, samples = 0, 300
    for seed in range(samples):
        scores = draw(tasks=1, priors=5, seed=seed, gap=gap)[0]
        apart, means = told_apart(scores), scores.mean(0)
        above = means > means[:, None]
        low, high = 1 + (apart & above).sum(1), 5 - (apart & ~above).sum(1)
        held += ((low <= np.arange(1, 6)) & (np.arange(1, 6) <= high)).all()
    assert held / samples >= 0.95
    # They are no whole ranges by construction.
    assert (of(rankings(table(draw(gap=2)), METRICS), "t0")["rank_high"] < 6).any()
