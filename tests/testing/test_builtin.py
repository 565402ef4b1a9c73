"""What comes with priorbench passes its own checks; what fails by intent says why."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from priorbench.plugins.manager import load_plugins
from priorbench.testing import (
    check_dataset,
    check_metric,
    check_plugin,
    check_prior,
    check_study,
    check_task,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_start")]

FOLDERS = [Path(__file__).parents[2] / "plugins"]
REGISTRY = load_plugins(FOLDERS)
ONE_COMPONENT = "the method chooses one component of the mixture, and is exact within it alone"
LOCAL = "a few gradient steps from a Gaussian estimate lead to a local maximum"
EXPECTED: dict[str, dict[str, str]] = {
    "gmm": {"map_is_the_best": ONE_COMPONENT},
    "gmm-dead-leaves": {"map_is_the_best": ONE_COMPONENT},
    "gsm": {"map_is_the_best": ONE_COMPONENT},
    "niqe": {"better_is_better": "a ramp with an edge is less like a photograph than noise is"},
    "flow": {"map_is_the_best": LOCAL},
    "pixelcnn": {"map_is_the_best": LOCAL},
    "vq-vae": {"map_is_the_best": "it takes the encoder's codes, and is exact given them alone"},
}
FIT_NETWORKS = {"dip-dynamics", "dip-inversion"}
MINUTES = 10.0
"""The limit of one check: CI runs many at a time."""


QUICK = {"mvg", "deblur", "denoise", "sr", "dead-leaves", "embedded", "folder"}
QUICK |= {"psnr", "residual", "patch-distance"}
"""What stands for its siblings where there are minutes, not hours; pytest --exhaustive does all."""


def every(names: Iterable[str]) -> list[Any]:
    """Return the names, those that take long marked."""
    return [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.exhaustive)
        for name in names
    ]


@pytest.mark.parametrize("name", every(REGISTRY.priors))
def test_every_prior_passes(name: str) -> None:
    expected = EXPECTED.get(name, {})
    check_prior(name, folders=FOLDERS, expected_failures=expected, minutes=MINUTES)


@pytest.mark.parametrize("name", every(REGISTRY.tasks))
def test_every_task_passes(name: str, tmp_path: Path) -> None:
    parameters: dict[str, Any] = {}
    if name == "inpaint-mask":
        mask = np.zeros((40, 48), dtype=np.uint8)
        mask[:, ::2] = 255
        Image.fromarray(mask).save(tmp_path / "mask.png")
        parameters["mask"] = str(tmp_path / "mask.png")
    check_task(name, folders=FOLDERS, parameters=parameters, minutes=MINUTES)


@pytest.mark.parametrize("name", every(REGISTRY.metrics))
def test_every_metric_passes(name: str) -> None:
    expected = EXPECTED.get(name, {})
    check_metric(name, folders=FOLDERS, expected_failures=expected, minutes=MINUTES)


@pytest.mark.parametrize("name", every(REGISTRY.datasets))
def test_every_data_set_passes(name: str, tmp_path: Path) -> None:
    parameters: dict[str, Any] = {}
    if name == "folder":
        for number in range(3):
            level = np.full((20, 24), 80 * number, dtype=np.uint8)
            Image.fromarray(level).save(tmp_path / f"image-{number}.png")
        parameters["path"] = str(tmp_path)
    check_dataset(name, folders=FOLDERS, parameters=parameters, minutes=MINUTES)


@pytest.mark.parametrize("name", every(sorted(REGISTRY.studies.keys() - FIT_NETWORKS)))
def test_every_study_passes(name: str) -> None:
    check_study(name, folders=FOLDERS, minutes=MINUTES)


@pytest.mark.parametrize("name", sorted(FIT_NETWORKS))
def test_a_study_that_fits_networks_for_minutes_finds_nothing_in_nothing(name: str) -> None:
    """What it finds in images, its own tests see with fewer iterations."""
    only = ["described", "loads", "finds_nothing_in_nothing", "light_to_import"]
    report = check_plugin(name, folders=FOLDERS, only=only, minutes=MINUTES)
    assert len(report.passed) == len(only)
