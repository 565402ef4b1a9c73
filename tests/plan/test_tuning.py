"""Which parameters are tried, on which images."""

import re
from typing import Any

import pytest
from plans import plan, scikit_images, spec
from pydantic import Field, model_validator

from priorbench.config import ConfigError
from priorbench.records import Parameters, PriorSpec, Resources


class SmoothParameters(Parameters):
    weight: float = Field(1.0, gt=0)
    steps: int = 10
    start: str = "flat"

    @model_validator(mode="after")
    def _enough_steps(self) -> "SmoothParameters":
        if self.weight * self.steps < 1:
            raise ValueError("more steps for so small a weight")
        return self


def smooth(**values: Any) -> PriorSpec:
    return spec(
        **{"parameters": SmoothParameters, "tunable": {"weight": (0.5, 2), "steps": [5, 10]}}
        | values
    )


def test_what_is_tried_is_every_combination_of_what_the_configuration_leaves_open() -> None:
    made = plan(
        smooth(), settings={"mine": {"tune": True, "parameters": {"start": "y"}}}, train="other"
    )
    chosen = made.prior("mine")
    assert chosen.candidates == tuple(
        {"weight": w, "steps": s} for w in (0.5, 2.0) for s in (5, 10)
    )
    assert (chosen.tune_on, chosen.parameters["weight"]) == ("other", 1.0)
    assert made.tuned_files("denoise-25", "mine") == [made.layout.tuned("denoise-25", "mine")]
    assert set(made.datasets) == {"test", "other"}
    settings = {"mine": {"tune": True, "parameters": {"steps": [7, 8]}}}
    variants = plan(smooth(), settings=settings, train="other").priors
    assert {
        key: (prior.parameters["steps"], prior.candidates) for key, prior in variants.items()
    } == {f"mine-steps{steps}": (steps, ({"weight": 0.5}, {"weight": 2.0})) for steps in (7, 8)}


def test_nothing_is_tuned_that_is_not_asked_for_or_that_the_prior_cannot_do() -> None:
    made = plan(smooth(), train="other")
    assert (made.prior("mine").tune_on, made.prior("mine").candidates) == ("", ())
    assert made.tuned_files("denoise-25", "mine") == []
    made = plan(smooth(tasks=("inpaint",)), settings={"mine": {"tune": True}}, train="other")
    assert made.tuned_files("denoise-25", "mine") == []
    assert made.tuned_files("inpaint-50", "mine")


def test_a_prior_with_chosen_parameters_has_a_fingerprint_of_its_own() -> None:
    prior = plan(smooth(), settings={"mine": {"tune": True}}, train="other").prior("mine")
    one, two = prior.tuned({"weight": 2, "steps": 5}), prior.tuned({"weight": 0.5, "steps": 5})
    assert one.parameters == {"weight": 2.0, "steps": 5, "start": "flat"}
    assert one.describe()["parameters"] == one.parameters
    assert len({prior.fingerprint, one.fingerprint, two.fingerprint}) == 3
    assert prior.tuned({"weight": 2, "steps": 5}) == one


def test_a_tuning_is_done_again_for_its_candidates_its_images_and_its_task() -> None:
    def of(task: str = "denoise-25", record: PriorSpec | None = None, **changes: Any) -> str:
        made = plan(
            record or smooth(), settings={"mine": {"tune": True}}, **{"train": "other"} | changes
        )
        return made.fingerprints.tuning(task, "mine")

    different = [
        of(), of("inpaint-50"), of(train="more"), of(tuning={"images": 2}), of(tuning={"crop": None}),
        of(record=smooth(tunable={"weight": [3]})),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
    assert of() == of(record=smooth(label="another"))


def test_a_tuning_job_is_given_the_time_of_all_it_tries() -> None:
    def minutes(**changes: Any) -> int:
        record = smooth(resources=Resources(minutes=5))
        return plan(record, settings={"mine": {"tune": True}}, **changes).tuning_minutes("mine")

    datasets = {"test": scikit_images("camera"), "other": scikit_images("brick", "grass", "gravel")}
    few, many = (
        {"train": "other", "datasets": datasets, "tuning": {"images": count}} for count in (2, 50)
    )
    assert minutes(**few) > 4 * 2 * 5
    assert minutes(**many) - minutes(**few) == 4 * 5


def test_a_prior_that_learns_is_tuned_on_what_it_learns_from() -> None:
    settings = {"mine": {"tune": True, "train_on": "more"}}
    assert (
        plan(smooth(learns=True), settings=settings, train="other").prior("mine").tune_on == "more"
    )


@pytest.mark.parametrize(
    ("setting", "changes", "message"),
    [
        ({"tune": True}, {}, r"priors\.settings\.mine\.tune: name a data set under 'train'"),
        (
            {"tune": True},
            {"train": "test"},
            "the prior mine would be tested on what it is tuned on: test/image-0",
        ),
        (
            {"tune": True, "parameters": {"weight": 1, "steps": 3}},
            {"train": "other"},
            r"priors\.settings\.mine\.tune: 'parameters' sets weight, steps, so nothing is left to tune",
        ),
        (
            {"tune": True, "parameters": {"steps": 1}},
            {"train": "other"},
            r"priors\.settings\.mine\.tune: more steps for so small a weight",
        ),
    ],
)
def test_a_tuning_that_cannot_be_done_is_refused(
    setting: dict, changes: dict, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(smooth(), settings={"mine": setting}, **changes)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"tunable": {"wieght": [1]}},
            "tunable of 'mine': unknown parameter 'wieght'; did you mean 'weight'",
        ),
        (
            {"tunable": {"weight": []}},
            "tunable of 'mine': give weight a list of candidates, not []",
        ),
        ({"tunable": {"start": "flat"}}, "give start a list of candidates, not 'flat'"),
        ({"tunable": {"weight": 1.0}}, "give weight a list of candidates, not 1.0"),
        (
            {"tunable": {"weight": [1, 0]}},
            "tunable of 'mine': weight = 0: Input should be greater than 0",
        ),
        ({"id": "mine-{weight:g}"}, "take weight out of the id and the label"),
    ],
)
def test_tunable_parameters_are_checked_when_the_record_is_made(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        smooth(**values)
