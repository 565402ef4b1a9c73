import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import Field

from priorbench.config import (
    ConfigError,
    Experiment,
    dump_experiment,
    load_experiment,
    parse_experiment,
)
from priorbench.config.reference import configuration_page
from priorbench.errors import unknown
from priorbench.plan import Plan
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Plugin, Registered, Registry
from priorbench.specs import Parameters, PriorSpec
from priorbench.specs.solver_settings import SolverSettings

ROOT = Path(__file__).parents[1]
CONFIGURATIONS = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]
MINIMAL: dict[str, Any] = {
    "experiment": "mine",
    "datasets": {
        "small": {"source": "scikit-image", "images": ["camera", "coffee"]},
        "other": {"source": "scikit-image", "images": ["brick"]},
    },
    "test": ["small"],
}


class MixtureParameters(Parameters):
    n_components: int = Field(10, ge=1)
    steps: list[int] = Field([1, 2])
    start: str = "random"


def registry(**spec: Any) -> Registry:
    """Return the built-in records and one prior that nobody computes with."""
    result = load_plugins([])
    record = PriorSpec(
        name="gmm",
        factory=".m:M",
        summary="for a test",
        parameters=MixtureParameters,
        **{"solver": SolverSettings(), **spec},
    )
    plugin = Plugin("stub", "built-in", __file__, "priorbench")
    result.priors["gmm"] = Registered(record, plugin)
    return result


def plan(changes: dict[str, Any], **spec: Any) -> Plan:
    return Plan(parse_experiment(MINIMAL | changes), registry(**spec))


