"""What is valid runs: a generated configuration is refused in one message, or all that a run asks
is answered.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from priorbench.config import ConfigError, dump_experiment, load_experiment, parse_experiment
from priorbench.plan import Plan
from priorbench.plan.forecast import forecast
from priorbench.plugins.manager import load_plugins
from priorbench.specs import NAME

REGISTRY = load_plugins([Path(__file__).parents[1] / "plugins"], strict=True)
ODD: list[Any] = [
    True, False, None, 0, 1, -1, 3, 10**30, 0.5, -0.0, 1e-300, 1e300, float("inf"), float("nan"),
    "", " ", "all", "1", "yes", "a/b", "..", "é", "{x}", "x" * 300, [], [1, 1], ["psnr"], {}, {"a": 1}, [[]],
]  # fmt: skip
odd = st.sampled_from(ODD)


def usually(good: Any) -> st.SearchStrategy[Any]:
    """Return a strategy that is nearly always right: a configuration has many values."""
    return st.integers(0, 39).flatmap(lambda dice: odd if dice == 0 else good)


def names(of: Any) -> st.SearchStrategy[Any]:
    return usually(st.lists(st.sampled_from(sorted(of)), min_size=1, max_size=3, unique=True))


sizes = st.floats(0.001, 1e7) | st.integers(1, 10**7)
grids = sizes | st.lists(sizes, min_size=1, max_size=3, unique=True)
shares = st.floats(0.001, 99.9)
TESTED, LESSONS = ["camera", "astronaut", "coffee"], ["brick", "coins", "grass"]


def datasets(images: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    side = st.integers(1, 300)
    return st.fixed_dictionaries(
        {"source": usually(st.just("scikit-image")), "images": names(images)},
        optional={
            "crop": usually(side | st.lists(side, min_size=2, max_size=2)),
            "limit": usually(st.integers(1, 5)),
            "max_size": usually(st.integers(1, 600)),
            "gray": usually(st.booleans()),
        },
    )


resources = st.fixed_dictionaries(
    {},
    optional={
        "threads": usually(st.integers(1, 64)),
        "memory_mb": usually(st.integers(1, 10**6)),
        "minutes": usually(sizes),
        "training_minutes": usually(sizes),
        "seconds_per_megapixel": usually(sizes),
    },
)
solver = st.fixed_dictionaries(
    {},
    optional={
        "missing": usually(
            st.fixed_dictionaries(
                {}, optional={"first": usually(sizes), "steps": usually(st.integers(1, 50))}
            )
        )
    },
)
tuning = st.fixed_dictionaries(
    {}, optional={"images": usually(st.integers(1, 5)), "crop": usually(st.integers(1, 300))}
)
PARAMETERS = {
    "tv": {"weight": grids, "iterations": st.integers(1, 300)},
    "wiener": {"amplitude": grids},
    "gmm": {
        "n_components": st.integers(1, 20)
        | st.lists(st.integers(1, 20), min_size=1, max_size=3, unique=True)
    },
    "dip": {"channels": st.integers(1, 64), "scales": st.integers(1, 6)},
}
TASKS = {
    "denoise": {"sigma": grids},
    "denoise-poisson": {"peak": grids},
    "inpaint": {"missing": shares, "sigma": grids},
    "sr": {"factor": st.sampled_from([2, 3, 4, 8, [2, 4]])},
}


def section(parameters: dict[str, Any], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    inside = {name: usually(values) for name, values in parameters.items()}
    return st.fixed_dictionaries(
        {}, optional={"parameters": usually(st.fixed_dictionaries({}, optional=inside)), **more}
    )


configurations = st.fixed_dictionaries(
    {
        "experiment": usually(st.just("mine")),
        "datasets": usually(st.fixed_dictionaries({"tested": datasets(TESTED), "lessons": datasets(LESSONS)})),
        "test": usually(st.just(["tested"])),
        "train": usually(st.just("lessons")),
    },
    optional={
                "seed": usually(st.integers(0, 2**40)),
        "results": usually(st.just("results")),
        "retries": usually(st.integers(0, 3)),
        "job_minutes": usually(sizes),
        "local_minutes": usually(sizes),
        "metrics": names(REGISTRY.metrics),
        "studies": usually(st.lists(st.sampled_from(sorted(REGISTRY.studies)), max_size=2, unique=True)),
        "tuning": usually(tuning),
        "tasks": usually(
            st.fixed_dictionaries(
                {"run": names(TASKS)},
                optional={
                    "settings": st.fixed_dictionaries(
                        {}, optional={name: section(values) for name, values in TASKS.items()}
                    )
                },
            )
        ),
        "priors": usually(
            st.fixed_dictionaries(
                {"run": names(PARAMETERS)},
                optional={
                    "settings": st.fixed_dictionaries(
                        {},
                        optional={
                            name: section(
                                values, resources=resources, solver=usually(solver), tune=usually(st.none())
                            )
                            for name, values in PARAMETERS.items()
                        },
                    )
                },
            )
        ),
    },
)  # fmt: skip


@pytest.mark.slow
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=configurations)
def test_a_configuration_is_refused_in_one_message_or_all_that_a_run_asks_is_answered(
    data: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        plan = Plan(parse_experiment(data), REGISTRY)
        plan.check_cells()
    except ConfigError as error:
        event("refused")
        message = str(error)
        assert message and "pydantic" not in message and "Traceback" not in message
        return
    # The copy that the jobs read says the same.
    copy = tmp_path / "copy.yaml"
    copy.write_text(dump_experiment(plan.experiment))
    assert load_experiment(copy) == plan.experiment
    for name in (*plan.priors, *plan.tasks):
        assert NAME.fullmatch(name) and len(name) < 200
    assert forecast(plan).core_hours >= 0
    for chunk in itertools.islice(plan.all_chunks(), 5):
        dataset, prior = chunk.dataset, chunk.prior
        for attempt in range(1, plan.experiment.retries + 2):
            numbers = [
                plan.limits.restoring(chunk, attempt),
                plan.limits.scoring(chunk, attempt),
                plan.limits.data(dataset, attempt),
                plan.limits.training(prior),
                plan.limits.memory(prior, dataset, attempt),
            ]
            assert all(isinstance(number, int) and 0 < number < 10**18 for number in numbers)
        assert re.fullmatch("[0-9a-f]+", plan.fingerprints.scores(chunk))
        for target in plan.tunings.of_prior(prior):
            assert plan.limits.tuning(target, prior) > 0
        json.dumps(plan.prior(prior).describe())


@pytest.mark.parametrize(
    ("parameter", "values", "ids"),
    [
        (("denoise-poisson", "peak"), [1_000_000], ["denoise-poisson-1e6"]),
        (("denoise", "sigma"), [25, 25.0000001], ["denoise-25", "denoise-25.0000001"]),
        (("denoise", "sigma"), [1e-5, 0.1], ["denoise-1e-5", "denoise-0.1"]),
    ],
)
def test_different_values_have_different_ids_that_are_legal_as_paths(
    parameter: tuple[str, str], values: list[float], ids: list[str]
) -> None:
    task, name = parameter
    data = yaml.safe_load(
        "{experiment: mine, test: [a], datasets: {a: {source: scikit-image, images: [camera]}}}"
    )
    data["priors"] = {"run": ["tv"]}
    data["tasks"] = {"run": [task], "settings": {task: {"parameters": {name: values}}}}
    assert list(Plan(parse_experiment(data), REGISTRY).tasks) == ids


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": ["a", "a"]}, "test: names 'a' twice"),
        ({"metrics": []}, "metrics: must name at least one"),
        ({"priors": {"run": []}}, "priors.run: must name at least one"),
        ({"job_minutes": float("inf")}, "job_minutes: must be a finite number, not inf"),
        ({"seed": True}, "seed: must be a whole number, not true"),
        ({"priors": {"run": ["tv"], "skip": ["tv"]}}, "priors: none is left to run"),
        (
            {"tasks": {"settings": {"denoise": {"parameters": {"sigma": True}}}}},
            "tasks.settings.denoise.parameters.sigma: must be a number, not true",
        ),
        (
            {"tasks": {"settings": {"denoise": {"parameters": {"sigma": 15, "25": None}}}}},
            "A list of values is written in brackets: [15, 25]",
        ),
        (
            {
                "datasets": {
                    "a": {"source": "folder", "parameters": {"path": ".", "pattern": "*.png"}}
                }
            },
            "datasets.a.parameters.pattern: must be a list, for example [*.png]",
        ),
    ],
)
def test_what_would_fail_later_is_refused_at_once(changes: dict, message: str) -> None:
    data = yaml.safe_load(
        "{experiment: mine, test: [a], datasets: {a: {source: scikit-image, images: [camera]}},"
        " tasks: {run: [denoise]}, priors: {run: [tv]}}"
    )
    with pytest.raises(ConfigError) as caught:
        Plan(parse_experiment(data | changes), REGISTRY).check_cells()
    assert message in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# café\na: 1".encode("latin-1"), "is not UTF-8 text (byte 6): save it with the encoding"),
        ("a: 1".encode("utf-16"), "is not UTF-8 text (byte 1)"),
        (b"a: \x00", "is not valid YAML"),
        (b"a: 2011-13-40", "is not valid YAML"),
        (b"a: " + b"[" * 5000, "is nested too deeply"),
        (b"- a", "must hold a mapping of keys to values"),
    ],
)
def test_a_file_that_is_no_configuration_is_named(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    assert "mine.yaml" in str(caught.value) and message in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(
        b"\xef\xbb\xbfexperiment: mine\ntest: [a]\ndatasets: {a: {source: scikit-image}}\n"
    )
    assert load_experiment(path).experiment == "mine"
