"""The easiest images are restored, and well: no guard that compares with a small number takes them
for failures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from priorbench.jobs.attempt import solve
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.specs.solver_settings import SolverSettings, SplittingSettings
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status
from priorbench.tasks import (
    Deblur,
    Denoise,
    DenoisePoisson,
    Inpaint,
    Jpeg,
    Sense,
    SuperResolve,
    Task,
)

pytestmark = pytest.mark.slow

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"]).priors
SIDE = 32
NETWORK = {"iterations": 4, "measure_every": 2, "n_tiles": 60, "batch": 4}
VAE = {**NETWORK, "latent_size": 4, "width": 8, "depth": 1}
PATCHES = {"n_patches": 1500, "iterations": 3}
INDEPENDENT = {**PATCHES, "patch_size": 4, "scales": 4, "stride": 2}
SPARSE = {"n_patches": 1500, "n_atoms": 80, "iterations": 2}
SMALL: dict[str, dict[str, Any]] = {
    "wiener-learned": {"side": 16},
    "gmm": {**PATCHES, "n_components": 3},
    "gmm-dead-leaves": {**PATCHES, "n_components": 3, "mode": "fast", "adapt": 1},
    "gmm-non-local": {**PATCHES, "n_components": 3, "passes": 1, "reach": 6},
    "mvg": PATCHES,
    "gsm": {**PATCHES, "n_components": 3},
    "pca": INDEPENDENT,
    "ica": {**INDEPENDENT, "steps": 2},
    "ind-pixel": {**INDEPENDENT, "steps": 2},
    "ksvd": SPARSE,
    "ksvd-adapted": {**SPARSE, "adaptations": 1, "adapted_patches": 500},
    "sparse-coding": {"n_patches": 1500, "n_atoms": 80},
    "csc": {**NETWORK, "filter_size": 4, "n_filters": 6, "tile_size": 16, "steps": 10},
    "scsr": {"factors": (2,), "n_patches": 1500, "n_atoms": 40, "iterations": 1},
    "tnrd": {**NETWORK, "stages": 2, "filter_size": 3, "tile_size": 16},
    "foe": {**NETWORK, "filter_size": 3, "tile_size": 16, "steps": 5},
    "dip": {"channels": 4, "scales": 2, "input_channels": 4, "iterations": 6},
    "zs-n2n": {"channels": 4, "iterations": 6, "side": 24},
    "noise2fast": {"channels": 4, "layers": 2, "iterations": 6, "side": 48},
    "self2self": {"channels": 4, "scales": 2, "iterations": 6, "side": 24},
    "deep-decoder": {"channels": 4, "doublings": 2, "iterations": 6},
    "wnnm": {"iterations": 1, "reach": 6},
    "nuclear-norm": {"iterations": 1, "reach": 6},
    "dncnn": {**NETWORK, "width": 4, "blocks": 1, "tile_size": 16},
    "dncnn-dead-leaves": {**NETWORK, "width": 4, "blocks": 1, "tile_size": 16},
    "vae": {**VAE, "tile_size": 16},
    "vae-dead-leaves": {**VAE, "tile_size": 16, "mode": "latent", "search_steps": 3},
    "vae-patch": {**VAE, "n_tiles": 300, "samples": 2, "stride": 4},
    "flow": {**NETWORK, "n_tiles": 300, "width": 8, "layers": 1, "steps": 1, "stride": 4},
    "pixelcnn": {**NETWORK, "n_tiles": 300, "width": 4, "layers": 1, "steps": 1, "stride": 4},
    "gan": {**NETWORK, "tile_size": 16, "width": 4, "latent_size": 8, "search_steps": 3},
    "vq-vae": {
        **NETWORK,
        "tile_size": 8,
        "stride": 4,
        "entries": 8,
        "code_size": 4,
        "width": 8,
        "depth": 1,
        "codes_width": 4,
        "codes_layers": 1,
    },
    "diffusion": {**NETWORK, "width": 4, "blocks": 1, "scales": 2, "tile_size": 16},
    "diffusion-dead-leaves": {**NETWORK, "width": 4, "blocks": 1, "scales": 2, "tile_size": 16},
}
"""Parameters with which a prior learns and restores in a second."""

TASKS: dict[str, Task] = {
    "denoise-25": Denoise(25),
    "denoise-0": Denoise(0),
    "deblur": Deblur("shake1", 2.55),
    "deblur-0": Deblur("gaussian", 0),
    "inpaint-50": Inpaint(50),
    "sr-2": SuperResolve(2),
    "poisson": DenoisePoisson(30),
    "jpeg": Jpeg(10),
    "sense": Sense(50),
}
"""The default tasks, and those that leave the least to do."""


def easy_images() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    plane = (1, 1, SIDE, SIDE)
    edge = torch.zeros(plane)
    edge[..., SIDE // 2 :] = 1
    return {
        "black": torch.zeros(plane),
        "white": torch.ones(plane),
        "gray": torch.full(plane, 0.5),
        "colour": torch.tensor([0.2, 0.5, 0.9]).view(1, 3, 1, 1).expand(1, 3, SIDE, SIDE),
        "two-level": edge,
        "nearly constant": 0.5 + 1e-4 * torch.randn(plane, generator=generator),
    }


IMAGES = easy_images()


@pytest.fixture(scope="module")
def prior_of() -> Any:
    """Make a prior with small parameters, learned from textures if it learns; each once."""
    made: dict[str, Any] = {}
    generator = torch.Generator().manual_seed(1)
    textures = [torch.rand((1, 1, 6, 6), generator=generator) for _ in range(3)]
    photographs = [
        torch.nn.functional.interpolate(each, size=(48, 48), mode="bicubic").clamp(0, 1)
        for each in textures
    ]

    def get(name: str) -> Any:
        if name not in made:
            record = PRIORS[name].spec
            parameters = record.parameters.model_validate(SMALL.get(name, {}))
            made[name] = PRIORS[name].load()(**parameters.model_dump())
            if record.learns:
                for _ in made[name].fit(photographs, Context.seeded(0)):
                    pass
        return made[name]

    return get


FEW = SplittingSettings(steps=3)
QUICK = SolverSettings(missing=FEW, mixed=FEW, mixed_noise_free=FEW, sensed=FEW)
"""Settings for tests that ask whether there is a restoration, not how good it is."""


def ended(
    prior: Any, problem: Problem, solver: SolverSettings | None = None, seed: int = 0
) -> tuple[Outcome, Tensor | None]:
    context = Context.seeded(seed, solver=solver)
    try:
        outcome, result = solve(prior, problem, context, seed, "restore", 60)
    except Exception as error:
        return Outcome.of_exception(error, "restore"), None
    return outcome, result.image


def error(image: Tensor, clean: Tensor) -> float:
    return float((image.clamp(0, 1) - clean).square().mean())


LIKE_OTHERS = {"ind-pixel", "gmm-dead-leaves", "vae-dead-leaves", "dncnn-dead-leaves"}
LIKE_OTHERS |= {"diffusion-dead-leaves", "ksvd-adapted"}
"""Their code is that of a prior that is looked at; pytest --exhaustive takes all."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.exhaustive if name in LIKE_OTHERS else ())
        for name in PRIORS
        if name != "exact"
    ],
)
def test_no_prior_fails_on_an_easy_image(name: str, prior_of: Any) -> None:
    """What a prior can't do at all, it says of every image alike; anything else is a restoration.

    The exact posterior is of gray images of its own law alone.
    """
    failed = []
    for task_name, task in TASKS.items():
        kinds = set()
        for image_name in ("black", "colour", "two-level", "nearly constant"):
            clean = IMAGES[image_name]
            problem = task.corrupt(task.fit(clean), torch.Generator().manual_seed(1))
            outcome, _ = ended(prior_of(name), problem, QUICK)
            kinds.add(outcome.status == Status.UNSUPPORTED)
            if not outcome.ok and outcome.status != Status.UNSUPPORTED:
                failed.append(f"{task_name}, {image_name}: {outcome.status}: {outcome.reason}")
        assert len(kinds) == 1, task_name
    assert not failed, "\n".join(failed)


