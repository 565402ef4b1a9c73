import os
import re
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from priorbench.config import ConfigError, parse_experiment
from priorbench.plan import Plan
from priorbench.plugins import Plugin, Registered, Registry, load_plugins
from priorbench.records import DatasetSpec, Parameters, PriorSpec, Resources

PLUGIN = Plugin("stub", "built-in", __file__, "priorbench")


class CountParameters(Parameters):
    count: int = 5


def count_images(parameters: CountParameters) -> dict[str, None]:
    return {f"image-{number}": None for number in range(parameters.count)}


def registry(*priors: PriorSpec) -> Registry:
    result = load_plugins([])
    source = DatasetSpec(
        name="counted", factory=".c:c", images=count_images, parameters=CountParameters, summary="for a test"
    )
    result.datasets["counted"] = Registered(source, PLUGIN)
    result.priors = {spec.name: Registered(spec, PLUGIN) for spec in priors}
    return result


def spec(name: str = "mine", **values: Any) -> PriorSpec:
    return PriorSpec(name=name, factory=".m:M", summary="for a test", **values)


def plan(*priors: PriorSpec, settings: dict[str, Any] | None = None, count: int = 5, **changes: Any) -> Plan:
    data: dict[str, Any] = {
        "experiment": "mine",
        "datasets": {
            "test": {"source": "counted", "parameters": {"count": count}},
            "other": {"source": "scikit-image", "images": ["brick"]},
            "more": {"source": "scikit-image", "images": ["grass"]},
        },
        "test": ["test"],
        "priors": {"settings": settings or {}},
    }
    return Plan(parse_experiment(data | changes), registry(*priors))


@given(count=st.integers(1, 60), size=st.integers(1, 70))
def test_chunks_hold_every_image_once_in_order_and_are_no_larger_than_said(count: int, size: int) -> None:
    made = plan(spec(images_per_job=size), count=count)
    chunks = made.chunks("test", "mine")
    assert [image for chunk in chunks for image in chunk] == list(made.datasets["test"].images)
    assert all(1 <= len(chunk) <= size for chunk in chunks)
    assert len(chunks) == -(-count // size)
    assert [made.chunk("test", "mine", number) for number in range(len(chunks))] == chunks
    assert len(made.chunk_files(made.layout.runs, "mine")) == len(chunks) * len(made.tasks)


@pytest.mark.parametrize("chunk", ["2", "-1", "x", ""])
def test_a_chunk_that_there_is_not_is_refused(chunk: str) -> None:
    with pytest.raises(ConfigError, match="chunk must be between 0 and 1"):
        plan(spec(images_per_job=3)).chunk("test", "mine", chunk)


def test_images_per_job_of_the_settings_wins() -> None:
    assert len(plan(spec(images_per_job=5), settings={"mine": {"images_per_job": 1}}).chunks("test", "mine")) == 5


def test_cells_are_all_combinations_that_a_prior_can_do() -> None:
    priors = (spec("all"), spec("denoiser", tasks=("denoise",)), spec("nothing", tasks=("sharpen*",)))
    made = plan(*priors, tasks={"run": ["denoise", "inpaint"]})
    assert set(made.cells()) == {
        ("test", "denoise-25", "all"),
        ("test", "inpaint-50", "all"),
        ("test", "denoise-25", "denoiser"),
    }
    assert made.chunk_files(made.layout.scores, "nothing") == []


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
def test_what_a_prior_learns_from(record: str, setting: str | None, experiment: str | None, expected: str) -> None:
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
    with pytest.raises(ConfigError, match="the prior mine learns: name a data set under 'train', or skip"):
        plan(spec(learns=True))


def test_a_training_set_that_there_is_not_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="training set of mine: unknown data set 'othr'; did you mean 'other'"):
        plan(spec(learns=True), train="othr")


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
    return spec(**{"parameters": SmoothParameters, "tunable": {"weight": (0.5, 2), "steps": [5, 10]}} | values)


