"""Chunks, cells, what is learned from what, resources and labels."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.config import ConfigError
from priorbench.plan import Plan
from priorbench.plan.chunks import MOST
from priorbench.plan.estimates import JOB_SECONDS, Cost
from priorbench.plan.forecast import forecast
from priorbench.plan.limits import LONGEST_MINUTES, MODEL_LOADING_MINUTES, PATIENCE
from priorbench.specs import Parameters, Resources
from priorbench.store.cell import Cell
from priorbench.store.chunk import Part
from tests.plan.plans import plan, spec

ONE = {"run": ["denoise"]}
TWO = {"run": ["denoise", "inpaint"]}
COSTS = {"denoise": 1.0, "inpaint-50": 30.0, "inpaint-*": 300.0, "*": 8.0}
SOME_TASKS = {
    "run": ["sr", "denoise", "inpaint"],
    "settings": {"inpaint": {"parameters": {"missing": [50, 80]}}},
}


def restorations(made: Plan, prior: str = "mine") -> list[tuple[str, str]]:
    """Return task and image of all restorations of a prior, in the order of its jobs."""
    return [
        (cell.task, image)
        for chunk in made.chunks("test", prior)
        for cell, image in chunk.restorations()
    ]


def every_restoration(made: Plan) -> list[tuple[str, str]]:
    return [(task, image) for task in made.tasks for image in made.datasets["test"].images]


@pytest.mark.slow
@given(count=st.integers(1, 60), size=st.integers(1, 300))
def test_chunks_hold_every_restoration_once_in_order_and_are_no_larger_than_said(
    count: int, size: int
) -> None:
    resources = Resources(seconds_per_megapixel=COSTS)
    made = plan(spec(restorations_per_job=size, resources=resources), count=count, tasks=SOME_TASKS)
    chunks = made.chunks("test", "mine")
    assert restorations(made) == every_restoration(made)
    # All but the last are full, whatever they take.
    assert {len(chunk) for chunk in chunks[:-1]} <= {size}
    assert 1 <= len(chunks[-1]) <= size
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert [made.chunk("test", "mine", chunk.number) for chunk in chunks] == chunks
    assert list(made.all_chunks(["mine"])) == chunks


@pytest.mark.slow
@given(
    count=st.integers(1, 40),
    minutes=st.floats(0.05, 30),
    costs=st.lists(st.floats(0.1, 3000), min_size=4, max_size=4),
)
def test_chunks_last_as_long_as_a_job_should_unless_they_have_one_restoration(
    count: int, minutes: float, costs: list[float]
) -> None:
    names = ["sr*", "denoise", "inpaint-50", "*"]
    resources = Resources(seconds_per_megapixel=dict(zip(names, costs, strict=True)))
    made = plan(spec(resources=resources), count=count, tasks=SOME_TASKS, job_minutes=minutes)
    chunks = made.chunks("test", "mine")
    assert restorations(made) == every_restoration(made)
    seconds = {cell.task: made.limits.expected_seconds(cell) for cell in made.cells()}
    for chunk, after in zip(chunks, [*chunks[1:], None], strict=True):
        assert [part.cell.task for part in chunk.parts] == list(dict.fromkeys(chunk.tasks))
        assert all(part.images for part in chunk.parts)
        expected = sum(len(part.images) * seconds[part.cell.task] for part in chunk.parts)
        if len(chunk) > 1:
            assert expected <= 60 * minutes * (1 + 1e-9)
        if after:
            # The next restoration would have made it too long.
            assert expected + seconds[after.tasks[0]] > 60 * minutes * (1 - 1e-9)


def test_a_job_of_brief_restorations_has_no_more_than_can_be_looked_through() -> None:
    brief = Resources(seconds_per_megapixel=0)
    made = plan(spec(resources=brief), count=700, tasks=TWO, job_minutes=600)
    assert [len(chunk) for chunk in made.chunks("test", "mine")] == [MOST, 1400 - MOST]


def test_a_restoration_that_takes_longer_than_a_job_is_alone_and_others_share_the_next() -> None:
    # 0.154401 megapixels: the first task takes 154 s, the second 2 s.
    costs = {"denoise": 1000.0, "*": 10.0}
    made = plan(
        spec(resources=Resources(seconds_per_megapixel=costs)),
        count=3,
        tasks=TWO,
        job_minutes=1,
    )
    assert [len(chunk) for chunk in made.chunks("test", "mine")] == [1, 1, 1, 3]
    turned = plan(
        spec(resources=Resources(seconds_per_megapixel=costs)),
        count=3,
        tasks={"run": ["inpaint", "denoise"]},
        job_minutes=1,
    )
    assert [len(chunk) for chunk in turned.chunks("test", "mine")] == [3, 1, 1, 1]


def test_a_job_does_parts_of_two_tasks() -> None:
    made = plan(spec(restorations_per_job=3), count=4, tasks=TWO)
    first, second, third = made.chunks("test", "mine")
    denoise, inpaint = (Cell("test", task, "mine") for task in ("denoise-25", "inpaint-50"))
    assert first.parts == (Part(denoise, ("image-0", "image-1", "image-2")),)
    assert second.parts == (
        Part(denoise, ("image-3",)),
        Part(inpaint, ("image-0", "image-1")),
    )
    assert third.parts == (Part(inpaint, ("image-2", "image-3")),)
    assert (str(second), len(second), second.tasks) == (
        "test/mine/1",
        3,
        ["denoise-25", "inpaint-50"],
    )
    assert list(made.all_chunks(tasks=["denoise-25"])) == [first, second]
    assert list(made.all_chunks(tasks=["inpaint-50"])) == [second, third]
    layout = made.layout
    assert layout.runs(second) == layout.root / "runs/test/mine/1.jsonl"
    assert layout.scores(second) == layout.root / "scores/test/mine/1.jsonl"
    assert layout.log_file("restore", second) == layout.root / "logs/restore/test/mine/1.log"
    assert made.restoring_inputs(second) == [
        layout.problems("test", "denoise-25"),
        layout.problems("test", "inpaint-50"),
    ]
    assert made.restoring_inputs(third) == [layout.problems("test", "inpaint-50")]


def test_a_job_waits_for_the_training_and_for_the_tunings_of_its_own_tasks() -> None:
    class Strength(Parameters):
        strength: float = 1.0

    tuned = spec(
        learns=True, train_on="other", parameters=Strength, tunable={"strength": (0.5, 1.0)}
    )
    made = plan(
        tuned,
        count=2,
        tasks=TWO,
        settings={"mine": {"tune": True, "restorations_per_job": 2}},
    )
    layout = made.layout
    first, second = made.chunks("test", "mine")
    assert made.restoring_inputs(first) == [
        layout.problems("test", "denoise-25"),
        layout.training("mine"),
        layout.tuned("denoise-25", "mine"),
    ]
    assert layout.tuned("denoise-25", "mine") not in made.restoring_inputs(second)
    assert layout.tuned("inpaint-50", "mine") in made.restoring_inputs(second)


@pytest.mark.parametrize(
    ("task", "parameters", "expected"),
    [
        ("denoise", {}, 1.0),
        ("denoise", {"sigma": 50}, 1.0),
        ("inpaint", {}, 30.0),
        ("inpaint", {"missing": 80}, 300.0),
        ("sr", {}, 8.0),
    ],
)
def test_what_a_task_takes_is_declared_by_name_or_id_and_the_first_pattern_counts(
    task: str, parameters: dict[str, Any], expected: float
) -> None:
    made = plan(
        spec(resources=Resources(seconds_per_megapixel=COSTS)),
        tasks={"run": [task], "settings": {task: {"parameters": parameters}}},
    )
    [chosen] = made.tasks.values()
    cost = made.estimates.cost(made.prior("mine"), chosen)
    assert cost == Cost(expected, "spec")


def test_the_first_pattern_counts_though_a_later_one_is_the_name() -> None:
    made = plan(
        spec(resources=Resources(seconds_per_megapixel={"*": 8.0, "denoise": 1.0})),
        tasks=ONE,
    )
    [task] = made.tasks.values()
    assert made.estimates.cost(made.prior("mine"), task).seconds_per_megapixel == 8.0


def test_a_task_that_no_pattern_fits_takes_a_tenth_of_its_limit() -> None:
    made = plan(
        spec(resources=Resources(minutes=10, seconds_per_megapixel={"inpaint*": 8.0})),
        tasks=TWO,
    )
    costs = [made.estimates.cost(made.prior("mine"), task) for task in made.tasks.values()]
    assert [cost.origin for cost in costs] == ["limit", "spec"]
    assert costs[0].seconds_per_megapixel == pytest.approx(60 / (0.481 * 0.321))
    # The forecast names the least certain origin.
    (mine,) = forecast(made).priors
    assert mine.origin == "limit"


@pytest.mark.parametrize("seconds", [-1.0, {"*": -1.0}, {"*": None}, {"*": "long"}, "long"])
def test_seconds_that_are_none_are_refused(seconds: Any) -> None:
    with pytest.raises(ValueError, match="seconds_per_megapixel"):
        Resources(seconds_per_megapixel=seconds)


def test_a_configuration_says_what_tasks_take() -> None:
    settings = {"mine": {"resources": {"seconds_per_megapixel": {"denoise": 2, "*": 5}}}}
    made = plan(
        spec(resources=Resources(seconds_per_megapixel=100)),
        settings=settings,
        tasks=TWO,
    )
    costs = [made.estimates.cost(made.prior("mine"), task) for task in made.tasks.values()]
    assert [cost.seconds_per_megapixel for cost in costs] == [2, 5]


@pytest.mark.parametrize("chunk", ["2", "-1", "x", ""])
def test_a_chunk_that_there_is_not_is_refused(chunk: str) -> None:
    with pytest.raises(
        ConfigError, match="mine has 2 jobs on test, numbered from 0; there is no chunk"
    ):
        made = plan(spec(restorations_per_job=3), tasks=ONE)
        made.chunk("test", "mine", chunk)


def test_restorations_per_job_of_the_settings_wins() -> None:
    made = plan(
        spec(restorations_per_job=5),
        settings={"mine": {"restorations_per_job": 1}},
        tasks=TWO,
    )
    assert [len(chunk) for chunk in made.chunks("test", "mine")] == [1] * 10


@pytest.mark.parametrize(
    ("count", "size", "brief"), [(5, 5, True), (5, 1, True), (500, 500, True), (500, 1, False)]
)
def test_only_what_is_corrupted_and_scored_in_minutes_is_brief(
    count: int, size: int, brief: bool
) -> None:
    assert plan(spec(restorations_per_job=size), count=count, tasks=ONE).limits.is_brief == brief
    assert not plan(
        spec(restorations_per_job=size), count=count, tasks=ONE, local_minutes=0
    ).limits.is_brief


def test_cells_are_all_combinations_that_a_prior_can_do() -> None:
    priors = (
        spec("all"),
        spec("denoiser", tasks=("denoise",)),
        spec("nothing", tasks=("sharpen*",)),
    )
    made = plan(*priors, tasks=TWO)
    assert set(made.cells()) == {
        Cell("test", "denoise-25", "all"),
        Cell("test", "inpaint-50", "all"),
        Cell("test", "denoise-25", "denoiser"),
    }
    assert list(made.all_chunks(["nothing"])) == []
    assert restorations(made, "denoiser") == [
        ("denoise-25", image) for image in made.datasets["test"].images
    ]


@pytest.mark.parametrize(
    ("record", "setting", "experiment", "expected"),
    [
        ("", None, "other", "other"),
        ("more", None, "other", "more"),
        ("more", "other", "more", "other"),
        ("", "more", None, "more"),
        ("scikit-image", None, None, "scikit-image"),
    ],
)
def test_what_a_prior_learns_from(
    record: str, setting: str | None, experiment: str | None, expected: str
) -> None:
    settings = {"mine": {"train_on": setting}} if setting else {}
    made = plan(spec(learns=True, train_on=record), settings=settings, train=experiment)
    assert made.prior("mine").train_on == expected
    assert expected in made.datasets
    assert made.learners == ["mine"]
    assert made.model_files("mine") == [made.layout.training("mine")]


def test_a_prior_that_does_not_learn_needs_no_training() -> None:
    made = plan(spec(), train="other")
    assert made.model_files("mine") == []
    assert made.learners == []
    assert set(made.datasets) == {"test"}


def test_a_prior_that_learns_from_nothing_says_what_to_do() -> None:
    with pytest.raises(
        ConfigError, match="the prior mine learns: name a data set under 'train', or skip"
    ):
        plan(spec(learns=True))


class WeightsParameters(Parameters):
    weights: str


def test_a_prior_without_a_default_takes_part_once_it_is_set() -> None:
    needs = spec("needs", parameters=WeightsParameters)
    assert list(plan(spec(), needs).priors) == ["mine"]
    settings = {"needs": {"parameters": {"weights": "mine.pth"}}}
    assert list(plan(spec(), needs, settings=settings).priors) == ["mine", "needs"]


def test_a_prior_without_a_default_that_is_named_says_what_is_missing() -> None:
    needs = spec("needs", parameters=WeightsParameters)
    with pytest.raises(ConfigError, match=r"priors\.settings\.needs\.parameters\.weights"):
        plan(spec(), needs, priors={"run": ["needs"]})


def test_a_training_set_that_there_is_not_names_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match="training set of mine: unknown data set 'othr'; did you mean 'other'"
    ):
        plan(spec(learns=True), train="othr")


def test_resources_of_the_settings_replace_single_fields() -> None:
    record = Resources(threads=4, memory_mb=3000, gpus=1, minutes=2, training_minutes=7)
    made = plan(
        spec(resources=record), settings={"mine": {"resources": {"threads": 2, "minutes": 0.5}}}
    )
    assert made.prior("mine").resources == Resources(
        threads=2, memory_mb=3000, gpus=1, minutes=0.5, training_minutes=7
    )


def test_memory_doubles_at_each_attempt_and_only_the_last_is_final() -> None:
    made = plan(spec(resources=Resources(memory_mb=1500, memory_mb_per_megapixel=0)), retries=2)
    attempts = (1, 2, 3)
    assert [made.limits.memory("mine", "test", attempt) for attempt in attempts] == [
        1500,
        3000,
        6000,
    ]
    assert [made.limits.is_final(attempt) for attempt in attempts] == [0, 0, 1]


def test_the_last_attempt_at_a_job_is_given_the_time_of_its_images_and_more() -> None:
    made = plan(
        spec(restorations_per_job=3, resources=Resources(minutes=7)),
        count=5,
        retries=2,
        tasks=ONE,
    )
    first, second = made.chunks("test", "mine")
    assert made.limits.restoring(first, 3) > 3 * 7
    assert made.limits.restoring(first, 3) - made.limits.restoring(second, 3) == 7


def test_earlier_attempts_are_given_several_times_what_is_expected() -> None:
    resources = Resources(minutes=60, seconds_per_megapixel=60)
    made = plan(spec(restorations_per_job=3, resources=resources), retries=2)
    expected = 3 * 60 * 0.481 * 0.321 / 60
    chunk = made.chunk("test", "mine", 0)
    first, second, last = (made.limits.restoring(chunk, attempt) for attempt in (1, 2, 3))
    assert 2 * expected + 10 < first < second < last
    assert last == 3 * 60 + 10


def test_the_limit_of_a_job_is_that_of_its_parts() -> None:
    # An image is 0.154401 megapixels: 154.45 s and 9.31 s with the time for files.
    resources = Resources(minutes=60, seconds_per_megapixel={"denoise": 1000, "*": 60})
    made = plan(
        spec(restorations_per_job=5, resources=resources),
        count=3,
        retries=2,
        tasks=TWO,
    )
    mixed, rest = made.chunks("test", "mine")
    assert [len(part.images) for part in mixed.parts] == [3, 2]
    seconds = 3 * 154.451 + 2 * 9.31406
    for attempt in (1, 2):
        expected = math.ceil(PATIENCE * attempt * seconds / 60 + MODEL_LOADING_MINUTES)
        assert made.limits.restoring(mixed, attempt) == expected
    assert made.limits.restoring(mixed, 3) == 5 * 60 + MODEL_LOADING_MINUTES
    expected = math.ceil(PATIENCE * 9.31406 / 60 + MODEL_LOADING_MINUTES)
    assert made.limits.restoring(rest, 1) == expected


def test_the_last_attempt_is_given_no_more_than_a_queue_takes_or_several_times_what_is_expected() -> (
    None
):
    def last(seconds: float) -> int:
        resources = Resources(minutes=480, seconds_per_megapixel=seconds)
        made = plan(spec(restorations_per_job=6, resources=resources), count=6, tasks=ONE)
        return made.limits.restoring(made.chunk("test", "mine", 0), 2)

    assert last(10) == LONGEST_MINUTES + MODEL_LOADING_MINUTES
    # Six times 1500 s are expected, and twice six times as long is waited for.
    patient = math.ceil(PATIENCE * 2 * 6 * (0.05 + 1500) / 60 + MODEL_LOADING_MINUTES)
    assert LONGEST_MINUTES < last(1500 / 0.154401) == patient
    assert last(7200 / 0.154401) == 6 * 480 + MODEL_LOADING_MINUTES


@pytest.mark.parametrize(
    ("resources", "seconds"),
    [(Resources(training_seconds=90), 90), (Resources(training_minutes=20), 300)],
)
def test_a_fit_takes_what_is_known_of_it_or_a_quarter_of_its_limit(
    resources: Resources, seconds: float
) -> None:
    learns = plan(spec(learns=True, train_on="other", resources=resources))
    (mine,) = forecast(learns).priors
    (other,) = forecast(plan(spec(resources=resources))).priors
    assert 60 * (mine.chain_minutes - other.chain_minutes) == pytest.approx(JOB_SECONDS + seconds)


def test_labels_name_every_prior_and_task() -> None:
    made = plan(spec(label="My prior"), spec("second"))
    assert made.labels == {"mine": "My prior", "second": "second"} | {
        task.id: task.label for task in made.tasks.values()
    }


def test_all_metrics_leave_out_the_optional_ones_which_are_taken_where_they_are_named() -> None:
    made = plan(spec())
    optional = {name for name, entry in made.registry.metrics.items() if entry.spec.optional}
    assert {"niqe", "patch-distance"} <= optional
    of_samples = {name for name, entry in made.registry.metrics.items() if entry.spec.of_samples}
    assert made.metrics.keys() == made.registry.metrics.keys() - optional - of_samples
    assert "psnr" in made.metrics
    named = plan(spec(), metrics=["niqe", "psnr"])
    assert list(named.metrics) == ["niqe", "psnr"]
