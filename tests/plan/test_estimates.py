"""How images are grouped into jobs, and what an experiment is expected to take."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from priorbench.config import parse_experiment
from priorbench.plan import Plan
from priorbench.plan.estimates import Cost, cost_key, task_key
from priorbench.plan.forecast import forecast
from priorbench.workflow import freeze

PLUGIN = """
    from priorbench import Parameters, PriorSpec, Resources, hookimpl

    class MineParameters(Parameters):
        size: int = 3

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="mine", factory=".nowhere:Mine", parameters=MineParameters, summary="for a test",
            resources=Resources({resources})
        )
"""


@pytest.fixture
def plan(bench: Any) -> Any:
    """Return a function that plans an experiment of twelve images of 100 × 200 pixels."""
    for number in range(12):
        bench.image(f"image{number}", np.zeros((100, 200)))

    def make(
        resources: str = "seconds_per_megapixel=3000", name: str = "tiny", **changes: Any
    ) -> Plan:
        bench.plugin("mine", PLUGIN.format(resources=resources))
        return Plan(parse_experiment(bench.configuration(experiment=name, **changes)))

    return make


def cost_of(plan: Plan, task: str = "denoise") -> Cost:
    """Return what the prior takes on a task."""
    [chosen] = [each for each in plan.tasks.values() if each.spec.name == task]
    return plan.estimates.cost(plan.prior("mine"), chosen)


def write_costs(
    plan: Plan, took: dict[str, tuple[float, float]], training: float | None = None
) -> None:
    """Write what the prior took in an experiment: seconds and megapixels of tasks."""
    tasks = {
        task_key(task): dict(zip(("seconds", "megapixels"), took[task.spec.name], strict=True))
        for task in plan.tasks.values()
        if task.spec.name in took
    }
    plan.layout.root.mkdir(parents=True)
    entry = {"tasks": tasks, "training_seconds": training}
    plan.layout.costs().write_text(json.dumps({cost_key(plan.prior("mine")): entry}))


@pytest.mark.parametrize(("minutes", "size"), [(1, 1), (2.1, 2), (5, 4), (10, 9), (60, 12)])
def test_a_job_holds_as_many_images_as_last_as_long_as_it_should(
    plan: Any, minutes: float, size: int
) -> None:
    # 0.02 megapixels at 3000 s each are 60 s an image, and a twentieth of a second for files.
    chunks = plan(job_minutes=minutes).chunks("photos", "mine")
    assert len(chunks[0]) == size
    assert sum(map(len, chunks)) == 12
    assert all(len(chunk) * 60 <= max(60 * minutes, 61) for chunk in chunks)


def test_images_that_are_cut_or_coloured_count_as_they_will_be(plan: Any) -> None:
    def pixels(**section: Any) -> float:
        source = {"source": "folder", "parameters": {"path": "photos"}, **section}
        made = plan(datasets={"photos": source})
        found: float = made.estimates.pixels(made.dataset("photos")).mean
        return found

    assert pixels() == pytest.approx(0.02)
    assert pixels(crop=50) == pytest.approx(0.0025)
    assert pixels(max_size=100) == pytest.approx(0.005)
    assert pixels(gray=False) == pytest.approx(0.06)


def test_a_standard_set_is_as_large_as_its_registry_says(plan: Any) -> None:
    made = plan(datasets={"photos": {"source": "kodak24", "gray": False}})
    assert made.estimates.pixels(made.dataset("photos")).largest == pytest.approx(
        3 * 500 * 500 / 1e6
    )
    made = plan(
        datasets={"photos": {"source": "dead-leaves", "parameters": {"height": 300, "width": 200}}}
    )
    assert made.estimates.pixels(made.dataset("photos")).mean == pytest.approx(0.06)


def test_memory_grows_with_the_largest_image(plan: Any, bench: Any) -> None:
    resources = "memory_mb=1000, memory_mb_per_megapixel=5000"
    assert plan(resources).limits.memory("mine", "photos", 1) == 1100
    bench.image("large", np.zeros((400, 500)))
    assert plan(resources).limits.memory("mine", "photos", 1) == 2000
    assert plan(resources).limits.memory("mine", "photos", 2) == 4000


def test_what_earlier_experiments_took_is_preferred(plan: Any) -> None:
    first = plan(name="first")
    write_costs(first, {"denoise": (20.0, 0.2)})
    second = plan(name="second")
    cost = cost_of(second)
    assert cost == Cost(pytest.approx(100), "measured")
    # Of itself an experiment learns nothing: its jobs would be others when it is run again.
    assert cost_of(plan(name="first")).origin == "spec"


THREE = {"run": ["denoise", "inpaint", "sr"]}


def test_what_was_measured_is_of_each_task_and_another_task_takes_the_mean(plan: Any) -> None:
    write_costs(plan(name="first", tasks=THREE), {"denoise": (20.0, 0.2), "inpaint": (60.0, 0.1)})
    write_costs(plan(name="other", tasks=THREE), {"denoise": (40.0, 0.2)}, training=12.0)
    second = plan(name="second", tasks=THREE)
    # Of all experiments together, megapixel by megapixel.
    assert cost_of(second, "denoise") == Cost(pytest.approx(60 / 0.4), "measured")
    assert cost_of(second, "inpaint") == Cost(pytest.approx(600), "measured")
    assert cost_of(second, "sr") == Cost(pytest.approx(120 / 0.5), "measured")
    assert second.estimates.training_seconds(second.prior("mine")) == 12
    # Chunks are cut by them: 12 images of 0.02 megapixels.
    [chunk] = plan(name="second", tasks=THREE, job_minutes=10).chunks("photos", "mine")
    assert second.limits.expected_seconds(chunk.parts[0].cell) == pytest.approx(3.05)
    assert [len(part.images) for part in chunk.parts] == [12, 12, 12]
    cut = plan(name="second", tasks=THREE, job_minutes=1).chunks("photos", "mine")
    # 12 × 3.05 s and one of 12.05 s, then 4 × 12.05 s, and so on.
    assert [len(part.images) for part in cut[0].parts] == [12, 1]
    assert [len(part.images) for part in cut[1].parts] == [4]


def test_a_task_with_other_parameters_is_another_task(plan: Any) -> None:
    def tasks(sigma: int) -> dict[str, Any]:
        settings = {"denoise": {"parameters": {"sigma": sigma}}}
        return {"run": ["denoise", "inpaint"], "settings": settings}

    took = {"denoise": (20.0, 0.2), "inpaint": (60.0, 0.1)}
    write_costs(plan(name="first", tasks=tasks(25)), took)
    assert cost_of(plan(name="same", tasks=tasks(25))).seconds_per_megapixel == pytest.approx(100)
    mean = pytest.approx(80 / 0.3)
    assert cost_of(plan(name="other", tasks=tasks(50))).seconds_per_megapixel == mean


def test_what_was_measured_of_a_prior_that_takes_other_parameters_is_not_used(plan: Any) -> None:
    write_costs(plan(name="first"), {"denoise": (20.0, 0.2)})
    settings = {"settings": {"mine": {"parameters": {"size": 5}}}}
    assert cost_of(plan(name="second", priors=settings)).origin == "spec"


EARLIER = {"seconds": 20.0, "megapixels": 0.2, "training_seconds": 3.0}


def test_costs_that_an_earlier_version_has_written_are_passed_over(plan: Any) -> None:
    first, third = plan(name="first"), plan(name="third")
    first.layout.root.mkdir(parents=True)
    first.layout.costs().write_text(json.dumps({cost_key(first.prior("mine")): EARLIER}))
    second = plan(name="second")
    assert cost_of(second).origin == "spec"
    assert second.estimates.training_seconds(second.prior("mine")) is None
    # Others beside it are read.
    write_costs(third, {"denoise": (20.0, 0.2)})
    assert cost_of(plan(name="second")) == Cost(pytest.approx(100), "measured")


def test_estimates_that_an_earlier_version_has_kept_are_passed_over(plan: Any) -> None:
    made = plan()
    freeze(made)
    kept = json.loads(made.layout.estimates().read_text())
    assert set(kept) == {"datasets", "restorations", "trainings"}
    cost = {"seconds_per_megapixel": 1.0, "origin": "measured", "training_seconds": None}
    earlier = {"datasets": kept["datasets"], "priors": {cost_key(made.prior("mine")): cost}}
    made.layout.estimates().write_text(json.dumps(earlier))
    again = plan()
    assert cost_of(again) == Cost(3000, "spec")
    assert again.chunks("photos", "mine") == made.chunks("photos", "mine")


def test_an_experiment_that_was_begun_keeps_its_jobs(plan: Any) -> None:
    begun = plan(name="begun", job_minutes=5)
    freeze(begun)
    write_costs(plan(name="other"), {"denoise": (2.0, 2.0)})
    assert plan(name="begun", job_minutes=5).chunks("photos", "mine") == begun.chunks(
        "photos", "mine"
    )
    assert len(plan(name="new", job_minutes=5).chunks("photos", "mine")) < len(
        begun.chunks("photos", "mine")
    )


def test_a_begun_experiment_whose_images_are_cut_otherwise_is_estimated_anew(plan: Any) -> None:
    source = {"source": "folder", "parameters": {"path": "photos"}}
    freeze(plan(datasets={"photos": source | {"crop": 50}}))
    made = plan(datasets={"photos": source})
    assert made.estimates.pixels(made.dataset("photos")).mean == pytest.approx(0.02)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "null",
        '{"x": 3}',
        '{"x": {"seconds": 1}}',
        '{"x": {"tasks": [], "training_seconds": null}}',
        '{"x": {"tasks": {"denoise {}": 3}, "training_seconds": null}}',
        '{"x": {"tasks": {"denoise {}": {"seconds": 1}}, "training_seconds": null}}',
        "{",
    ],
)
def test_costs_of_others_that_are_not_as_they_should_be_are_passed_over(
    plan: Any, content: str
) -> None:
    other = plan(name="other")
    other.layout.root.mkdir(parents=True)
    other.layout.costs().write_text(content)
    assert cost_of(plan()).origin == "spec"


@pytest.mark.parametrize("content", ["", "[]", "{", '{"datasets": {"photos": 3}}'])
def test_damaged_estimates_are_as_good_as_none(plan: Any, content: str) -> None:
    made = plan()
    made.layout.root.mkdir(parents=True)
    made.layout.estimates().write_text(content)
    assert plan().chunks("photos", "mine") == made.chunks("photos", "mine")


def test_a_forecast_adds_up(plan: Any) -> None:
    made = plan("threads=2, gpus=1, seconds_per_megapixel=3000", job_minutes=5)
    expected = forecast(made)
    mine = next(prior for prior in expected.priors if prior.prior == "mine")
    assert (mine.cells, mine.restorations_per_job) == (12, 4)
    assert mine.jobs == 2 * 3
    seconds = 12 * 60.05 + 3 * 8
    assert mine.gpu_hours == pytest.approx(seconds / 3600)
    assert mine.core_hours == pytest.approx(2 * seconds / 3600, rel=0.05)
    assert expected.cells == 12 * len(expected.priors)
    # Each image is written once, each problem once, each restoration once, and some text for each.
    assert expected.disk_bytes == pytest.approx(
        12 * (20_000 * (2 + 4 + 2 * len(expected.priors)) + 4000 * len(expected.priors))
    )
    assert expected.hours(1) == pytest.approx(expected.core_hours)
    assert expected.hours(10_000) == pytest.approx(mine.chain_minutes / 60)