def test_what_is_tried_is_every_combination_of_what_the_configuration_leaves_open() -> None:
    made = plan(smooth(), settings={"mine": {"tune": True, "parameters": {"start": "y"}}}, train="other")
    chosen = made.prior("mine")
    assert chosen.candidates == tuple({"weight": w, "steps": s} for w in (0.5, 2.0) for s in (5, 10))
    assert (chosen.tune_on, chosen.parameters["weight"]) == ("other", 1.0)
    assert made.tuned_files("denoise-25", "mine") == [made.layout.tuned("denoise-25", "mine")]
    assert set(made.datasets) == {"test", "other"}
    settings = {"mine": {"tune": True, "parameters": {"steps": [7, 8]}}}
    variants = plan(smooth(), settings=settings, train="other").priors
    assert {key: (prior.parameters["steps"], prior.candidates) for key, prior in variants.items()} == {
        f"mine-steps{steps}": (steps, ({"weight": 0.5}, {"weight": 2.0})) for steps in (7, 8)
    }


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
        made = plan(record or smooth(), settings={"mine": {"tune": True}}, **{"train": "other"} | changes)
        return made.tuning_fingerprint(task, "mine")

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
    few, many = ({"train": "other", "datasets": datasets, "tuning": {"images": count}} for count in (2, 50))
    assert minutes(**few) > 4 * 2 * 5
    assert minutes(**many) - minutes(**few) == 4 * 5


def test_a_prior_that_learns_is_tuned_on_what_it_learns_from() -> None:
    settings = {"mine": {"tune": True, "train_on": "more"}}
    assert plan(smooth(learns=True), settings=settings, train="other").prior("mine").tune_on == "more"


