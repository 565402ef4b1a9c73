"""Which parameters are tried, on which images."""

import re
from typing import Any

import pytest
from pydantic import Field, model_validator

from priorbench.config import ConfigError
from priorbench.plan.tuning import Candidate, regime_of, solver_candidates, solver_target
from priorbench.specs import Parameters, PriorSpec, Resources
from priorbench.specs.solver_settings import REGIMES, SolverSettings, SplittingSettings
from priorbench.store.cell import Cell
from tests.plan.plans import plan, scikit_images, spec


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


def parameters(**values: Any) -> Candidate:
    return Candidate(values, SolverSettings())


def test_what_is_tried_is_every_combination_of_what_the_configuration_leaves_open() -> None:
    made = plan(
        smooth(), settings={"mine": {"tune": True, "parameters": {"start": "y"}}}, train="other"
    )
    chosen = made.prior("mine")
    assert chosen.candidates == tuple(
        parameters(weight=w, steps=s) for w in (0.5, 2.0) for s in (5, 10)
    )
    assert (chosen.tune_on, chosen.parameters["weight"]) == ("other", 1.0)
    assert made.tunings.outputs("denoise-25", "mine") == [made.layout.tuned("denoise-25", "mine")]
    assert set(made.datasets) == {"test", "other"}
    settings = {"mine": {"tune": True, "parameters": {"steps": [7, 8]}}}
    variants = plan(smooth(), settings=settings, train="other").priors
    assert {
        key: (prior.parameters["steps"], prior.candidates) for key, prior in variants.items()
    } == {
        f"mine-steps{steps}": (steps, (parameters(weight=0.5), parameters(weight=2.0)))
        for steps in (7, 8)
    }


def test_nothing_is_tuned_that_is_not_asked_for_or_that_the_prior_cannot_do() -> None:
    made = plan(smooth(), train="other")
    assert (made.prior("mine").tune_on, made.prior("mine").candidates) == ("", ())
    assert made.tunings.outputs("denoise-25", "mine") == []
    made = plan(smooth(tasks=("inpaint",)), settings={"mine": {"tune": True}}, train="other")
    assert made.tunings.outputs("denoise-25", "mine") == []
    assert made.tunings.outputs("inpaint-50", "mine")


def test_a_prior_with_chosen_parameters_has_a_fingerprint_of_its_own() -> None:
    prior = plan(smooth(), settings={"mine": {"tune": True}}, train="other").prior("mine")
    one, two = (prior.tuned(parameters(weight=weight, steps=5)) for weight in (2, 0.5))
    assert one.parameters == {"weight": 2.0, "steps": 5, "start": "flat"}
    assert one.describe()["parameters"] == one.parameters
    assert len({prior.fingerprint, one.fingerprint, two.fingerprint}) == 3
    assert prior.tuned(parameters(weight=2, steps=5)) == one


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
        return plan(record, settings={"mine": {"tune": True}}, **changes).limits.tuning(
            "denoise-25", "mine"
        )

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


def solver_plan(
    solver: SolverSettings | None = None, setting: dict[str, Any] | None = None, **changes: Any
) -> Any:
    """Return a plan with a prior that says this of its splitting, on tasks of two regimes."""
    tasks = {"tasks": {"run": ["denoise", "inpaint", "deblur", "sr", "cs"]}}
    record = spec(solver=solver)
    return plan(record, settings={"mine": setting or {}}, **tasks | {"train": "other"} | changes)


TARGETS = [solver_target(regime) for regime in REGIMES]


def test_the_splitting_of_a_prior_that_says_nothing_is_tuned_in_the_regimes_of_its_tasks() -> None:
    made = solver_plan()
    assert made.tunings.targets("denoise-25", "mine") == []
    assert made.tunings.targets("inpaint-50", "mine") == ["solver-missing"]
    assert sorted(made.tunings.of_prior("mine")) == sorted(TARGETS)
    few = solver_plan(tasks={"run": ["denoise", "sr"]})
    assert few.tunings.of_prior("mine") == ["solver-mixed_noise_free"]
    # Denoising alone needs no training images.
    assert set(solver_plan(tasks={"run": ["denoise"]}).datasets) == {"test"}


