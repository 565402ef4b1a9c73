"""Shallow models against loops, direct sums and finite differences."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.fft import idctn
from scipy.signal import convolve2d, correlate2d
from torch import Tensor

from plugins.shallow import trained
from plugins.shallow.diffusion import REACH, Diffusion
from plugins.shallow.filters import cosines, mirrored
from plugins.shallow.influence import BUMPS, POINTS, bumps, fitted, read
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import NotApplicable
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.specs import Parameters
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import Deblur, Denoise, DenoisePoisson, Inpaint, SuperResolve

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors
NAMES = ("tnrd", "foe")
TRAINING = {"n_tiles": 500, "held_out": 0.1, "batch": 8, "iterations": 60, "measure_every": 20}
QUICK: dict[str, dict[str, Any]] = {
    "tnrd": {**TRAINING, "stages": 2, "filter_size": 3, "levels": 2, "tile_size": 24},
    "foe": {
        **TRAINING,
        "held_out": 0.02,
        "learning_rate": 0.03,
        "filter_size": 3,
        "levels": 2,
        "tile_size": 24,
        "steps": 6,
    },
}
"""Parameters with which each learns in a moment."""


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed))


def photograph(name: str = "motorcycle", colour: bool = False, size: int = 64) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), name), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def psnr(restored: Tensor, clean: Tensor) -> float:
    return float(-10 * (restored.clamp(0, 1) - clean).square().mean().log10())


def make(name: str, **parameters: object) -> Any:
    return PRIORS[name].load()(**{**QUICK[name], **parameters})


def photographs(size: int = 128) -> list[Tensor]:
    return [photograph(each, size=size) for each in ("coins", "camera", "brick")]


def fit(name: str, checkpoint: Checkpoint | None = None, **parameters: object) -> Any:
    """Return a prior, learned from other photographs than those that are restored, and the rows."""
    prior = make(name, **parameters)
    return prior, list(prior.fit(photographs(), Context.seeded(0, checkpoint=checkpoint)))


@pytest.fixture(scope="module")
def fitted_priors() -> dict[str, Any]:
    return {name: fit(name) for name in NAMES}


@pytest.fixture(scope="module")
def learned(fitted_priors) -> dict[str, Any]:
    return {name: prior for name, (prior, _) in fitted_priors.items()}


def diffusion(seed: int = 0, **changes: int) -> Diffusion:
    """A diffusion with random filters and functions, in float64."""
    made = Diffusion(
        changes.get("stages", 2), changes.get("size", 3), changes.get("levels", 1), 0.004, 0.3
    ).double()
    generator = seeded(seed)
    with torch.no_grad():
        for stage in made.stages:
            stage.mixing.copy_(torch.randn(stage.mixing.shape, generator=generator))
            heights = torch.randn(stage.heights.shape, generator=generator)
            stage.heights.copy_(0.1 * heights)
    return made


class TestFilters:
    @pytest.mark.parametrize("size", [2, 3, 5, 7])
    def test_with_the_constant_they_are_the_cosine_transform(self, size):
        found = cosines(size).double()
        for row, cosine in enumerate(found, start=1):
            spectrum = np.zeros(size**2)
            spectrum[row] = 1
            expected = idctn(spectrum.reshape(size, size), norm="ortho")
            np.testing.assert_allclose(cosine.view(size, size).numpy(), expected, atol=1e-6)
        torch.testing.assert_close(
            found.sum(1), torch.zeros(size**2 - 1).double(), atol=1e-6, rtol=0
        )

    @pytest.mark.parametrize("shape", [(1, 1), (1, 6), (3, 2), (7, 5)])
    @pytest.mark.parametrize("margin", [0, 1, 4, 9])
    def test_reflection_is_that_of_numpy(self, shape, margin):
        planes = noise(2, *shape)
        pads = [(0, 0), (margin, margin), (margin, margin)]
        expected = np.pad(planes.numpy(), pads, mode="symmetric")
        np.testing.assert_array_equal(mirrored(planes, margin).numpy(), expected)


class TestInfluence:
    def tables(self, *shape: int, reach: float = 5.0) -> tuple[Tensor, Tensor]:
        """Heights of bumps, and the tables that they make."""
        heights = noise(*shape, BUMPS).double()
        return heights, heights @ bumps(
            reach, torch.linspace(-reach, reach, POINTS, dtype=torch.float64)
        )

    def direct(self, places: Tensor, heights: Tensor, reach: float) -> Tensor:
        """Return Σ_j w_j exp(−(z − μ_j)²/2γ²), one number after the other."""
        centres = np.linspace(-reach, reach, BUMPS)
        width = centres[1] - centres[0]
        found = [
            sum(
                w * math.exp(-((z - m) ** 2) / (2 * width**2))
                for w, m in zip(row, centres, strict=True)
            )
            for row, numbers in zip(heights.tolist(), places.tolist(), strict=True)
            for z in numbers
        ]
        return torch.tensor(found, dtype=torch.float64).view(places.shape)

    def test_a_function_is_the_sum_of_its_bumps(self):
        heights, tables = self.tables(1, 3)
        places = 4.9 * (2 * torch.rand(1, 3, 200, generator=seeded()).double() - 1)
        expected = self.direct(places[0], heights[0], 5.0)
        # Between points a chord errs by at most h²/8 times the second derivative, which is at most
        # that of the bumps together.
        step, width = 10 / (POINTS - 1), 10 / (BUMPS - 1)
        bound = step**2 / 8 * 3 * float(heights.abs().max()) / width**2
        assert (read(places, tables, 5.0)[0] - expected).abs().max() < bound
        assert bound < 0.1 * expected.abs().max()

    def test_at_the_points_of_the_table_nothing_is_lost(self):
        heights, tables = self.tables(1, 2)
        points = torch.linspace(-5, 5, POINTS, dtype=torch.float64)
        found = read(points.expand(1, 2, -1), tables, 5.0)
        expected = self.direct(points.expand(2, -1), heights[0], 5.0)
        torch.testing.assert_close(found[0], expected)

    def test_beyond_the_table_a_function_is_constant(self):
        _, tables = self.tables(2, 1)
        places = torch.tensor([-1e30, -6.0, -5.0, 5.0, 5.001, 1e30]).double().expand(2, 1, -1)
        found = read(places, tables, 5.0)
        torch.testing.assert_close(found[..., :3], tables[..., :1].expand(2, 1, 3))
        torch.testing.assert_close(found[..., 3:], tables[..., -1:].expand(2, 1, 3))

    def test_derivatives_are_those_of_finite_differences(self):
        _, tables = self.tables(2, 3)
        places = 2.5 * noise(2, 3, 4, 5).double()
        assert places.abs().max() > 5
        assert torch.autograd.gradcheck(
            lambda z, t: read(z, t, 5.0), (places.requires_grad_(), tables.requires_grad_())
        )

    def test_what_is_no_number_stays_it(self):
        _, tables = self.tables(1, 1)
        places = torch.tensor([[[0.0, math.nan]]]).double()
        assert read(places, tables, 5.0).isnan().tolist() == [[[False, True]]]

    def test_a_smooth_function_is_a_sum_of_bumps(self):
        at = torch.linspace(-5, 5, 1000).double()

        def function(z: Tensor) -> Tensor:
            return z * torch.exp(-z.square())

        heights = fitted(function, 5.0).double()
        torch.testing.assert_close(heights @ bumps(5.0, at), function(at), atol=1e-4, rtol=0)


class TestDiffusion:
    def test_a_stage_is_what_its_formula_says(self):
        stage = diffusion(size=3, stages=1).stages[0]
        u, y = 4 * noise(9, 7).double().numpy(), 4 * noise(9, 7, seed=1).double().numpy()
        tables = stage.tables(torch.ones(1, 1).double())[0].detach().numpy()
        points = np.linspace(-REACH, REACH, POINTS)
        flow = np.zeros_like(u)
        padded = np.pad(u, 2, mode="symmetric")
        for filter_, table in zip(stage.filters().detach().numpy(), tables, strict=True):
            force = np.interp(correlate2d(padded, filter_, mode="valid"), points, table)
            flow += convolve2d(force, filter_, mode="valid")
        reaction = math.exp(float(stage.log_reaction.detach()))
        planes = (torch.from_numpy(each)[None] for each in (u, y))
        found = stage(*planes, torch.ones(1, 1).double())[0].detach()
        np.testing.assert_allclose(found.numpy(), u - flow - reaction * (u - y), atol=1e-9)

    def test_filters_have_norm_1_and_mean_0(self):
        filters = diffusion(size=5).stages[0].filters().flatten(1).double()
        torch.testing.assert_close(filters.norm(dim=1), torch.ones(24).double())
        torch.testing.assert_close(filters.mean(1), torch.zeros(24).double(), atol=1e-7, rtol=0)

    def test_the_second_filters_are_the_adjoint_of_the_first(self):
        """With φ(z) = z the flow is KᵀK: symmetric, and ⟨u, KᵀKu⟩ = ‖Ku‖². Zeros at the border
        stand for the image around it.
        """
        stage = diffusion(size=3, stages=1).stages[0]
        points = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)
        stage.tables = lambda mix: points.expand(1, 8, -1)
        inside = torch.zeros(12, 12).double()
        inside[4:-4, 4:-4] = 1
        u, v = inside * noise(12, 12), inside * noise(12, 12, seed=1)

        def flow(image: Tensor) -> Tensor:
            return (image - stage(image[None], image[None], torch.ones(1, 1).double())[0]).detach()

        torch.testing.assert_close((flow(u) * v).sum(), (u * flow(v)).sum())
        filters = stage.filters().detach().numpy()
        responses = [correlate2d(u.numpy(), each, mode="full") for each in filters]
        assert float((u * flow(u)).sum()) == pytest.approx(np.sum(np.square(responses)))

    def test_before_the_training_it_takes_off_small_responses(self):
        """Orthonormal filters at every place sum to s² (I − mean): small detail goes in T steps."""
        made = Diffusion(1, 3, 1, 0.004, 0.3)
        y = 0.5 + 0.1 * 0.02 * noise(1, 40, 40)
        after = made(y, torch.tensor([0.1])).detach()
        assert after.std() < 0.5 * y.std()
        edge = torch.zeros(1, 40, 40)
        edge[..., 20:] = 1
        torch.testing.assert_close(made(edge, torch.tensor([0.01])), edge, atol=1e-3, rtol=0)

    @pytest.mark.parametrize("factor", [0.01, 3.0, 100.0])
    def test_with_one_level_it_is_homogeneous(self, factor):
        made, y = diffusion(), noise(1, 9, 9).double()
        sigma = torch.tensor([0.3]).double()
        expected = factor * made(y, sigma)
        torch.testing.assert_close(made(factor * y, factor * sigma), expected)

    def test_with_more_levels_the_functions_follow_the_noise(self):
        made = diffusion(levels=3)
        sigmas = torch.tensor([0.001, 0.004, 0.004**0.75 * 0.3**0.25, 0.3, 0.9]).double()
        expected = torch.tensor([[1, 0, 0], [1, 0, 0], [0.5, 0.5, 0], [0, 0, 1], [0, 0, 1]])
        torch.testing.assert_close(made.mix(sigmas), expected.double(), atol=1e-6, rtol=0)
        y = noise(1, 9, 9).double()
        alone = Diffusion(2, 3, 1, 0.004, 0.3).double()
        state = {
            name: value if name.endswith("mixing") else value[2:]
            for name, value in made.state_dict().items()
        }
        alone.load_state_dict(state)
        sigma = torch.tensor([0.3]).double()
        torch.testing.assert_close(made(y, sigma), alone(y, sigma))
        assert not torch.allclose(made(y, sigma / 10), alone(y, sigma / 10))

    @pytest.mark.parametrize(("stages", "size"), [(1, 3), (3, 3), (2, 5), (2, 2)])
    def test_no_pixel_further_than_its_reach_counts(self, stages, size):
        made = diffusion(stages=stages, size=size)
        side = 2 * made.reach + 9
        y = (0.1 * noise(1, side, side)).double().requires_grad_()
        made(y, torch.ones(1).double())[0, side // 2, side // 2].backward()
        distance = (y.grad[0].nonzero() - side // 2).abs().max()
        assert distance == made.reach

    def test_batches_are_planes_by_themselves(self):
        made, y = diffusion(levels=2), noise(3, 8, 9).double()
        sigma = torch.tensor([0.01, 0.1, 0.3]).double()
        alone = torch.cat([made(y[row : row + 1], sigma[row : row + 1]) for row in range(3)])
        torch.testing.assert_close(made(y, sigma), alone)

    def test_derivatives_of_all_that_is_learned_are_those_of_finite_differences(self):
        made, y = diffusion(levels=2), 3 * noise(1, 5, 5).double()
        sigma = torch.tensor([0.05]).double()
        names, values = zip(*made.named_parameters(), strict=True)

        def value(*given: Tensor) -> Tensor:
            return torch.func.functional_call(
                made, dict(zip(names, given, strict=True)), (20 * y, sigma)
            )

        assert torch.autograd.gradcheck(value, values, fast_mode=True)


class TestTNRD:
    @pytest.mark.parametrize("channels", [1, 3])
    def test_bands_change_nothing(self, learned, monkeypatch, channels):
        prior, image = learned["tnrd"], torch.rand(1, channels, 60, 23, generator=seeded())
        whole = prior.denoise(image, 0.1)
        monkeypatch.setattr(trained, "PIXELS_IN_A_BAND", 23 * 7)
        torch.testing.assert_close(prior.denoise(image, 0.1), whole, rtol=0, atol=1e-5)
        prior.network.reach, reach = 0, prior.network.reach
        try:
            assert (prior.denoise(image, 0.1) - whole).abs().max() > 1e-3
        finally:
            prior.network.reach = reach

    @pytest.mark.parametrize("channels", [2, 3])
    def test_a_batch_is_denoised_as_its_images_would_be_alone(self, learned, channels):
        images = torch.rand((2, channels, 12, 14), generator=seeded())
        together = learned["tnrd"].denoise(images, 0.2)
        for i in range(2):
            alone = learned["tnrd"].denoise(images[i : i + 1], 0.2)
            torch.testing.assert_close(together[i : i + 1], alone)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 3, 1, 9), (1, 1, 5, 3), (1, 1, 8, 17)])
    def test_any_size_down_to_one_pixel_is_denoised(self, learned, name, shape):
        image = torch.rand(shape, generator=seeded())
        before = image.clone()
        restored = learned[name].denoise(image, 0.1)
        assert restored.shape == shape
        assert torch.isfinite(restored).all()
        assert torch.equal(image, before)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("sigma", [1 / 255, 0.1, 0.3, 2.0])
    def test_a_constant_image_stays_what_it_is(self, learned, name, sigma):
        image = torch.full((1, 3, 16, 16), 0.3)
        # Functions need not be odd: φ(0) ≠ 0 moves nothing, since K̄ of a constant is 0.
        found = learned[name].denoise(image, sigma)
        torch.testing.assert_close(found, image, rtol=0, atol=1e-5)

    def test_brightness_is_added_back(self, learned):
        image = torch.rand(1, 3, 20, 20, generator=seeded())
        expected = learned["tnrd"].denoise(image, 0.1) + 2
        found = learned["tnrd"].denoise(image + 2, 0.1)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)

    @pytest.mark.parametrize("sigma", [0.0, -1.0])
    def test_without_noise_nothing_changes(self, learned, sigma):
        image = photograph(size=20)
        assert torch.equal(learned["tnrd"].denoise(image, sigma), image)

    def test_more_noise_is_smoothed_more(self, learned):
        image = photograph(size=48)
        roughness = [
            float(learned["tnrd"].denoise(image, sigma).diff(dim=-1).abs().mean())
            for sigma in (0.0, 0.05, 0.1, 0.2)
        ]
        assert roughness == sorted(roughness, reverse=True)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("level", [10, 25, 50])
    def test_an_image_it_has_not_seen_loses_its_noise(self, learned, name, level):
        clean = photograph()
        noisy = clean + level / 255 * noise(*clean.shape)
        assert psnr(learned[name].denoise(noisy, level / 255), clean) > psnr(noisy, clean) + 2

    @pytest.mark.parametrize(
        ("task", "colour"),
        [
            (Denoise(25), False),
            (Denoise(50), True),
            (Deblur("gaussian", 2.55), False),
            (Inpaint(50, 0), False),
            (SuperResolve(2), False),
            (DenoisePoisson(30), False),
        ],
        ids=["denoise", "denoise-rgb", "deblur", "inpaint", "super-resolve", "poisson"],
    )
    def test_a_task_ends_nearer_to_the_clean_image_than_it_began(self, learned, task, colour):
        clean = task.fit(photograph(colour=colour, size=48))
        problem = task.corrupt(clean, seeded())
        before = problem.y.clone()
        restored = restore(learned["tnrd"], problem, Context.seeded(0)).image
        assert torch.equal(problem.y, before)
        assert restored.shape == clean.shape
        assert psnr(restored, clean) > psnr(problem.estimate(), clean) + 0.2

    def test_training_is_worth_something(self, fitted_priors):
        """More than the diffusion that it begins with, on photographs it has not seen."""
        prior, _ = fitted_priors["tnrd"]
        untrained = make("tnrd")
        untrained.load_state_dict(untrained.build().state_dict())
        clean = photograph()
        for level in (15, 25, 50):
            noisy = clean + level / 255 * noise(*clean.shape)
            found, before = (
                psnr(each.denoise(noisy, level / 255), clean) for each in (prior, untrained)
            )
            assert found > before


@pytest.mark.parametrize("name", NAMES)
class TestLearning:
    def test_held_out_tiles_gain(self, fitted_priors, name):
        rows = fitted_priors[name][1]
        assert [row["iteration"] for row in rows] == [20, 40, 60]
        assert rows[-1]["held_out_psnr"] > rows[0]["held_out_psnr"]
        assert rows[-1]["loss"] < rows[0]["loss"]

    def test_a_killed_training_goes_on_bit_for_bit(
        self, fitted_priors, name, tmp_path, monkeypatch
    ):
        class Killed(Exception):
            pass

        def save(self: Checkpoint, *arguments: Any) -> None:
            nonlocal saved
            own(self, *arguments)
            saved += 1
            if saved == 33:
                raise Killed

        saved, own = 0, Checkpoint.save
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Checkpoint, "save", save)
            fit(name, Checkpoint(tmp_path / "state", every=0))
        again, _ = fit(name, Checkpoint(tmp_path / "state", every=0))
        whole = fitted_priors[name][0].state_dict()
        assert again.state_dict().keys() == whole.keys()
        assert all(torch.equal(value, whole[key]) for key, value in again.state_dict().items())

    def test_a_saved_model_restores_the_same_image(self, learned, name, tmp_path):
        problem = Denoise(25).corrupt(photograph(size=24), seeded())
        learned[name].save(tmp_path / "model")
        other = make(name)
        other.load(tmp_path / "model")
        found, expected = (
            restore(each, problem, Context.seeded(0)).image for each in (other, learned[name])
        )
        assert torch.equal(found, expected)

    def test_a_prior_without_a_model_says_so(self, name):
        problem = Denoise(25).corrupt(photograph(size=16), seeded())
        with pytest.raises(RuntimeError, match="no model yet: fit it, or load one"):
            restore(make(name), problem, Context.seeded(0))

    def test_a_corruption_that_is_no_operator_is_refused(self, learned, name):
        problem = Problem(torch.rand(1, 1, 9, 9), None, 0.0, corruption="a scratched negative")
        with pytest.raises(NotApplicable, match="a scratched negative"):
            restore(learned[name], problem, Context.seeded(0))

    def test_images_smaller_than_a_tile_are_refused(self, name):
        with pytest.raises(ValueError, match=r"24 × 24 .*15 × 20"):
            list(make(name).fit([torch.rand(1, 1, 15, 20)], Context.seeded(0)))

    @pytest.mark.parametrize("bad", [{"filter_size": 1}, {"iterations": 0}, {"depth": 3}])
    def test_bad_parameters_are_refused(self, name, bad):
        with pytest.raises(ValueError, match=next(iter(bad))):
            make(name, **bad)

    def test_a_model_of_other_parameters_is_refused(self, learned, name, tmp_path):
        learned[name].save(tmp_path / "model")
        with pytest.raises(ValueError, match="does not fit this prior"):
            make(name, filter_size=4).load(tmp_path / "model")

    def test_numbers_that_are_none_are_refused(self, learned, name):
        state = {key: value.clone() for key, value in learned[name].state_dict().items()}
        first = next(iter(state))
        state[first].view(-1)[0] = math.nan
        with pytest.raises(ValueError, match="must be finite"):
            make(name).load_state_dict(state)