@pytest.mark.parametrize(
    ("setting", "changes", "message"),
    [
        ({"tune": True}, {}, r"priors\.settings\.mine\.tune: name a data set under 'train'"),
        ({"tune": True}, {"train": "test"}, "the prior mine would be tested on what it is tuned on: test/image-0"),
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
def test_a_tuning_that_cannot_be_done_is_refused(setting: dict, changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(smooth(), settings={"mine": setting}, **changes)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tunable": {"wieght": [1]}}, "tunable of 'mine': unknown parameter 'wieght'; did you mean 'weight'"),
        ({"tunable": {"weight": []}}, "tunable of 'mine': give weight a list of candidates, not []"),
        ({"tunable": {"start": "flat"}}, "give start a list of candidates, not 'flat'"),
        ({"tunable": {"weight": 1.0}}, "give weight a list of candidates, not 1.0"),
        ({"tunable": {"weight": [1, 0]}}, "tunable of 'mine': weight = 0: Input should be greater than 0"),
        ({"id": "mine-{weight:g}"}, "take weight out of the id and the label"),
    ],
)
def test_tunable_parameters_are_checked_when_the_record_is_made(values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        smooth(**values)


def scikit_images(*names: str) -> dict[str, Any]:
    return {"source": "scikit-image", "images": list(names)}


def test_testing_on_training_images_is_refused_by_name() -> None:
    datasets = {"a": scikit_images("camera", "brick", "coffee"), "b": scikit_images("brick", "coffee", "grass")}
    with pytest.raises(
        ConfigError, match=r"prior mine.*a/brick is b/brick in the training set, a/coffee is b/coffee in"
    ):
        plan(spec(learns=True), datasets=datasets, test=["a"], train="b")
    assert plan(spec(), datasets=datasets, test=["a"], train="b").priors


def folder_of(path: Path, **parameters: Any) -> dict[str, Any]:
    return {"source": "folder", "parameters": {"path": str(path), **parameters}}


def test_the_same_files_under_another_path_or_pattern_are_refused_too(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).touch()
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    again = folder_of(link, pattern=["*.png"])
    with pytest.raises(ConfigError, match="a/one is b/one in the training set, a/two is b/two in the training set"):
        plan(spec(learns=True), datasets={"a": folder_of(tmp_path), "b": again}, test=["a"], train="b")
    apart = {"a": folder_of(tmp_path, pattern=["one*"]), "b": folder_of(tmp_path, pattern=["two*"])}
    assert plan(spec(learns=True), datasets=apart, test=["a"], train="b").learners


def standard(source: str, **section: Any) -> dict[str, Any]:
    part = {key: section.pop(key) for key in ("split", "group") if key in section}
    return {"source": source, "parameters": part, **section}


def refusal(test: dict[str, Any], train: dict[str, Any]) -> str:
    """Return why a prior can't be trained on the one and tested on the other; empty if it can."""
    try:
        plan(spec(learns=True), datasets={"seen": test, "learned": train}, test=["seen"], train="learned")
    except ConfigError as error:
        return str(error)
    return ""


def test_a_crop_of_a_training_photograph_is_refused_with_the_way_out() -> None:
    message = refusal(standard("set12"), standard("bsds500"))
    assert "seen/04_starfish is learned/12003 in the training set (the photograph bsds500/12003)" in message
    assert """Leave them out by 'exclude: ["12003"]' under datasets.learned or""" in message
    assert """'exclude: ["04_starfish"]' under datasets.seen""" in message
    assert "\n" not in message and message.count("is learned/") == 1


def test_the_way_out_that_the_refusal_names_works() -> None:
    assert refusal(standard("set12"), standard("bsds500", exclude=["12003"])) == ""
    assert refusal(standard("set12", exclude=["04_starfish"]), standard("bsds500")) == ""
    assert "seen/woman is learned/302003" in refusal(standard("set5"), standard("bsds500"))
    assert refusal(standard("set5"), standard("bsds500", exclude=["302003"])) == ""


def test_bsd68_is_apart_from_the_training_split_and_inside_the_validation_split() -> None:
    for name in ("bsd68", "cbsd68"):
        assert refusal(standard(name), standard("bsds500", split="train")) == ""
        assert refusal(standard(name), standard("bsds500", split="test")) == ""
        message = refusal(standard(name), standard("bsds500", split="val"))
        assert message.count(" is learned/") == 68
        # All of the test set would be gone.
        assert "under datasets.learned" in message and "under datasets.seen" not in message
    assert "seen/test003 is learned/" in refusal(standard("bsd68", images=["test003"]), standard("cbsd68"))


@pytest.mark.parametrize(
    ("test", "train", "pair"),
    [
        (standard("set12"), standard("dip", group="color9"), "seen/08_lena is learned/lena"),
        (standard("set14"), standard("dip"), "seen/lenna is learned/montage"),
        (standard("set14"), standard("set5"), "seen/face is learned/head"),
        (standard("dip", group="color9"), standard("kodak24"), "seen/kodim01 is learned/kodim01"),
        (standard("dip", group="color9"), standard("dip", group="gray11"), "seen/peppers is learned/peppers256"),
    ],
)
def test_the_same_picture_in_another_set_is_refused(test: dict[str, Any], train: dict[str, Any], pair: str) -> None:
    assert pair in refusal(test, train)


def test_nothing_is_refused_for_images_that_are_not_used() -> None:
    assert refusal(standard("set12", images=["04_starfish"]), standard("bsds500", limit=3)) == ""
    assert refusal(scikit_images("camera"), standard("set12")) == ""


def test_testing_on_the_training_set_itself_is_no_matter_of_leaving_images_out() -> None:
    with pytest.raises(ConfigError, match=r"is set5/woman in the training set.*\. Train on another data set"):
        plan(spec(learns=True), datasets={}, test=["set5"], train="set5")


def test_images_are_left_out_before_they_are_counted() -> None:
    made = plan(spec(), datasets={"a": standard("set5", exclude=["baby", "bird"], limit=2)}, test=["a"])
    assert list(made.datasets["a"].images) == ["butterfly", "head"]
    named = plan(spec(), datasets={"a": standard("set5", images=["butterfly", "head"])}, test=["a"])
    assert named.datasets["a"].fingerprint == made.datasets["a"].fingerprint
    with pytest.raises(ConfigError, match=r"datasets\.a\.exclude: unknown image 'babi'; did you mean 'baby'"):
        plan(spec(), datasets={"a": standard("set5", exclude=["babi"])}, test=["a"])
    with pytest.raises(ConfigError, match=r"datasets\.a has no images left"):
        plan(spec(), datasets={"a": standard("set5", images=["baby"], exclude=["baby"])}, test=["a"])


def test_a_source_that_cannot_tell_its_origins_is_named() -> None:
    def origins(parameters: Parameters) -> dict[str, str]:
        raise RuntimeError("no idea")

    broken = registry(spec())
    source = DatasetSpec(
        name="broken", factory=".c:c", images=lambda _: {"a": None}, origins=origins, summary="for a test"
    )
    broken.datasets["broken"] = Registered(source, PLUGIN)
    data = {"experiment": "mine", "datasets": {"photos": {"source": "broken"}}, "test": ["photos"]}
    with pytest.raises(ConfigError, match=r"datasets\.photos: the source broken .*RuntimeError: no idea"):
        Plan(parse_experiment(data), broken)


@pytest.mark.parametrize("error", [ValueError("no images"), FileNotFoundError("no disk"), RuntimeError("no idea")])
def test_a_source_that_cannot_list_its_images_is_named(error: Exception) -> None:
    def images(parameters: Parameters) -> dict[str, None]:
        raise error

    broken = registry(spec())
    source = DatasetSpec(name="broken", factory=".c:c", images=images, summary="for a test")
    broken.datasets["broken"] = Registered(source, PLUGIN)
    data = {"experiment": "mine", "datasets": {"photos": {"source": "broken"}}, "test": ["photos"]}
    with pytest.raises(ConfigError, match=rf"datasets\.photos: .*{error}"):
        Plan(parse_experiment(data), broken)


def test_resources_of_the_settings_replace_single_fields() -> None:
    record = Resources(threads=4, memory_mb=3000, gpus=1, minutes=2, training_minutes=7)
    made = plan(spec(resources=record), settings={"mine": {"resources": {"threads": 2, "minutes": 0.5}}})
    assert made.prior("mine").resources == Resources(threads=2, memory_mb=3000, gpus=1, minutes=0.5, training_minutes=7)


def test_memory_doubles_at_each_attempt_and_only_the_last_is_final() -> None:
    made = plan(spec(resources=Resources(memory_mb=1500, memory_mb_per_megapixel=0)), retries=2)
    attempts = (1, 2, 3)
    assert [made.memory("mine", "test", attempt) for attempt in attempts] == [1500, 3000, 6000]
    assert [made.is_final(attempt) for attempt in attempts] == [0, 0, 1]


def test_the_last_attempt_at_a_job_is_given_the_time_of_its_images_and_more() -> None:
    made = plan(spec(images_per_job=3, resources=Resources(minutes=7)), count=5, retries=2)
    assert made.restore_minutes("test", "mine", "0", 3) > 3 * 7
    assert made.restore_minutes("test", "mine", "0", 3) - made.restore_minutes("test", "mine", "1", 3) == 7


def test_earlier_attempts_are_given_several_times_what_is_expected() -> None:
    resources = Resources(minutes=60, seconds_per_megapixel=60)
    made = plan(spec(images_per_job=3, resources=resources), retries=2)
    expected = 3 * 60 * 0.481 * 0.321 / 60
    first, second, last = (made.restore_minutes("test", "mine", "0", attempt) for attempt in (1, 2, 3))
    assert 2 * expected + 10 < first < second < last
    assert last == 3 * 60 + 10


DECLARATION = """
    from priorbench import Parameters, PriorSpec, Resources, hookimpl

    class MineParameters(Parameters):
        size: int = 3

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="mine", factory=".model:Model", summary="for a test", parameters=MineParameters, label="one",
            resources=Resources(threads=1),
        )
"""


def folder_plan(folders: Sequence[Path], **parameters: Any) -> Plan:
    data = {
        "experiment": "mine",
        "plugins": {"folders": [str(folder) for folder in folders], "strict": True},
        "datasets": {"test": scikit_images("camera")},
        "test": ["test"],
        "priors": {"settings": {"mine": {"parameters": parameters}}},
    }
    return Plan(parse_experiment(data))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "plugins" / "mine"
    path.mkdir(parents=True)
    (path / "plugin.py").write_text(textwrap.dedent(DECLARATION))
    (path / "model.py").write_text("class Model:\n    scale = 2\nclass Other:\n    pass\n")
    return path


def reload_with(folder: Path, file: str, old: str, new: str) -> Plan:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    # Python takes a source of the same second and size for unchanged.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    moved = folder.parent.parent / f"again-{os.urandom(4).hex()}"
    shutil.copytree(folder, moved / "mine")
    return folder_plan([moved])


def test_a_prior_is_computed_again_for_its_code_its_parameters_and_its_factory(folder: Path) -> None:
    before = folder_plan([folder.parent]).prior("mine").fingerprint
    assert folder_plan([folder.parent], size=5).prior("mine").fingerprint != before
    assert folder_plan([folder.parent], size=3).prior("mine").fingerprint == before
    code = reload_with(folder, "model.py", "scale = 2", "scale = 3").prior("mine").fingerprint
    assert code != before
    assert reload_with(folder, "plugin.py", ".model:Model", ".model:Other").prior("mine").fingerprint != code


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plugin.py", 'label="one"', 'label="two"'),
        ("plugin.py", "threads=1", "threads=2"),
        ("plugin.py", "for a test", "for another test"),
        ("model.py", "class Model:\n", "class Model:\n    # a comment\n"),
        ("model.py", "class Model:\n", 'class Model:\n    """A docstring."""\n\n'),
    ],
)
def test_a_prior_is_not_computed_again_for_what_changes_no_result(folder: Path, file: str, old: str, new: str) -> None:
    before = folder_plan([folder.parent]).prior("mine").fingerprint
    assert reload_with(folder, file, old, new).prior("mine").fingerprint == before