def gmm(**parameters: Any) -> dict[str, Any]:
    return {"priors": {"settings": {"gmm": {"parameters": parameters}}}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sead": 1}, ["top level", "'sead'", "did you mean 'seed'", "retries"]),
        (
            {"plugins": {"folder": ["x"]}},
            ["plugins:", "'folder'", "did you mean 'folders'", "disable"],
        ),
        (
            {"datasets": {"small": {"sourse": "x"}}},
            ["datasets.small", "did you mean 'source'", "max_size"],
        ),
        ({"priors": {"rum": "all"}}, ["priors:", "did you mean 'run'", "skip"]),
        (
            {"priors": {"settings": {"gmm": {"train": "x"}}}},
            ["priors.settings.gmm", "did you mean 'train_on'"],
        ),
        (
            {"priors": {"settings": {"gmm": {"resources": {"thread": 2}}}}},
            ["priors.settings.gmm.resources", "did you mean 'threads'", "memory_mb"],
        ),
        (
            {"tasks": {"settings": {"denoise": {"sigma": 25}}}},
            ["tasks.settings.denoise", "'sigma'", "parameters"],
        ),
    ],
)
def test_an_unknown_key_is_answered_with_its_place_and_the_valid_ones(
    changes: dict, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_experiment(MINIMAL | changes, "mine.yaml")
    for word in ("mine.yaml", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"test": ["smal"]}, ["test: unknown data set 'smal'", "did you mean 'small'"]),
        ({"priors": {"run": ["gmn"]}}, ["priors: unknown prior 'gmn'", "did you mean 'gmm'"]),
        ({"priors": {"skip": ["gm"]}}, ["unknown prior 'gm'", "did you mean 'gmm'"]),
        ({"priors": {"settings": {"gnm": {}}}}, ["unknown prior 'gnm'", "did you mean 'gmm'"]),
        (
            {"tasks": {"run": ["denoize"]}},
            ["tasks: unknown task 'denoize'", "did you mean 'denoise'", "inpaint"],
        ),
        (
            {"tasks": {"settings": {"inpint": {}}}},
            ["unknown task 'inpint'", "did you mean 'inpaint'"],
        ),
        ({"metrics": ["snr"]}, ["metrics: unknown metric 'snr'", "did you mean 'psnr'", "ssim"]),
        ({"studies": ["speed"]}, ["studies: unknown study 'speed'"]),
        (
            {"datasets": {"small": {"source": "scikit-images"}}},
            [
                "datasets.small.source: unknown data set 'scikit-images'",
                "did you mean 'scikit-image'",
                "folder",
            ],
        ),
        (
            {"datasets": {"small": {"source": "scikit-image", "images": ["cameraman"]}}},
            [
                "datasets.small.images: unknown image 'cameraman'",
                "did you mean 'camera'",
                "astronaut",
            ],
        ),
        (
            {"datasets": {"small": {"source": "folder", "parameters": {"paht": "x"}}}},
            ["datasets.small.parameters", "'paht'", "did you mean 'path'", "recursive"],
        ),
        (
            {
                "datasets": {
                    "small": {"source": "folder", "parameters": {"path": "/no/such/folder"}}
                }
            },
            ["datasets.small", "/no/such/folder does not exist"],
        ),
        (
            gmm(n_component=3),
            ["priors.settings.gmm.parameters", "did you mean 'n_components'", "steps"],
        ),
        (
            gmm(n_components=0),
            ["priors.settings.gmm.parameters.n_components", "greater than or equal to 1"],
        ),
        (
            gmm(n_components=[1, "many"]),
            ["priors.settings.gmm.parameters.n_components", "whole number", "'many'"],
        ),
        (gmm(n_components=[]), ["priors.settings.gmm.parameters.n_components", "empty list"]),
        (gmm(n_components=[3, 3]), ["two settings give the same prior id", "gmm-n_components3"]),
        (gmm(start=["a/b", "c"]), ["priors.settings.gmm.parameters", "a/b", "path"]),
        (
            {"priors": {"settings": {"gmm": {"train_on": "small"}}}},
            ["priors.settings.gmm.train_on", "does not learn"],
        ),
        (
            {"priors": {"settings": {"gmm": {"tune": True}}}, "train": "other"},
            ["priors.settings.gmm.tune", "gmm declares no tunable parameters", "leave the key out"],
        ),
    ],
)
def test_a_name_that_nobody_knows_is_answered_before_any_job(
    changes: dict, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        plan(changes)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"experiment": "a/b"}, "experiment"),
        ({"experiment": None}, "experiment"),
        ({"seed": -1}, "seed"),
        ({"seed": "many"}, "seed"),
        ({"test": []}, "test"),
        ({"test": "small"}, "test"),
        ({"retries": -1}, "retries"),
        ({"datasets": {"a b": {"source": "folder"}}}, "datasets.a b"),
        ({"datasets": {"small": {"source": "scikit-image", "limit": 0}}}, "datasets.small.limit"),
        (
            {"datasets": {"small": {"source": "scikit-image", "crop": [16, 0]}}},
            "datasets.small.crop",
        ),
        ({"priors": {"run": "gmm"}}, "priors.run"),
        (
            {"priors": {"settings": {"gmm": {"resources": {"minutes": 0}}}}},
            "priors.settings.gmm.resources.minutes",
        ),
        (
            {"priors": {"settings": {"gmm": {"restorations_per_job": 0}}}},
            "priors.settings.gmm.restorations_per_job",
        ),
        ({"priors": {"settings": {"gmm": {"tune": "often"}}}}, "priors.settings.gmm.tune"),
        ({"tuning": {"images": 0}}, "tuning.images"),
        ({"tuning": {"crop": 0}}, "tuning.crop"),
    ],
)
def test_a_wrong_value_is_answered_with_its_place(changes: dict, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_experiment(MINIMAL | changes)
    assert f"  {place}" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"metrics": "psnr"}, "metrics: must be 'all' or a list of names, for example [psnr]"),
        ({"tasks": {"run": [1]}}, "tasks.run: must be 'all' or a list of names"),
        ({"priors": 5}, "priors: must be a mapping of keys to values, not 5"),
        ({"priors": {"settings": []}}, "priors.settings: must be a mapping of keys to values"),
        ({"test": "small"}, "test: must be a list, for example [small]"),
        ({"train": 3}, "train: must be text, not 3"),
        ({"seed": 1.5}, "seed: must be a whole number, not 1.5"),
        ({"seed": -1}, "seed: must be greater than or equal to 0, not -1"),
        (
            {"datasets": {"small": {"source": "folder", "crop": [3]}}},
            "datasets.small.crop: must be a whole number for a square, or [height, width]",
        ),
        (
            {"datasets": {"small": {"source": "folder", "crop": [3, 0]}}},
            "datasets.small.crop: crop must be positive, not [3, 0]",
        ),
        (
            {"datasets": {"a b": {"source": "folder"}}},
            "datasets.a b: letters, digits, '.', '_' and '-' only, beginning with a letter or digit",
        ),
        (
            {"experiment": "my exp"},
            "experiment: letters, digits, '.', '_' and '-' only, beginning with a letter or digit",
        ),
    ],
)
def test_a_wrong_value_is_answered_in_one_line_of_plain_words(changes: dict, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_experiment(MINIMAL | changes)
    assert str(caught.value).splitlines()[1:] == [f"  {line}"]


def test_a_name_that_begins_others_is_answered_with_at_most_five_of_them() -> None:
    variants = [f"gmm-K{number}" for number in (2, 10, 50, 100, 150, 200)]
    assert "'gmm'; did you mean one of gmm-K10, gmm-K100, gmm-K150, gmm-K2, gmm-K200? V" in unknown(
        "prior", "gmm", ["gsm", *variants]
    )
    assert "; did you mean 'gmm-K2'? V" in unknown("prior", "gmm", ["gsm", "gmm-K2"])


@pytest.mark.parametrize("key", ["experiment", "datasets", "test"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: must be given"):
        parse_experiment({name: value for name, value in MINIMAL.items() if name != key})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", ["repeated key 'a'", "line 3"]),
        ("a: {b: 1, b: 2}\n", ["repeated key 'b'", "line 1"]),
        ("a: [1\n", ["not valid YAML"]),
        ("[1]: 2\n", ["not valid YAML", "unhashable"]),
        ("- a\n", ["must hold a mapping"]),
        ("", ["must hold a mapping"]),
        ("a: !!python/object:os.system x\n", ["not valid YAML"]),
    ],
)
def test_a_file_that_is_no_such_mapping(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_experiment(path)
    for word in ("mine.yaml", *words):
        assert word in str(caught.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml can't be read: No such file"):
        load_experiment(tmp_path / "nowhere.yaml")


def test_a_section_may_be_shared_by_a_yaml_merge(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "experiment: mine\ntest: [b]\ndatasets:\n"
        "  a: &a {source: scikit-image, crop: 32}\n  b:\n    <<: *a\n    crop: 16\n"
    )
    datasets = load_experiment(path).datasets
    assert (datasets["a"].crop, datasets["b"].crop, datasets["b"].source) == (
        32,
        16,
        "scikit-image",
    )


def test_a_grid_becomes_ids() -> None:
    priors = plan(
        gmm(n_components=[1, 50]), id="gmm-K{n_components}", label="GMM, K = {n_components}"
    ).priors
    assert {prior.id: prior.label for prior in priors.values()} == {
        "gmm-K1": "GMM, K = 1",
        "gmm-K50": "GMM, K = 50",
    }
    assert priors["gmm-K50"].parameters == MixtureParameters(n_components=50).model_dump()


def test_a_parameter_that_varies_and_is_not_in_the_pattern_is_appended() -> None:
    priors = plan(
        gmm(n_components=[1, 2], start=["random", "kmeans"]), id="gmm-K{n_components}"
    ).priors
    assert list(priors) == [
        f"gmm-K{k}-start{start}" for k in (1, 2) for start in ("random", "kmeans")
    ]


def test_one_value_and_a_grid_of_one_are_the_same_prior() -> None:
    [one], [grid] = (
        plan(gmm(n_components=5)).priors.values(),
        plan(gmm(n_components=[5])).priors.values(),
    )
    assert (one.id, one.parameters, one.fingerprint) == (grid.id, grid.parameters, grid.fingerprint)


def test_a_parameter_that_is_a_list_is_no_grid() -> None:
    [prior] = plan(gmm(steps=[3, 4])).priors.values()
    assert prior.parameters["steps"] == [3, 4]


def test_tasks_expand_too() -> None:
    settings = {
        "denoise": {"parameters": {"sigma": [15, 25.5]}},
        "inpaint": {"parameters": {"missing": 20}},
    }
    tasks = {"run": ["denoise", "inpaint"], "settings": settings}
    assert list(plan({"tasks": tasks}).tasks) == ["denoise-15", "denoise-25.5", "inpaint-20"]


def test_run_and_skip_choose() -> None:
    assert list(plan({"tasks": {"run": ["inpaint"]}}).tasks) == ["inpaint-50"]
    every = list(plan({}).tasks)
    assert list(plan({"tasks": {"skip": ["inpaint"]}}).tasks) == [
        task for task in every if task != "inpaint-50"
    ]
    assert list(plan({"priors": {"skip": ["gmm"]}}).priors) == []


def keys(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (section, key, its schema) of every key of the configuration."""
    for name, section in {"Experiment": schema, **schema["$defs"]}.items():
        for key, value in section["properties"].items():
            # The schema leaves out a description that is that of the section itself.
            yield (
                name,
                key,
                schema["$defs"][value["$ref"].rpartition("/")[2]] | value
                if "$ref" in value
                else value,
            )


def test_every_key_is_described_and_no_other_is_allowed() -> None:
    schema = Experiment.model_json_schema()
    for section, key, value in keys(schema):
        assert value.get("description"), f"{section}.{key} has no description"
    for section in (schema, *schema["$defs"].values()):
        assert section["additionalProperties"] is False


def test_the_schema_file_is_the_one_that_the_models_give() -> None:
    kept = json.loads((ROOT / "config" / "schema.json").read_text(encoding="utf-8"))
    assert kept == Experiment.model_json_schema(), (
        "run: priorbench config schema > config/schema.json"
    )


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_every_configuration_is_valid_by_the_schema_and_by_the_models(path: Path) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.validate(data, Experiment.model_json_schema())
    load_experiment(path)
    broken = copy.deepcopy(data) | {"no-such-key": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, Experiment.model_json_schema())


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_an_experiment_written_out_is_read_back_the_same(path: Path, tmp_path: Path) -> None:
    experiment = load_experiment(path)
    (tmp_path / "copy.yaml").write_text(dump_experiment(experiment), encoding="utf-8")
    assert load_experiment(tmp_path / "copy.yaml") == experiment


def test_the_reference_page_is_in_step_and_names_every_key() -> None:
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")
    command = "priorbench config reference > docs/reference/configuration.md"
    assert page == configuration_page(), f"run: {command}"
    for section, key, _ in keys(Experiment.model_json_schema()):
        assert f"| `{key}` |" in page, f"{section}.{key} is not on the page"
    for name in Experiment.model_fields:
        assert f"| `{name}` |" in page