@pytest.mark.parametrize(
    ("solver", "setting", "changes", "origin"),
    [
        (None, {"tune": False}, {}, "default"),
        (None, {}, {"train": None}, "default"),
        # Images that it is tested on are no training images.
        (None, {}, {"train": "test"}, "default"),
        (SolverSettings(), {}, {}, "prior"),
        (SolverSettings(missing={"first": 0.5}), {}, {}, "prior"),
        (None, {"solver": {"missing": {"steps": 3}}}, {}, "configuration"),
        (SolverSettings(missing={"first": 0.5}), {"solver": {"missing": {"steps": 3}}}, {}, "configuration"),
        (None, {}, {}, "tuned"),
        (SolverSettings(missing={"first": 0.5}), {"tune": True}, {}, "tuned"),
    ],
)  # fmt: skip
def test_who_decides_on_the_splitting(
    solver: SolverSettings | None, setting: dict, changes: dict, origin: str
) -> None:
    made = solver_plan(solver, setting, **changes)
    assert made.prior("mine").solver_origins["missing"] == origin
    assert ("solver-missing" in made.tunings.of_prior("mine")) == (origin == "tuned")


def test_the_configuration_s_settings_stand_over_the_prior_s() -> None:
    own = SolverSettings(missing={"first": 0.5, "last": 0.1}, mixed={"trust": 3})
    made = solver_plan(own, {"solver": {"missing": {"last": 0.2}}}).prior("mine")
    assert made.solver == SolverSettings(missing={"first": 0.5, "last": 0.2}, mixed={"trust": 3})
    chosen = made.tuned(Candidate({}, SolverSettings(mixed={"steps": 4})))
    assert chosen.solver.mixed == SplittingSettings(steps=4)
    assert chosen.solver.missing == made.solver.missing


def test_all_priors_are_tuned_on_the_same_grid_and_tasks() -> None:
    for target in TARGETS:
        regime = regime_of(target)
        assert regime is not None
        tried = solver_candidates(regime)
        assert len({str(candidate) for candidate in tried}) == len(tried) > 1
        made = solver_plan(tasks={"run": ["denoise", "inpaint", "deblur", "sr", "cs"]})
        assert made.tunings.candidates(target, "mine") == tried
        for task in made.tunings.tasks(target):
            assert tuple(task.spec.regimes(task.spec.parameters(**task.parameters))) == (regime,)
        assert made.tunings.runs(target, "mine") == len(tried) * len(made.tunings.tasks(target))
    with pytest.raises(ConfigError, match="not tuned for solver-missing"):
        solver_plan(SolverSettings()).tunings.candidates("solver-missing", "mine")


def test_a_change_of_the_splitting_restores_again_and_trains_nothing() -> None:
    def of(setting: dict | None = None, solver: SolverSettings | None = None) -> dict[str, str]:
        tasks = {"tasks": {"run": ["denoise", "inpaint", "deblur"]}, "train": "other"}
        made = plan(
            spec(solver=solver or SolverSettings(), learns=True),
            settings={"mine": setting or {}},
            **tasks,
        )
        prints = made.fingerprints
        restored = {task: prints.restored(Cell("test", task, "mine")) for task in made.tasks}
        return {**restored, "training": prints.training("mine")}

    def changed(other: dict[str, str]) -> set[str]:
        return {name for name, value in of().items() if other[name] != value}

    inpaint = {"inpaint-50"}
    assert changed(of({"solver": {"missing": {"steps": 3}}})) == inpaint
    assert changed(of(solver=SolverSettings(missing={"steps": 3}))) == inpaint
    # The same settings give the same results, wherever they stand.
    assert of({"solver": {"missing": {"steps": 3}}}) == of(
        solver=SolverSettings(missing={"steps": 3})
    )
    own = {"solver": {"mixed": {"steps": 3}}}
    [blurred] = changed(of(own))
    assert blurred.startswith("deblur-")