def test_a_study_is_no_part_of_the_priors_beside_it(folder: Path) -> None:
    (folder / "studies").mkdir()
    (folder / "studies" / "sweep.py").write_text("answer = 1\n")
    declaration = (folder / "plugin.py").read_text() + textwrap.dedent(
        """
        from priorbench import StudySpec

        @hookimpl
        def register_studies():
            yield StudySpec(name="sweep", factory=".studies.sweep:answer", summary="for a test")
        """
    )
    (folder / "plugin.py").write_text(declaration)

    def fingerprints(plan: Plan) -> tuple[str, str]:
        return plan.prior("mine").fingerprint, plan.study_fingerprint("sweep")

    before = fingerprints(folder_plan([folder.parent]))
    study = fingerprints(reload_with(folder, "studies/sweep.py", "answer = 1", "answer = 2"))
    assert study[0] == before[0]
    assert study[1] != before[1]
    model = fingerprints(reload_with(folder, "model.py", "scale = 2", "scale = 3"))
    assert model[0] != study[0]
    assert model[1] != study[1]


def test_the_code_of_an_installed_package_counts_wherever_it_declares_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package, info = tmp_path / "faraway_priors", tmp_path / "faraway_priors-1.dist-info"
    package.mkdir()
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faraway-priors\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[priorbench]\nfaraway = faraway_priors.declare\n")
    (package / "__init__.py").touch()
    (package / "declare.py").write_text(textwrap.dedent(DECLARATION))
    (package / "model.py").write_text("class Model: pass\n")
    before = folder_plan([]).prior("mine").fingerprint
    (package / "model.py").write_text("class Model: scale = 2\n")
    assert folder_plan([]).prior("mine").fingerprint != before


def test_the_way_images_are_cut_is_part_of_a_data_set_and_its_name_is_not() -> None:
    def fingerprint(**section: Any) -> str:
        made = plan(spec(), datasets={"a": scikit_images("camera", "brick") | section}, test=["a"])
        return made.datasets["a"].fingerprint

    assert fingerprint() == fingerprint(gray=True)
    different = [fingerprint(), fingerprint(gray=False), fingerprint(crop=32), fingerprint(limit=1)]
    assert len(set(different)) == len(different)


def test_labels_name_every_prior_and_task() -> None:
    made = plan(spec(label="My prior"), spec("second"))
    assert made.labels == {"mine": "My prior", "second": "second"} | {
        task.id: task.label for task in made.tasks.values()
    }
