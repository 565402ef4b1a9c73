"""Testing on what a prior learns from is refused."""

from pathlib import Path
from typing import Any

import pytest

from priorbench.config import ConfigError, parse_experiment
from priorbench.plan import Plan
from priorbench.plugins.registry import Registered
from priorbench.specs import DatasetSpec, Parameters
from tests.plan.plans import PLUGIN, plan, registry, scikit_images, spec


def test_testing_on_training_images_is_refused_by_name() -> None:
    datasets = {
        "a": scikit_images("camera", "brick", "coffee"),
        "b": scikit_images("brick", "coffee", "grass"),
    }
    with pytest.raises(
        ConfigError,
        match=r"prior mine.*a/brick is b/brick in the training set .*, a/coffee is b/coffee in",
    ):
        plan(spec(learns=True), datasets=datasets, test=["a"], train="b")
    assert plan(spec(), datasets=datasets, test=["a"], train="b").priors


def test_an_image_of_a_package_is_the_same_photograph_in_both_sources() -> None:
    datasets = {
        "a": {"source": "embedded", "images": ["camera", "china"]},
        "b": scikit_images("camera", "brick"),
    }
    with pytest.raises(
        ConfigError,
        match=r"a/camera is b/camera in the training set \(the photograph scikit-image/camera\)",
    ):
        plan(spec(learns=True), datasets=datasets, test=["a"], train="b")


def folder_of(path: Path, **parameters: Any) -> dict[str, Any]:
    return {"source": "folder", "parameters": {"path": str(path), **parameters}}


def test_the_same_files_under_another_path_or_pattern_are_refused_too(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).touch()
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    again = folder_of(link, pattern=["*.png"])
    with pytest.raises(
        ConfigError, match="a/one is b/one in the training set, a/two is b/two in the training set"
    ):
        plan(
            spec(learns=True),
            datasets={"a": folder_of(tmp_path), "b": again},
            test=["a"],
            train="b",
        )
    apart = {"a": folder_of(tmp_path, pattern=["one*"]), "b": folder_of(tmp_path, pattern=["two*"])}
    assert plan(spec(learns=True), datasets=apart, test=["a"], train="b").learners


def standard(source: str, **section: Any) -> dict[str, Any]:
    part = {key: section.pop(key) for key in ("split", "group") if key in section}
    return {"source": source, "parameters": part, **section}


def refusal(test: dict[str, Any], train: dict[str, Any]) -> str:
    """Return why a prior can't be trained on the one and tested on the other; empty if it can."""
    try:
        plan(
            spec(learns=True),
            datasets={"seen": test, "learned": train},
            test=["seen"],
            train="learned",
        )
    except ConfigError as error:
        return str(error)
    return ""


def test_a_crop_of_a_training_photograph_is_refused_with_the_way_out() -> None:
    message = refusal(standard("set12"), standard("bsds500"))
    assert (
        "seen/04_starfish is learned/12003 in the training set (the photograph bsds500/12003)"
        in message
    )
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
    assert "seen/test003 is learned/" in refusal(
        standard("bsd68", images=["test003"]), standard("cbsd68")
    )


@pytest.mark.parametrize(
    ("test", "train", "pair"),
    [
        (standard("set12"), standard("dip", group="color9"), "seen/08_lena is learned/lena"),
        (standard("set14"), standard("dip"), "seen/lenna is learned/montage"),
        (standard("set14"), standard("set5"), "seen/face is learned/head"),
        (standard("dip", group="color9"), standard("kodak24"), "seen/kodim01 is learned/kodim01"),
        (
            standard("dip", group="color9"),
            standard("dip", group="gray11"),
            "seen/peppers is learned/peppers256",
        ),
    ],
)
def test_the_same_picture_in_another_set_is_refused(
    test: dict[str, Any], train: dict[str, Any], pair: str
) -> None:
    assert pair in refusal(test, train)


def test_nothing_is_refused_for_images_that_are_not_used() -> None:
    assert refusal(standard("set12", images=["04_starfish"]), standard("bsds500", limit=3)) == ""
    assert refusal(scikit_images("camera"), standard("set12")) == ""


def test_testing_on_the_training_set_itself_is_no_matter_of_leaving_images_out() -> None:
    with pytest.raises(
        ConfigError, match=r"is set5/woman in the training set.*\. Train on another data set"
    ):
        plan(spec(learns=True), datasets={}, test=["set5"], train="set5")


def test_images_are_left_out_before_they_are_counted() -> None:
    made = plan(
        spec(), datasets={"a": standard("set5", exclude=["baby", "bird"], limit=2)}, test=["a"]
    )
    assert list(made.datasets["a"].images) == ["butterfly", "head"]
    named = plan(spec(), datasets={"a": standard("set5", images=["butterfly", "head"])}, test=["a"])
    assert named.datasets["a"].fingerprint == made.datasets["a"].fingerprint
    with pytest.raises(
        ConfigError, match=r"datasets\.a\.exclude: unknown image 'babi'; did you mean 'baby'"
    ):
        plan(spec(), datasets={"a": standard("set5", exclude=["babi"])}, test=["a"])
    with pytest.raises(ConfigError, match=r"datasets\.a has no images left"):
        plan(
            spec(), datasets={"a": standard("set5", images=["baby"], exclude=["baby"])}, test=["a"]
        )


def test_a_source_that_cannot_tell_its_origins_is_named() -> None:
    def origins(parameters: Parameters) -> dict[str, str]:
        raise RuntimeError("no idea")

    broken = registry(spec())
    source = DatasetSpec(
        name="broken",
        factory=".c:c",
        images=lambda _: {"a": None},
        origins=origins,
        summary="for a test",
    )
    broken.datasets["broken"] = Registered(source, PLUGIN)
    data = {"experiment": "mine", "datasets": {"photos": {"source": "broken"}}, "test": ["photos"]}
    with pytest.raises(
        ConfigError, match=r"datasets\.photos: the source broken .*RuntimeError: no idea"
    ):
        Plan(parse_experiment(data), broken)


@pytest.mark.parametrize(
    "error", [ValueError("no images"), FileNotFoundError("no disk"), RuntimeError("no idea")]
)
def test_a_source_that_cannot_list_its_images_is_named(error: Exception) -> None:
    def images(parameters: Parameters) -> dict[str, None]:
        raise error

    broken = registry(spec())
    source = DatasetSpec(name="broken", factory=".c:c", images=images, summary="for a test")
    broken.datasets["broken"] = Registered(source, PLUGIN)
    data = {"experiment": "mine", "datasets": {"photos": {"source": "broken"}}, "test": ["photos"]}
    with pytest.raises(ConfigError, match=rf"datasets\.photos: .*{error}"):
        Plan(parse_experiment(data), broken)