FILTERS = [name for name, entry in PRIORS.items() if entry.plugin.name == "filters"]
TRANSFORMS = ["wiener", "wiener-learned", "wavelet", "dct", "shearlets"]
PATCH_MODELS = ["gmm", "mvg", "gsm", "pca", "ica"]
VARIATIONAL = ["tv", "tgv", "wavelet-l1", "hyper-laplacian", "tikhonov"]
SPARSE_CODES = ["ksvd", "ksvd-adapted", "sparse-coding"]
EXACT = ["observed", *FILTERS, *TRANSFORMS, *VARIATIONAL, *SPARSE_CODES, "nlm", *PATCH_MODELS]
"""Priors without a network: one with a few steps of training has learned next to nothing."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.exhaustive if name == "ica" else ()) for name in EXACT],
)
@pytest.mark.parametrize(
    "image", ["black", pytest.param("white", marks=pytest.mark.exhaustive), "gray", "colour"]
)
@pytest.mark.parametrize("task", ["denoise-0", "inpaint-50", "sr-2", "deblur-0"])
def test_a_constant_image_without_noise_is_restored_to_80_db(
    name: str, image: str, task: str, prior_of: Any
) -> None:
    clean = TASKS[task].fit(IMAGES[image])
    problem = TASKS[task].corrupt(clean, torch.Generator().manual_seed(1))
    outcome, restored = ended(prior_of(name), problem)
    assert outcome.ok, outcome.reason
    assert restored is not None
    assert error(restored, clean) < 1e-8


@pytest.mark.parametrize(
    ("image", "seed", "bound"),
    [
        ("two-level", 0, 1e-3),
        ("two-level", 3, 1e-3),
        pytest.param("gray", 0, 1e-5, marks=pytest.mark.exhaustive),
        pytest.param("nearly constant", 0, 1e-5, marks=pytest.mark.exhaustive),
    ],
)
def test_the_deep_image_prior_ends_a_fit_that_can_hardly_be_better(
    image: str, seed: int, bound: float
) -> None:
    """Long after it is perfect, a step of a fixed length still moves the fit; an edge takes a small
    network longer.
    """
    clean = IMAGES[image]
    prior = PRIORS["dip"].load()(channels=16, scales=2, input_channels=4, skip=2, iterations=250)
    outcome, restored = ended(prior, Denoise(0).corrupt(clean, torch.Generator()), seed=seed)
    assert outcome.ok, outcome.reason
    assert restored is not None
    assert error(restored, clean) < bound


LEARNERS = [name for name in PRIORS if PRIORS[name].spec.learns]


@pytest.mark.parametrize("kind", ["black", "two-level", "nearly constant"])
@pytest.mark.parametrize("name", LEARNERS)
def test_a_prior_that_learned_from_easy_images_restores_one(name: str, kind: str) -> None:
    """Patches without any contrast give no variance to divide by."""
    record = PRIORS[name].spec
    parameters = record.parameters.model_validate(SMALL.get(name, {}))
    prior = PRIORS[name].load()(**parameters.model_dump())
    large = torch.nn.functional.interpolate(IMAGES[kind], size=(48, 48))
    rows = list(prior.fit([large] * 3, Context.seeded(0)))
    assert rows
    task = SuperResolve(2) if name == "scsr" else Denoise(25)
    problem = task.corrupt(IMAGES[kind], torch.Generator().manual_seed(0))
    outcome, restored = ended(prior, problem)
    assert outcome.ok, outcome.reason
    assert restored is not None
    assert name not in EXACT or error(restored, IMAGES[kind]) < error(problem.y, IMAGES[kind]) / 5
