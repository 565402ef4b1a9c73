"""Masks and kernels of one's own."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image as Picture

from priorbench.config import ConfigError, parse_experiment
from priorbench.plan import Plan
from priorbench.tasks import Deblur, InpaintMask
from priorbench.tasks.files import read_kernel, read_mask
from priorbench.tasks.kernels import blur_kernel
from tests.conftest import BUILT_IN_PLUGINS


def plan(settings: dict[str, object]) -> Plan:
    tasks = {"run": list(settings), "settings": settings}
    data = {"experiment": "e", "datasets": {"d": {"source": "scikit-image"}}, "test": ["d"]}
    plugins = {"disable": BUILT_IN_PLUGINS}
    return Plan(parse_experiment({**data, "tasks": tasks, "plugins": plugins}))


def saved(path: Path, pixels: np.ndarray) -> Path:
    Picture.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("pixels", "known"),
    [
        ([[255, 0, 255], [127, 128, 255]], [[1, 0, 1], [0, 1, 1]]),
        # Gray and alpha: white where it is good, transparent where the editor cut something out.
        ([[[255, 255], [255, 0]], [[255, 127], [255, 128]]], [[1, 0], [0, 1]]),
        # Transparent pixels are missing, whatever colour the editor left below them.
        ([[[0, 0], [255, 255]], [[0, 255], [255, 0]]], [[0, 1], [0, 0]]),
        ([[[255, 255, 255, 255], [9, 9, 9, 255], [255, 255, 255, 0]]], [[1, 0, 0]]),
    ],
    ids=["gray", "transparent", "colour below", "rgb"],
)
def test_a_pixel_is_known_where_the_mask_is_opaque_and_bright(tmp_path, pixels, known):
    mask = read_mask(saved(tmp_path / "m.png", pixels))
    assert mask.dtype == torch.bool
    assert mask.int().tolist() == known


def test_a_mask_that_hides_everything_is_refused(tmp_path):
    path = saved(tmp_path / "m.png", [[0, 0]])
    with pytest.raises(ValueError, match=r"m\.png hides every pixel: it must be white and opaque"):
        read_mask(path)


def test_the_task_s_own_mask_serves_an_observed_image_too(tmp_path):
    path = saved(tmp_path / "m.png", [[255, 0], [255, 255]])
    image = torch.rand(1, 3, 2, 2)
    problem = InpaintMask(str(path)).observe(image)
    expected = image.clone()
    expected[..., 0, 1] = 0
    torch.testing.assert_close(problem.y, expected)
    other = torch.tensor([[[[0.0, 1], [1, 1]]]])
    assert InpaintMask(str(path)).observe(image, other).y[0, 0, 0, 0] == 0
    with pytest.raises(ValueError, match="2 × 2 but the image 3 × 2"):
        InpaintMask(str(path)).observe(torch.rand(1, 1, 3, 2))


KERNEL = np.array([[0, 1, 0], [2, 10, 3], [0, 0, 4]])


@pytest.mark.parametrize("form", ["npy", "int.npy", "png", "16.png", "alpha.png", "tif"])
def test_a_kernel_is_read_from_any_file_and_normalised(tmp_path, form):
    path = tmp_path / f"k.{form}"
    if form == "npy":
        np.save(path, KERNEL / 7)
    elif form == "int.npy":
        np.save(path, KERNEL)
    elif form == "16.png":
        path.write_bytes(imagecodecs.png_encode((KERNEL * 6553).astype(np.uint16)))
    elif form == "alpha.png":
        saved(path, np.stack([np.full((3, 3), 255), KERNEL * 25], axis=2))
    else:
        saved(path, KERNEL * 25)
    np.testing.assert_allclose(read_kernel(path), KERNEL / KERNEL.sum(), atol=1e-6)
    np.testing.assert_array_equal(blur_kernel(str(path)), read_kernel(path))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.ones((4, 4)), "4 × 4: it needs odd sides"),
        (np.ones((3, 2)), "3 × 2: it needs odd sides"),
        (np.ones(3), r"must be a matrix of real numbers, not \(3,\)"),
        (np.ones((3, 3), complex), "must be a matrix of real numbers"),
        (np.full((3, 3), "a"), "must be a matrix of real numbers"),
        (np.ones((0, 3)), "is empty"),
        (np.zeros((3, 3)), "zero everywhere"),
        (-np.ones((3, 3)), "finite values of at least 0"),
        (np.full((3, 3), np.nan), "finite values of at least 0"),
        (np.array([[None]]), "can't be read as a NumPy array"),
    ],
    ids=str,
)
def test_what_is_no_kernel_is_named_with_the_reason(tmp_path, array, reason):
    np.save(tmp_path / "k.npy", array)
    with pytest.raises(ValueError, match=rf"k\.npy.*{reason}"):
        read_kernel(tmp_path / "k.npy")


def test_a_kernel_in_colour_and_one_that_is_no_file_are_refused(tmp_path):
    with pytest.raises(ValueError, match="in colour; it must be gray"):
        read_kernel(saved(tmp_path / "k.png", np.eye(3, dtype=np.uint8)[..., None] * [255, 0, 0]))
    (tmp_path / "k.npy").write_bytes(b"no array")
    with pytest.raises(ValueError, match=r"k\.npy can't be read as a NumPy array"):
        read_kernel(tmp_path / "k.npy")


def test_a_kernel_larger_than_the_image_is_refused(tmp_path):
    np.save(tmp_path / "k.npy", np.ones((9, 3)))
    with pytest.raises(ValueError, match="9 × 3 is larger than the image of 8 × 8"):
        Deblur(str(tmp_path / "k.npy"), 0).observe(torch.rand(1, 1, 8, 8))


def test_a_kernel_file_of_the_configuration_is_in_the_id_by_name_and_watched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    np.save(tmp_path / "a b.npy", KERNEL)
    (tmp_path / "deep").mkdir()
    np.save(tmp_path / "deep" / "k{1}.npy", KERNEL)
    kernels = ["box", "a b.npy", "~/deep/k{1}.npy"]
    made = plan({"deblur": {"parameters": {"kernel": kernels, "sigma": 5}}})
    assert list(made.tasks) == ["deblur-box-5", "deblur-a-b.npy-5", "deblur-k-1.npy-5"]
    assert made.task_files("deblur-box-5") == []
    assert made.task_files("deblur-a-b.npy-5") == ["a b.npy"]
    assert made.task_files("deblur-k-1.npy-5") == [str(tmp_path / "deep" / "k{1}.npy")]
    built = made.task("deblur-k-1.npy-5").build()
    np.testing.assert_allclose(built.kernel.numpy(), KERNEL / KERNEL.sum(), atol=1e-6)


@pytest.mark.parametrize(
    ("kernel", "words"),
    [("nofile.png", "nofile.png does not exist"), ("levin9", "did you mean one of|levin")],
)
def test_a_kernel_that_there_is_not_is_refused_before_any_job(kernel, words):
    with pytest.raises(ConfigError, match=words):
        plan({"deblur": {"parameters": {"kernel": kernel}}})
