from __future__ import annotations

import os

import numpy as np
import pytest

from priorbench.tasks.kernels import blur_kernel, gaussian

GENERATED = [
    "gaussian",
    "box",
    "disk",
    "motion",
    *(f"shake{seed}" for seed in (0, 1, 2, 7, 123456)),
]


def check(kernel: np.ndarray) -> None:
    assert kernel.dtype == np.float64
    assert kernel.shape[0] % 2 == kernel.shape[1] % 2 == 1
    assert kernel.min() >= 0
    assert kernel.sum() == pytest.approx(1, abs=1e-12)


def off_centre(kernel: np.ndarray) -> float:
    grid = np.indices(kernel.shape).reshape(2, -1)
    centre = np.array(kernel.shape)[:, None] // 2
    return float(np.linalg.norm((grid - centre) @ kernel.ravel()))


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_kernel_is_centred(name):
    kernel = blur_kernel(name)
    check(kernel)
    assert off_centre(kernel) < 1 if name.startswith("shake") else off_centre(kernel) < 1e-9


@pytest.mark.parametrize("index", range(1, 9))
def test_levin_s_kernels_are_kernels(index):
    if not os.environ.get("PRIORBENCH_DATA"):
        pytest.skip("PRIORBENCH_DATA names no folder with Levin's kernels")
    check(blur_kernel(f"levin{index}"))


def test_a_shake_is_a_path_that_its_seed_decides():
    one, again, other = (blur_kernel(name) for name in ("shake1", "shake1", "shake2"))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert one.shape == (25, 25)
    # Drawn to fill the kernel, and thin: neither a spot nor a blob.
    rows, columns = np.nonzero(one)
    assert max(np.ptp(rows), np.ptp(columns)) >= 11
    assert 0.02 < (one > 0).mean() < 0.5


def test_the_box_and_the_line_are_uniform():
    assert np.ptp(blur_kernel("box")) == 0
    motion = blur_kernel("motion")
    assert np.allclose(motion, motion[::-1, ::-1])
    anti_diagonal = np.diag(motion[:, ::-1])
    assert anti_diagonal[2:-2].min() > 0.5 * anti_diagonal.max()
    assert np.diag(motion)[:3].max() == 0


def test_the_disk_has_the_radius_three():
    disk = blur_kernel("disk")
    assert disk.max() == pytest.approx(1 / (np.pi * 9), rel=5e-3)
    assert disk[0, 0] == 0 and disk[3, 3] == disk.max()


def test_the_gaussian_has_its_deviation():
    kernel = gaussian(1.6, 12)
    offset = np.arange(-12, 13)
    assert np.sqrt((kernel.sum(axis=0) * offset**2).sum()) == pytest.approx(1.6, abs=1e-6)


@pytest.mark.parametrize("name", ["levin9", "gausian", "shake", "shake-1"])
def test_an_unknown_kernel_is_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match="kernel"):
        blur_kernel(name)
