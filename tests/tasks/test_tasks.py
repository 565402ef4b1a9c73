"""What every task must obey, and what each promises."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from priorbench.config import ConfigError, parse_experiment
from priorbench.errors import NotApplicable
from priorbench.operators import Blur, DecimatedBlur, Downsample, Identity, Mask, RandomProjection
from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.tasks import (
    Deblur,
    Denoise,
    DenoiseBlind,
    DenoiseGuided,
    DenoisePoisson,
    DenoiseSaltPepper,
    Inpaint,
    InpaintBlock,
    InpaintMask,
    InpaintScratch,
    InpaintText,
    Jpeg,
    Sense,
    SuperResolve,
    Task,
)
from tests.conftest import BUILT_IN_PLUGINS

TASKS: dict[str, Task] = {
    "denoise": Denoise(25),
    "blind": DenoiseBlind(25),
    "guided": DenoiseGuided(25),
    "poisson": DenoisePoisson(30),
    "saltpepper": DenoiseSaltPepper(30),
    "deblur": Deblur("motion", 2.55),
    "deblur-valid": Deblur("disk", 2.55, "valid"),
    "inpaint": Inpaint(50),
    "text": InpaintText(),
    "scratch": InpaintScratch(),
    "block": InpaintBlock(),
    "sr-bicubic": SuperResolve(2),
    "sr-lanczos": SuperResolve(3, "lanczos2", 5),
    "sr-area": SuperResolve(4, "area"),
    "sr-gaussian": SuperResolve(3, "gaussian"),
    "cs": Sense(25),
    "jpeg": Jpeg(10),
}
NOTHING_RANDOM = {"sr-bicubic", "sr-area", "sr-gaussian", "jpeg"}
every = pytest.mark.parametrize("name", TASKS)


def picture(channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 0.05 + 0.9 * torch.rand((1, channels, height, width), generator=generator)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@every
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(16, 16), (17, 23), (31, 16)], ids=["tiny", "odd", "high"])
def test_a_task_makes_a_sound_problem_of_every_image(name, channels, size, tmp_path):
    task = TASKS[name]
    clean = task.fit(picture(channels, *size))
    problem = task.corrupt(clean, seeded())
    assert problem.image_shape == tuple(clean.shape[1:])
    assert problem.y.dtype == torch.float32
    assert problem.estimate().shape == clean.shape
    rows, columns = task.border
    assert clean.shape[2] > 2 * rows and clean.shape[3] > 2 * columns
    problem.save(tmp_path / "p.npz")
    again = Problem.load(tmp_path / "p.npz")
    assert torch.equal(again.y, problem.y)
    assert (again.sigma, again.peak, again.corruption) == (
        problem.sigma,
        problem.peak,
        problem.corruption,
    )


@every
def test_the_generator_decides_everything(name):
    task, clean = TASKS[name], TASKS[name].fit(picture(3, 25, 26))
    first, again, other = (task.corrupt(clean, seeded(seed)).y for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first, other) == (name in NOTHING_RANDOM)


@every
def test_the_clean_image_is_left_as_it_is(name):
    clean = TASKS[name].fit(picture(3, 24, 24))
    before = clean.clone()
    TASKS[name].corrupt(clean, seeded())
    assert torch.equal(clean, before)


@every
def test_an_image_with_nan_is_refused(name):
    task = TASKS[name]
    clean = task.fit(picture(1, 24, 24))
    clean[0, 0, 5, 6] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        task.corrupt(clean, seeded())


@pytest.mark.parametrize("sigma", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize(
    "make", [Denoise, InpaintText, lambda sigma: Deblur("box", sigma), lambda s: Sense(25, s)]
)
def test_an_impossible_sigma_is_refused(make, sigma):
    with pytest.raises(ValueError, match="sigma must be"):
        make(sigma).corrupt(picture(1, 16, 16), seeded())


def test_poisson_noise_has_the_mean_and_the_variance_of_counts():
    peak, level = 7.0, 0.6
    clean = torch.full((1, 1, 300, 300), level)
    problem = DenoisePoisson(peak).corrupt(clean, seeded())
    counts = (problem.y * peak).double()
    torch.testing.assert_close(counts, counts.round(), rtol=0, atol=1e-5)
    mean = peak * level
    assert counts.mean().item() == pytest.approx(mean, abs=5 * math.sqrt(mean / clean.numel()))
    assert counts.var().item() == pytest.approx(
        mean, rel=5 * math.sqrt((2 + 1 / mean) / clean.numel())
    )
    assert problem.peak == peak
    assert problem.sigma == pytest.approx(math.sqrt(level / peak), rel=0.01)
    assert isinstance(problem.operator, Identity)


def test_a_black_image_gives_no_photons():
    problem = DenoisePoisson(30).corrupt(torch.zeros(1, 1, 8, 8), seeded())
    assert not problem.y.any() and problem.sigma == 0


@given(st.floats(1, 90), st.sampled_from([1, 3]), st.integers(0, 100))
def test_salt_and_pepper_turn_exactly_the_stated_share_and_all_of_it_is_missing(
    percent, channels, seed
):
    clean = picture(channels, 15, 16, seed)
    hits = round(percent / 100 * clean.numel())
    problem = DenoiseSaltPepper(percent).corrupt(clean, seeded(seed))
    assert isinstance(problem.operator, Mask)
    known = problem.operator.known
    assert (~known).sum() == hits
    assert torch.equal(problem.y[0][known], clean[0][known])
    assert not problem.y[0][~known].any()


def test_salt_and_pepper_on_black_and_white_can_not_be_told():
    with pytest.raises(ValueError, match="for photographs with shades between"):
        DenoiseSaltPepper(30).corrupt(torch.zeros(1, 1, 8, 8), seeded())


@pytest.mark.usefixtures("unchecked")
def test_salt_is_as_frequent_as_pepper():
    noisy = DenoiseSaltPepper(50)
    seen: list[torch.Tensor] = []
    noisy.observe = lambda image, mask=None: seen.append(image)
    noisy.corrupt(torch.full((1, 1, 200, 200), 0.5), seeded())
    [y] = seen
    assert (y == 0).sum() + (y == 1).sum() == 20_000
    assert abs((y == 1).sum() - 10_000) < 5 * math.sqrt(20_000 / 4)


def test_pixels_that_were_black_before_count_as_missing():
    clean = picture(1, 8, 8)
    clean[0, 0, 3, 4] = 0
    assert not DenoiseSaltPepper(1).corrupt(clean, seeded()).operator.arguments()["known"][0, 3, 4]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_valid_blur_is_scored_where_pixels_were_observed(channels):
    task = Deblur("motion", 0, "valid")
    clean = picture(channels, 30, 31)
    problem = task.corrupt(clean, seeded())
    rows, columns = task.border
    assert (rows, columns) == (6, 6)
    assert problem.y.shape[2:] == (30 - 2 * rows, 31 - 2 * columns)
    circular = Deblur("motion", 0).corrupt(clean, seeded())
    torch.testing.assert_close(circular.y[..., rows:-rows, columns:-columns], problem.y)
    assert Deblur("motion", 0).border == (0, 0)


def test_a_blur_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match="25 × 25 is larger than the image of 24 × 40"):
        Deblur("shake1", 0).corrupt(picture(1, 24, 40), seeded())


@pytest.mark.parametrize("ratio", [1, 25, 33.3, 100])
def test_as_many_projections_are_seen_as_stated(ratio):
    problem = Sense(ratio).corrupt(picture(3, 17, 13), seeded())
    assert isinstance(problem.operator, RandomProjection)
    assert problem.y.shape == (1, 3, 1, round(ratio / 100 * 17 * 13))
    if ratio == 100:
        torch.testing.assert_close(problem.operator.adjoint(problem.y), picture(3, 17, 13))


@pytest.mark.parametrize("kernel", ["bicubic", "lanczos2", "area", "gaussian"])
@pytest.mark.parametrize("factor", [2, 3, 4, 8])
def test_super_resolution_cuts_the_image_and_scores_luma_without_a_border(factor, kernel):
    task = SuperResolve(factor, kernel)
    clean = picture(3, 41, 43)
    fitting = task.fit(clean)
    assert fitting.shape[2:] == (41 - 41 % factor, 43 - 43 % factor)
    assert torch.equal(fitting, clean[..., : fitting.shape[2], : fitting.shape[3]])
    problem = task.corrupt(fitting, seeded())
    assert isinstance(problem.operator, DecimatedBlur if kernel == "gaussian" else Downsample)
    assert problem.y.shape[2:] == (41 // factor, 43 // factor)
    assert task.border == (factor, factor) and task.luminance
    with pytest.raises(ValueError, match="does not divide 41 × 43"):
        task.corrupt(clean, seeded())


def test_an_image_smaller_than_the_factor_is_refused():
    with pytest.raises(ValueError, match="7 × 20 can't be made 8 times smaller"):
        SuperResolve(8).fit(picture(1, 7, 20))


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_has_no_operator_and_says_why(channels):
    clean = torch.nn.functional.interpolate(picture(channels, 8, 8), (40, 48), mode="bilinear")
    errors = []
    for quality in (5, 30, 95):
        problem = Jpeg(quality).corrupt(clean, seeded())
        assert problem.linear_operator is None
        assert torch.equal(problem.estimate(), problem.y)
        with pytest.raises(
            NotApplicable, match=f"linear operator.*JPEG compression at quality {quality}"
        ):
            _ = problem.operator
        errors.append((problem.y - clean).square().mean().item())
    assert errors == sorted(errors, reverse=True)
    assert 0 < errors[-1] < 1e-3


def written_mask(folder: Path, pixels: list[list[int]]) -> Path:
    Picture.fromarray(np.array(pixels, dtype=np.uint8)).save(folder / "mask.png")
    return folder / "mask.png"


def test_a_mask_of_one_s_own_hides_what_is_black(tmp_path):
    path = written_mask(tmp_path, [[255, 0, 255], [127, 128, 255]])
    clean = picture(3, 2, 3)
    problem = InpaintMask(str(path)).corrupt(clean, seeded())
    known = torch.tensor([[True, False, True], [False, True, True]])
    assert torch.equal(problem.operator.arguments()["known"], known.repeat(3, 1, 1))
    assert torch.equal(problem.y, clean * known)


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    path = written_mask(tmp_path, [[255, 0, 255], [127, 128, 255]])
    with pytest.raises(ValueError, match=r"mask\.png is 2 × 3 but the image 5 × 4"):
        InpaintMask(str(path)).corrupt(picture(1, 5, 4), seeded())


def test_a_mask_that_leaves_nothing_is_refused(tmp_path):
    path = written_mask(tmp_path, [[0, 0], [0, 0]])
    with pytest.raises(ValueError, match="hides every pixel"):
        InpaintMask(str(path)).corrupt(picture(1, 2, 2), seeded())


@pytest.mark.parametrize(
    "name", ["denoise", "poisson", "saltpepper", "deblur", "deblur-valid", "sr-bicubic", "jpeg"]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_that_is_an_observation_becomes_a_problem(name, channels):
    y = picture(channels, 20, 21)
    problem = TASKS[name].observe(y)
    assert torch.equal(problem.y, y)
    larger = {"deblur-valid": (26, 27), "sr-bicubic": (40, 42)}
    assert problem.image_shape == (channels, *larger.get(name, (20, 21)))
    with pytest.raises(ValueError, match="takes no mask"):
        TASKS[name].observe(y, torch.ones(1, 1, 20, 21))


@pytest.mark.parametrize("name", ["inpaint", "text", "scratch", "block"])
def test_an_observation_with_missing_pixels_needs_its_mask(name):
    y, mask = picture(3, 20, 21), torch.ones(1, 1, 20, 21)
    mask[..., 3, 4] = 0
    assert torch.equal(TASKS[name].observe(y, mask).y, y * mask)
    with pytest.raises(ValueError, match="needs a mask"):
        TASKS[name].observe(y)


def test_projections_are_in_no_photograph():
    with pytest.raises(ValueError, match="leave out --observed"):
        Sense(25).observe(picture(1, 8, 8))


@pytest.mark.parametrize(
    "operator", [Identity((1, 4, 5)), Blur(torch.ones(3, 3), (1, 6, 7), "valid")]
)
@pytest.mark.parametrize("shape", [(1, 1, 5, 4), (1, 3, 4, 5), (1, 1, 6, 7)])
def test_an_observation_of_another_shape_is_refused(operator, shape):
    with pytest.raises(ValueError, match="its operator gives"):
        Problem(torch.zeros(shape), operator, 0.1)


@pytest.mark.parametrize("peak", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_peak_is_refused(peak):
    with pytest.raises(ValueError, match="peak must be"):
        Problem(torch.zeros(1, 1, 2, 2), Identity((1, 2, 2)), 0.1, peak=peak)


def plan(tasks: dict[str, object]) -> Plan:
    return Plan(
        parse_experiment(
            {
                "experiment": "mine",
                "datasets": {"one": {"source": "scikit-image", "images": ["brick"]}},
                "test": ["one"],
                "tasks": tasks,
                "plugins": {"disable": BUILT_IN_PLUGINS},
            }
        )
    )


def test_the_ids_of_the_tasks(tmp_path):
    path = written_mask(tmp_path, [[255, 0], [0, 255]])
    settings = {"inpaint-mask": {"parameters": {"mask": str(path)}}}
    assert set(plan({"settings": settings}).tasks) == {
        "denoise-25",
        "denoise-blind-25",
        "denoise-guided-25",
        "denoise-poisson-30",
        "denoise-saltpepper-30",
        "deblur-shake1-2.55",
        "inpaint-50",
        "inpaint-text",
        "inpaint-scratch",
        "inpaint-block",
        "inpaint-mask",
        "sr-x2",
        "cs-25",
        "jpeg-10",
    }


def test_a_task_that_must_be_told_something_is_left_out_of_all_and_an_error_by_name():
    assert "inpaint-mask" not in plan({}).tasks
    with pytest.raises(ConfigError, match="mask"):
        plan({"run": ["inpaint-mask"]})


@pytest.mark.parametrize(
    ("name", "parameters", "ids"),
    [
        ("deblur", {"boundary": "valid"}, {"deblur-shake1-2.55-boundaryvalid"}),
        ("deblur", {"boundary": "circular"}, {"deblur-shake1-2.55"}),
        (
            "deblur",
            {"kernel": ["box", "shake7"], "boundary": ["circular", "valid"]},
            {
                f"deblur-{kernel}-2.55-boundary{boundary}"
                for kernel in ("box", "shake7")
                for boundary in ("circular", "valid")
            },
        ),
        (
            "sr",
            {"factor": [2, 3], "kernel": "gaussian"},
            {"sr-x2-kernelgaussian", "sr-x3-kernelgaussian"},
        ),
        ("sr", {"factor": [2, 4]}, {"sr-x2", "sr-x4"}),
        ("inpaint", {"missing": 80}, {"inpaint-80"}),
        ("jpeg", {"quality": [10, 40]}, {"jpeg-10", "jpeg-40"}),
        ("denoise-guided", {"sigma": [10, 25]}, {"denoise-guided-10", "denoise-guided-25"}),
    ],
)
def test_an_id_says_what_differs_from_the_default(name, parameters, ids):
    made = plan({"run": [name], "settings": {name: {"parameters": parameters}}})
    assert set(made.tasks) == ids


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("denoise", {"sigma": -1}),
        ("denoise-blind", {"sigma": -1}),
        ("denoise-guided", {"sigma": -1}),
        ("denoise-poisson", {"peak": 0}),
        ("denoise-saltpepper", {"percent": 100}),
        ("deblur", {"kernel": "levin9"}),
        ("deblur", {"boundary": "reflect"}),
        ("sr", {"factor": 5}),
        ("cs", {"ratio": 0}),
        ("jpeg", {"quality": 101}),
    ],
)
def test_a_parameter_out_of_range_is_named(name, parameters):
    with pytest.raises(ConfigError, match=next(iter(parameters))):
        plan({"run": [name], "settings": {name: {"parameters": parameters}}})


@pytest.mark.parametrize("name", sorted(plan({}).tasks))
def test_each_task_of_the_plan_can_be_built(name):
    task = plan({}).task(name).build()
    assert isinstance(task, Task)
    clean = task.fit(picture(3, 33, 34))
    assert task.corrupt(clean, seeded()).image_shape == tuple(clean.shape[1:])


@pytest.mark.parametrize("given", ["mask.png", "~/mask.png", "$MASKS/mask.png"])
def test_the_mask_file_is_found_and_an_input_of_the_task(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MASKS", str(tmp_path))
    path = written_mask(tmp_path, [[255, 0], [0, 255]])
    made = plan({"settings": {"inpaint-mask": {"parameters": {"mask": given}}}})
    assert made.task_files("inpaint-mask") == ["mask.png" if given == "mask.png" else str(path)]
    assert made.task("inpaint-mask").build().mask.tolist() == [[True, False], [False, True]]
    assert made.task_files("denoise-25") == []


def test_a_mask_file_that_does_not_exist_is_refused_before_any_job():
    with pytest.raises(
        ConfigError,
        match=r"^tasks\.settings\.inpaint-mask\.parameters\.mask: nofile\.png does not exist",
    ):
        plan({"settings": {"inpaint-mask": {"parameters": {"mask": "nofile.png"}}}})
