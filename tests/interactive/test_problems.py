"""Problems from arrays: what the task makes of them, and what a prior gets to see."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import priorbench as pb
from priorbench.config import parse_experiment
from priorbench.interactive import ImageProblem
from priorbench.operators import Mask
from priorbench.problem import Problem
from priorbench.tasks import Denoise

RANDOM = np.random.default_rng(0)
GRAY, COLOUR = 0.2 + 0.6 * RANDOM.random((16, 20)), 0.2 + 0.6 * RANDOM.random((16, 20, 3))


@pytest.fixture(autouse=True)
def _experiment(bench: Any) -> None:
    """An experiment of one task with an id of its own, in the working directory."""
    bench.image("one", GRAY)
    bench.plan(tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 10}}}})


def spread(problem: ImageProblem, image: np.ndarray) -> float:
    return float((problem.observation - image).std() * 255)


@pytest.mark.parametrize("image", [GRAY, COLOUR], ids=["gray", "colour"])
def test_an_array_is_corrupted_by_the_task(image: np.ndarray) -> None:
    problem = pb.corrupt(image, "denoise", sigma=25)
    assert isinstance(problem, Problem)
    assert problem.task == "denoise-25"
    assert problem.sigma == pytest.approx(25 / 255)
    assert problem.observation.shape == image.shape
    assert spread(problem, image) == pytest.approx(25, rel=0.25)


def test_a_tensor_gives_an_observation_as_a_tensor() -> None:
    image = torch.from_numpy(COLOUR).permute(2, 0, 1)
    problem = pb.corrupt(image, "denoise")
    assert isinstance(problem.observation, torch.Tensor)
    assert problem.observation.shape == image.shape


def test_the_same_seed_draws_the_same_whatever_the_container() -> None:
    first = pb.corrupt(GRAY, "denoise", seed=3)
    tensor = pb.corrupt(torch.from_numpy(GRAY), "denoise", seed=np.int64(3))
    other = pb.corrupt(GRAY, "denoise", seed=4)
    torch.testing.assert_close(first.y, tensor.y, atol=0, rtol=0)
    assert not torch.equal(first.y, other.y)


def test_the_callers_generators_go_on() -> None:
    torch.manual_seed(1)
    expected = float(torch.rand(()))
    torch.manual_seed(1)
    pb.corrupt(GRAY, "denoise")
    assert float(torch.rand(())) == expected


def test_an_id_of_the_experiment_is_a_task_and_a_name_has_the_defaults() -> None:
    assert pb.corrupt(GRAY, "denoise-10").sigma == pytest.approx(10 / 255)
    assert pb.corrupt(GRAY, "denoise").sigma == pytest.approx(25 / 255)
    assert pb.corrupt(GRAY, "denoise-10", sigma=5).task == "denoise-5"


def test_numbers_of_numpy_and_paths_are_parameters(tmp_path: Path) -> None:
    assert pb.corrupt(GRAY, "denoise", sigma=np.float32(25)).sigma == pytest.approx(25 / 255)
    assert pb.corrupt(GRAY, "inpaint", missing=np.int64(40)).task == "inpaint-40"
    np.save(tmp_path / "kernel.npy", np.ones((3, 3)))
    blurred = pb.corrupt(GRAY, "deblur", kernel=tmp_path / "kernel.npy", sigma=0)
    assert blurred.task == "deblur-kernel.npy-0"


def test_the_clean_image_is_not_in_the_problem() -> None:
    problem = pb.corrupt(GRAY, "inpaint", missing=50)
    assert isinstance(problem.operator, Mask)
    hidden = ~problem.operator.known[0].numpy()
    seen = [getattr(problem, field.name) for field in fields(problem)]
    tensors = [value for value in seen if isinstance(value, torch.Tensor)]
    assert len(tensors) == 1
    assert not tensors[0][0, 0][torch.from_numpy(hidden)].any()


def test_a_task_of_one_s_own_needs_no_registration() -> None:
    problem = pb.corrupt(GRAY, Denoise(sigma=25))
    assert problem.task == "Denoise"
    assert spread(problem, GRAY) == pytest.approx(25, rel=0.25)
    with pytest.raises(TypeError, match="has its parameters already"):
        pb.corrupt(GRAY, Denoise(sigma=25), sigma=5)


def test_super_resolution_cuts_what_does_not_fit_and_knows_its_protocol() -> None:
    problem = pb.corrupt(GRAY[:15, :19], "sr", factor=2)
    assert problem.image_shape == (1, 14, 18)
    assert problem.observation.shape == (7, 9)
    assert problem.border == (2, 2)
    assert problem.luminance


def test_an_experiment_may_be_a_file_a_folder_or_an_object(bench: Any, tmp_path: Path) -> None:
    configuration = bench.configuration(
        tasks={"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": 40}}}}
    )
    for experiment in (parse_experiment(configuration), bench.root, bench.root / "config.yaml"):
        task = "denoise-40" if not isinstance(experiment, Path) else "denoise-10"
        assert pb.corrupt(GRAY, task, experiment=experiment).task == task


def test_the_experiment_of_a_folder_above_is_found_and_other_programs_files_are_not(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = bench.root / "notebooks" / "mine"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert pb.corrupt(GRAY, "denoise-10").task == "denoise-10"
    (below.parent / "config.yaml").write_text("server: {port: 80}\n")
    assert pb.corrupt(GRAY, "denoise-10").task == "denoise-10"
    (below / "config.yaml").write_text("server: {port: 80}\n")
    with pytest.raises(ValueError, match=r"config\.yaml is not valid"):
        pb.corrupt(GRAY, "denoise-10")


def test_where_there_is_no_experiment_the_default_one_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert pb.corrupt(GRAY, "sr-x2").task == "sr-x2"
    assert {"tv", "gmm-K50"} <= set(pb.priors().index)
    assert pb.restore(pb.corrupt(GRAY, "denoise"), "tv", progress=False).shape == GRAY.shape
    assert list(empty.iterdir()) == []


def test_what_is_observed_is_restored_as_it_is() -> None:
    problem = pb.observe(COLOUR, "denoise", sigma=10)
    np.testing.assert_allclose(problem.observation, COLOUR, atol=1e-6)
    known = RANDOM.random((16, 20)) > 0.5
    holes = pb.observe(COLOUR, "inpaint", sigma=0, mask=known)
    np.testing.assert_allclose(holes.observation, COLOUR * known[..., None], atol=1e-6)
    guided = pb.observe(COLOUR, "denoise-guided", sigma=10, guide=GRAY)
    assert guided.guide is not None
    np.testing.assert_allclose(guided.guide[0, 0], GRAY, atol=1e-6)


def flat(seed: int, sigma: float, channels: int = 1) -> np.ndarray:
    """Return an image that is nothing but noise of σ on the 0-255 scale."""
    return 0.5 + sigma / 255 * np.random.default_rng(seed).normal(size=(48, 48, channels))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("task", "told"), [("denoise", {"sigma": "auto"}), ("denoise-blind", {})])
def test_sigma_is_estimated_from_what_is_observed(
    task: str, told: dict[str, str], channels: int
) -> None:
    found = {}
    for sigma in (5, 20):
        problem: Any = pb.observe(flat(sigma, sigma, channels), task, **told)
        assert 255 * problem.sigma == pytest.approx(sigma, rel=0.15)
        assert problem.task == f"{task}-{round(255 * problem.sigma, 2):g}"
        found[sigma] = problem.sigma
    assert found[20] == pytest.approx(4 * found[5], rel=0.2)


def test_sigma_is_estimated_of_a_blurred_image_too() -> None:
    problem = pb.observe(flat(1, 10), "deblur", kernel="box", boundary="valid", sigma="auto")
    assert 255 * problem.sigma == pytest.approx(10, rel=0.15)


def test_a_blind_problem_has_the_noise_that_is_asked_for_and_an_estimate() -> None:
    image = np.full((48, 48), 0.5)
    problem = pb.corrupt(image, "denoise-blind", sigma=10)
    assert problem.task == "denoise-blind-10"
    assert spread(problem, image) == pytest.approx(10, rel=0.1)
    assert 255 * problem.sigma == pytest.approx(10, rel=0.15)
    assert 255 * problem.sigma != 10


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: pb.corrupt(GRAY, "denoise", sigma="auto"),
            ["sigma is auto only", "denoise-blind"],
        ),
        (
            lambda: pb.observe(GRAY, "inpaint", sigma="auto", mask=np.ones((16, 20))),
            ["pixels are missing", "give inpaint a number"],
        ),
        (lambda: pb.observe(GRAY[:8], "denoise", sigma="auto"), ["8 × 20", "too small"]),
        (lambda: pb.observe(GRAY, "jpeg", sigma="auto"), ["parameter of jpeg 'sigma'"]),
        (lambda: pb.observe(GRAY, "denoise", sigma="automatic"), ["sigma", "number"]),
        (lambda: pb.corrupt(GRAY, "denoize"), ["unknown task 'denoize'", "mean 'denoise'"]),
        (lambda: pb.corrupt(GRAY, "denoise", sgma=5), ["'sgma'", "did you mean 'sigma'"]),
        (lambda: pb.corrupt(GRAY, "denoise", sigma=-5), ["sigma", "greater than or equal to 0"]),
        (lambda: pb.corrupt(GRAY, "denoise", sigma="25"), ["sigma", "number"]),
        (lambda: pb.corrupt(GRAY, "denoise", sigma=[5, 25]), ["one value"]),
        (lambda: pb.corrupt(GRAY, "denoise-50"), ["unknown task", "'denoise', sigma=50"]),
        (lambda: pb.corrupt(GRAY, "deblur-box-5"), ["'deblur', kernel=box, sigma=5"]),
        (lambda: pb.corrupt(GRAY, "denoise", seed=-1), ["a seed is a whole number", "-1"]),
        (lambda: pb.corrupt(GRAY, "denoise", seed=0.5), ["a seed is a whole number", "0.5"]),
        (lambda: pb.corrupt(GRAY, 25), ["a task is a name such as 'denoise'"]),
        (lambda: pb.corrupt(GRAY, "denoise", experiment="no.yaml"), ["no.yaml", "can't be read"]),
        (lambda: pb.observe(GRAY, "denoise"), ["Give sigma, on the 0-255 scale"]),
        (lambda: pb.observe(GRAY, "inpaint", sigma=0), ["needs a mask"]),
        (
            lambda: pb.observe(GRAY, "inpaint", sigma=0, mask=np.ones((3, 3))),
            ["mask is (3, 3) but the image (16, 20)"],
        ),
        (
            lambda: pb.observe(GRAY, "denoise", sigma=5, mask=np.ones((16, 20))),
            ["denoise takes no mask"],
        ),
        (lambda: pb.observe(GRAY, "denoise-guided", sigma=5), ["needs a guide"]),
        (lambda: pb.observe(GRAY, "denoise", sigma=5, guide=GRAY), ["takes no guide"]),
        (
            lambda: pb.observe(GRAY, "denoise-guided", sigma=5, guide=GRAY[:8]),
            ["guide is 8 × 20 but the image 16 × 20"],
        ),
    ],
)
def test_what_cannot_be_done_is_one_message(call: Any, words: list[str]) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_a_picture_of_pillow_s_is_an_image() -> None:
    picture = Image.fromarray((255 * COLOUR).astype(np.uint8))
    assert pb.corrupt(picture, "denoise").observation.shape == (16, 20, 3)
