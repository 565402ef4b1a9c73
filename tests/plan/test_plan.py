"""Chunks, cells, what is learned from what, resources and labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.config import ConfigError
from priorbench.plan.estimates import JOB_SECONDS
from priorbench.plan.forecast import forecast
from priorbench.specs import Resources
from priorbench.store.cell import Cell
from tests.plan.plans import plan, spec


@pytest.mark.slow
@given(count=st.integers(1, 60), size=st.integers(1, 70))
def test_chunks_hold_every_image_once_in_order_and_are_no_larger_than_said(
    count: int, size: int
) -> None:
    made = plan(spec(restorations_per_job=size), count=count)
    chunks = made.chunks("test", "mine")
    assert [image for chunk in chunks for image in chunk] == list(made.datasets["test"].images)
    assert all(1 <= len(chunk) <= size for chunk in chunks)
    assert len(chunks) == -(-count // size)
    assert [made.chunk("test", "mine", number) for number in range(len(chunks))] == chunks
    assert len(made.job_files(made.layout.runs, ["mine"])) == len(chunks) * len(made.tasks)


@pytest.mark.parametrize("chunk", ["2", "-1", "x", ""])
def test_a_chunk_that_there_is_not_is_refused(chunk: str) -> None:
    with pytest.raises(ConfigError, match="chunk must be between 0 and 1"):
        plan(spec(restorations_per_job=3)).chunk("test", "mine", chunk)


def test_restorations_per_job_of_the_settings_wins() -> None:
    assert (
        len(
            plan(
                spec(restorations_per_job=5), settings={"mine": {"restorations_per_job": 1}}
            ).chunks("test", "mine")
        )
        == 5
    )


@pytest.mark.parametrize(
    ("count", "size", "brief"), [(5, 5, True), (5, 1, True), (500, 500, True), (500, 1, False)]
)
def test_only_what_is_corrupted_and_scored_in_minutes_is_brief(
    count: int, size: int, brief: bool
) -> None:
    one_task = {"run": ["denoise"]}
    assert (
        plan(spec(restorations_per_job=size), count=count, tasks=one_task).limits.is_brief == brief
    )
    assert not plan(
        spec(restorations_per_job=size), count=count, tasks=one_task, local_minutes=0
    ).limits.is_brief


def test_cells_are_all_combinations_that_a_prior_can_do() -> None:
    priors = (
        spec("all"),
        spec("denoiser", tasks=("denoise",)),
        spec("nothing", tasks=("sharpen*",)),
    )
    made = plan(*priors, tasks={"run": ["denoise", "inpaint"]})
    assert set(made.cells()) == {
        Cell("test", "denoise-25", "all"),
        Cell("test", "inpaint-50", "all"),
        Cell("test", "denoise-25", "denoiser"),
    }
    assert made.job_files(made.layout.scores, ["nothing"]) == []


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
    made = plan(spec(restorations_per_job=3, resources=Resources(minutes=7)), count=5, retries=2)
    assert made.limits.restoring("test", "mine", "0", 3) > 3 * 7
    assert (
        made.limits.restoring("test", "mine", "0", 3)
        - made.limits.restoring("test", "mine", "1", 3)
        == 7
    )


def test_earlier_attempts_are_given_several_times_what_is_expected() -> None:
    resources = Resources(minutes=60, seconds_per_megapixel=60)
    made = plan(spec(restorations_per_job=3, resources=resources), retries=2)
    expected = 3 * 60 * 0.481 * 0.321 / 60
    first, second, last = (
        made.limits.restoring("test", "mine", "0", attempt) for attempt in (1, 2, 3)
    )
    assert 2 * expected + 10 < first < second < last
    assert last == 3 * 60 + 10


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
