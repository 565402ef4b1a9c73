"""Networks fitted to a single observation: their halves, their losses by hand, their fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from plugins.zero_shot import denoising, noise2fast, noise2noise
from plugins.zero_shot.decoder import Decoder, channels_for, weights_of
from plugins.zero_shot.fit import Fit, Steps
from plugins.zero_shot.pairs import checkerboard, extended, pair
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import Diverged, NotApplicable
from priorbench.operators import Identity, Mask
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.specs import Parameters
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import (
    Deblur,
    Denoise,
    DenoiseBlind,
    DenoisePoisson,
    DenoiseSaltPepper,
    Inpaint,
    Jpeg,
    Sense,
    SuperResolve,
    Task,
)

PRIORS = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors
NAMES = [name for name, entry in PRIORS.items() if entry.plugin.name == "zero_shot"]
HALVES = ["zs-n2n", "noise2fast"]
DENOISERS = [*HALVES, "self2self"]
FITS = [
    ("zs-n2n", {"optimiser": "muon"}),
    ("zs-n2n", {"optimiser": "adam"}),
    ("noise2fast", {"optimiser": "muon"}),
    ("self2self", {"optimiser": "muon"}),
    ("deep-decoder", {"optimiser": "muon"}),
    ("deep-decoder", {"optimiser": "adam"}),
]
FIVE_DB = 10**-0.5


def make(name: str, **parameters: Any) -> Any:
    spec = PRIORS[name].spec
    return PRIORS[name].load()(**spec.parameters(**{**spec.small, **parameters}).model_dump())


def photograph(colour: bool = False, size: int = 96) -> Tensor:
    array = centre_crop(load_embedded(Parameters(), "motorcycle"), size, size)
    array = array if colour else to_gray(array)[..., None]
    return torch.from_numpy(array.copy()).permute(2, 0, 1)[None]


def noisy(task: Task, image: Tensor, seed: int = 0) -> Problem:
    return task.corrupt(task.fit(image), torch.Generator().manual_seed(seed))


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def error(image: Tensor, clean: Tensor) -> float:
    return float((image - clean).square().mean())


class Blur(nn.Module):
    """A linear f of one plane: a kernel of 5 × 5 that sees as far as the network."""

    def __init__(self, kernel: Tensor) -> None:
        super().__init__()
        self.kernel = nn.Parameter(kernel)

    def forward(self, image: Tensor) -> Tensor:
        return F.conv2d(image, self.kernel[None, None])


def test_all_of_the_family_are_tested():
    assert set(DENOISERS) < set(NAMES)
    assert set(NAMES) - set(DENOISERS) == {"deep-decoder"}


class TestPairs:
    def test_the_halves_are_the_convolutions_of_the_paper(self):
        image = drawn(2, 3, 8, 10)
        for half, kernel in zip(
            pair(image), ([[0.0, 0.5], [0.5, 0.0]], [[0.5, 0.0], [0.0, 0.5]]), strict=True
        ):
            weight = torch.tensor(kernel).expand(3, 1, 2, 2)
            torch.testing.assert_close(half, F.conv2d(image, weight, stride=2, groups=3))

    def test_a_known_array(self):
        image = torch.tensor([[1.0, 2.0, 5.0, 7.0], [3.0, 4.0, 9.0, 11.0]])[None, None]
        first, second = pair(image)
        assert first.tolist() == [[[[2.5, 8.0]]]]
        assert second.tolist() == [[[[2.5, 8.0]]]]

    def test_every_pixel_is_in_one_half_alone(self):
        image = torch.zeros(1, 1, 6, 6)
        for row in range(6):
            for column in range(6):
                image.zero_()[..., row, column] = 1
                sums = [float(half.sum()) for half in pair(image)]
                assert sums == ([0.5, 0.0] if (row + column) % 2 else [0.0, 0.5])

    def test_both_are_unbiased_and_their_noise_is_half_and_independent(self):
        clean = torch.full((1, 1, 512, 512), 0.4)
        first, second = (half - 0.4 for half in pair(clean + 0.1 * drawn(1, 1, 512, 512)))
        count = first.numel()
        variance = 0.1**2 / 2
        for half in (first, second):
            assert abs(float(half.mean())) < 5 * math.sqrt(variance / count)
            spread = float(half.var())
            assert abs(spread - variance) < 5 * variance * math.sqrt(2 / count)
        assert abs(float((first * second).mean())) < 5 * variance / math.sqrt(count)

    def test_they_commute_with_constants_and_ramps(self):
        rows, columns = torch.meshgrid(torch.arange(6.0), torch.arange(8.0), indexing="ij")
        first, second = pair((2 + 0.5 * rows - columns)[None, None])
        torch.testing.assert_close(first, second)

    @pytest.mark.parametrize("size", [(5, 4), (4, 5)])
    def test_odd_sides_are_refused(self, size):
        with pytest.raises(ValueError, match="must be even"):
            pair(torch.zeros(1, 1, *size))

    def test_an_image_goes_on_as_its_mirror_image(self):
        image = drawn(1, 2, 7, 9)
        expected = np.pad(image.numpy(), ((0, 0), (0, 0), (4, 5), (4, 6)), mode="reflect")
        assert np.array_equal(extended(image, 4, (5, 6)).numpy(), expected)

    @pytest.mark.parametrize("size", [(2, 2), (2, 5), (3, 2), (7, 4)])
    def test_beyond_the_border_no_pixel_is_in_both_halves(self, size):
        """A half that has seen the noise of the other would learn to keep it."""
        height, width = size
        added = (5 + height % 2, 5 + width % 2)
        for row in range(height):
            for column in range(width):
                image = torch.zeros(1, 1, height, width)
                image[..., row, column] = 1
                seen = [bool(half.any()) for half in pair(extended(image, 5, added))]
                assert sum(seen) == 1


class TestCheckerboard:
    def test_a_known_array(self):
        image = torch.tensor([[1.0, 2.0, 5.0, 7.0], [3.0, 4.0, 9.0, 11.0]])[None, None]
        first, second = checkerboard(image)
        assert first.tolist() == [[[[1.0, 5.0], [4.0, 11.0]]]]
        assert second.tolist() == [[[[2.0, 7.0], [3.0, 9.0]]]]

    def test_the_halves_are_the_colours_pixel_by_pixel(self):
        image = drawn(2, 3, 5, 8)
        halves = checkerboard(image)
        for row in range(5):
            for column in range(8):
                half = halves[(row + column) % 2]
                assert torch.equal(half[..., row, column // 2], image[..., row, column])

    @pytest.mark.parametrize("size", [(2, 2), (2, 5), (3, 2), (7, 4)])
    def test_beyond_the_border_no_pixel_is_in_both_halves(self, size):
        height, width = size
        for row in range(height):
            for column in range(width):
                image = torch.zeros(1, 1, height, width)
                image[..., row, column] = 1
                seen = [bool(h.any()) for h in checkerboard(extended(image, 5, (5, 5 + width % 2)))]
                assert sum(seen) == 1

    def test_an_odd_width_is_refused(self):
        with pytest.raises(ValueError, match="must be even"):
            checkerboard(torch.zeros(1, 1, 4, 5))

    def test_the_loss_is_that_of_a_calculation_by_hand(self):
        network = noise2fast.Predictor(1, 2, 1)
        image = drawn(1, 1, 6, 12)

        def estimate(plane: np.ndarray) -> np.ndarray:
            """f of 3 × 3, ReLU and 1 × 1, pixel by pixel."""
            weight, bias = (each.detach().numpy() for each in network.hidden[0].parameters())
            last, shift = (each.detach().numpy() for each in network.last.parameters())
            hidden = [
                [
                    np.maximum((plane[i : i + 3, j : j + 3] * weight[:, 0]).sum((1, 2)) + bias, 0)
                    for j in range(plane.shape[1] - 2)
                ]
                for i in range(plane.shape[0] - 2)
            ]
            return np.array(hidden) @ last[0, :, 0, 0] + shift[0]

        one, other = (half[0, 0].numpy() for half in checkerboard(image))
        errors = [
            ((estimate(a) - b[1:-1, 1:-1]) ** 2).mean() for a, b in ((one, other), (other, one))
        ]
        loss = noise2fast.checkerboard_loss(network, image)
        assert float(loss.detach()) == pytest.approx(sum(errors) / 2, rel=1e-5)

    def test_fitted_to_noise_alone_it_finds_none_of_it(self):
        """What half the pixels say of the other half's independent noise is its mean."""
        problem = Problem(0.5 + 0.1 * drawn(1, 1, 96, 96), Identity((1, 96, 96)), 0.1)
        found = make("noise2fast").restore(problem, Context.seeded(0)).image
        assert error(found, torch.tensor(0.5)) < 0.1 * 0.1**2

    def test_more_layers_need_larger_parts(self):
        with pytest.raises(ValueError, match="side must be at least 52"):
            make("noise2fast", layers=12, side=48)


class TestLoss:
    def test_a_linear_network_has_the_loss_of_a_calculation_by_hand(self):
        kernel = drawn(5, 5, seed=1)
        image = drawn(1, 1, 16, 20)
        loss = noise2noise.pair_loss(Blur(kernel), image)

        def cleaned(plane: np.ndarray) -> np.ndarray:
            """y - f(y), pixel by pixel."""
            height, width = plane.shape
            return np.array(
                [
                    [
                        plane[i + 2, j + 2]
                        - (plane[i : i + 5, j : j + 5] * kernel.numpy().astype(float)).sum()
                        for j in range(width - 4)
                    ]
                    for i in range(height - 4)
                ]
            )

        def halves(plane: np.ndarray) -> list[np.ndarray]:
            return [
                (plane[::2, 1::2] + plane[1::2, ::2]) / 2,
                (plane[::2, ::2] + plane[1::2, 1::2]) / 2,
            ]

        y = image[0, 0].numpy().astype(float)
        one, other = halves(y)
        whole = halves(cleaned(y))
        residual = (cleaned(one) - other[2:-2, 2:-2]) ** 2, (cleaned(other) - one[2:-2, 2:-2]) ** 2
        consistency = [
            (cleaned(half) - down[1:-1, 1:-1]) ** 2
            for half, down in zip((one, other), whole, strict=True)
        ]
        expected = sum(term.mean() / 2 for term in (*residual, *consistency))
        assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)

    def test_the_gradient_is_that_of_finite_differences(self):
        network = Blur(drawn(5, 5, seed=1).double() / 10)
        image = drawn(2, 1, 16, 12).double()
        assert torch.autograd.gradcheck(
            lambda kernel: noise2noise.pair_loss(
                lambda part: F.conv2d(part, kernel[None, None]), image
            ),
            (network.kernel,),
        )

    def test_a_constant_image_has_no_loss_without_noise_found(self):
        zero = Blur(torch.zeros(5, 5))
        assert float(noise2noise.pair_loss(zero, torch.full((1, 1, 12, 12), 0.3)).detach()) == 0

    def test_what_finds_no_noise_pays_for_the_noise_of_both_halves(self):
        """E‖D₁y - D₂y‖² = σ² of noise alone."""
        loss = noise2noise.pair_loss(Blur(torch.zeros(5, 5)), 0.1 * drawn(1, 1, 400, 400))
        assert float(loss.detach()) == pytest.approx(0.1**2, rel=0.05)


class TestParts:
    def test_parts_lie_anywhere_and_in_every_orientation(self):
        image = torch.arange(20.0 * 24).view(1, 1, 20, 24)
        generator = torch.Generator().manual_seed(0)
        firsts, parities = set(), set()
        for iteration in range(400):
            [part] = denoising.crops_of(image, 1, 10, iteration, generator)
            assert part.shape == (1, 10, 10)
            corner = int(part.min())
            row, column = divmod(corner, 24)
            assert torch.equal(
                part.sort(-1).values.sort(-2).values.flatten().sort().values,
                image[0, 0, row : row + 10, column : column + 10].flatten(),
            )
            firsts.add(corner)
            parities.add((row % 2, column % 2))
        assert len(parities) == 4
        assert {0, 10 * 24 + 14} <= {*firsts} or len(firsts) > 100

    def test_eight_iterations_have_the_eight_orientations(self):
        image = drawn(1, 1, 12, 12)
        seen = {
            tuple(
                denoising.crops_of(image, 1, 10, iteration, torch.Generator().manual_seed(3))
                .flatten()
                .tolist()
            )
            for iteration in range(8)
        }
        assert len(seen) == 8

    def test_the_whole_image_is_seen_where_no_side_is_given(self):
        image = drawn(1, 1, 12, 14)
        assert denoising.crops_of(image, 3, None, 5, torch.Generator()) is image

    def test_an_image_is_turned_back(self):
        image = drawn(1, 2, 5, 7)
        for number in range(8):
            back = denoising.turned_back(denoising.turned(image, number), number)
            assert torch.equal(back, image)

    def test_the_mean_over_all_turns_does_not_see_which_way_is_up(self):
        network, image = Blur(drawn(5, 5)), drawn(1, 1, 9, 12)
        upright = denoising.in_all_turns(partial(noise2noise.denoised, network), image, 2)
        for number in range(8):
            turned = denoising.turned(image, number)
            result = denoising.in_all_turns(partial(noise2noise.denoised, network), turned, 2)
            torch.testing.assert_close(result, denoising.turned(upright, number))

    @pytest.mark.parametrize("size", [(2, 2), (33, 20), (300, 301)])
    def test_the_bands_of_an_image_are_the_image(self, size, monkeypatch):
        network = Blur(drawn(5, 5))
        image = drawn(1, 1, *size)
        whole = noise2noise.denoised(network, extended(image, 2, (2, 2)))
        monkeypatch.setattr(denoising, "BAND", 7 * size[1])
        found = denoising.applied(partial(noise2noise.denoised, network), image, 2)
        torch.testing.assert_close(found, whole.detach())


class TestDecoder:
    def test_it_has_the_weights_that_are_counted(self):
        network = Decoder(channels=7, planes=3, doublings=4)
        assert sum(each.numel() for each in network.parameters()) == weights_of(7, 3, 4)

    def test_the_most_channels_are_chosen(self):
        for weights in (500, 5000, 50_000):
            channels = channels_for(weights, 3, 5)
            assert weights_of(channels, 3, 5) <= weights < weights_of(channels + 1, 3, 5)
        assert channels_for(1, 1, 5) == 4

    def test_it_is_the_network_of_the_paper(self):
        """B ↦ norm(relu(U(B) C)) pixel by pixel: interpolated first, multiplied after."""
        network = Decoder(channels=5, planes=1, doublings=2)
        b = drawn(1, 5, 3, 4)
        maps = b[0].double().numpy()
        for index, layer in enumerate(network.layers):
            if index < 2:
                maps = F.interpolate(torch.from_numpy(maps)[None], scale_factor=2, mode="bilinear")[
                    0
                ].numpy()
            mixed = np.einsum("io,ihw->ohw", layer.weight[0].detach().double().numpy(), maps)
            mixed = np.maximum(mixed, 0)
            mean = mixed.mean((1, 2), keepdims=True)
            maps = (mixed - mean) / np.sqrt(mixed.var((1, 2), keepdims=True) + 1e-5)
        last = network.last
        planes = np.einsum("io,ihw->ohw", last.weight[0].detach().double().numpy(), maps)
        expected = 1 / (1 + np.exp(-planes - last.bias.detach().double().numpy()[:, None, None]))
        np.testing.assert_allclose(network(b)[0].detach().numpy(), expected, atol=1e-5)

    def test_fewer_weights_fit_noise_less(self):
        problem = Problem(drawn(1, 1, 48, 48).mul(0.1).add(0.5), Identity((1, 48, 48)), 0.1)
        residuals = [
            error(
                make("deep-decoder", channels=channels, iterations=60)
                .restore(problem, Context.seeded(0))
                .image,
                problem.y,
            )
            for channels in (4, 16, 64)
        ]
        assert residuals[0] > residuals[1] > residuals[2]
        assert residuals[0] > 0.9 * 0.1**2

    @pytest.mark.parametrize(
        "task",
        [
            Denoise(25),
            DenoisePoisson(30),
            Inpaint(50),
            Deblur("gaussian", 2.55),
            SuperResolve(2),
            Sense(50),
            Jpeg(10),
        ],
        ids=lambda task: type(task).__name__,
    )
    def test_every_task_is_restored(self, task):
        problem = noisy(task, photograph(size=48))
        prior = make("deep-decoder", iterations=10)
        result = prior.restore(problem, Context.seeded(0))
        assert result.image.shape == task.fit(photograph(size=48)).shape
        assert torch.isfinite(result.image).all()

    @pytest.mark.slow
    @pytest.mark.parametrize("task", [Inpaint(50), SuperResolve(2)], ids=["inpaint", "sr"])
    def test_what_is_not_seen_is_found(self, task):
        clean = photograph(size=64)
        problem = noisy(task, clean)
        found = make("deep-decoder", channels=32, iterations=200).restore(
            problem, Context.seeded(0)
        )
        flat = problem.y[problem.y != 0].mean()
        assert error(found.image, clean) < FIVE_DB * error(flat.expand_as(clean), clean)

    def test_known_pixels_come_back(self):
        clean = photograph(size=48)
        problem = noisy(Inpaint(50), clean)
        image = make("deep-decoder", iterations=10).restore(problem, Context.seeded(0)).image
        operator = problem.linear_operator
        assert isinstance(operator, Mask)
        known = operator.known[None]
        assert error(image[known], clean[known]) < 1e-4


class TestDenoising:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("colour", [False, True], ids=["gray", "rgb"])
    def test_a_fit_beats_the_observation_by_5_db(self, name, colour):
        clean = photograph(colour)
        problem = noisy(Denoise(50), clean)
        more = {"iterations": 200} if name == "deep-decoder" else {"channels": 16}
        found = make(name, **more).restore(problem, Context.seeded(0))
        assert error(found.image.clamp(0, 1), clean) < FIVE_DB * error(problem.y, clean)
        assert found.trace[-1]["loss"] < found.trace[0]["loss"]

    @pytest.mark.parametrize("name", HALVES)
    def test_photon_noise_is_removed(self, name):
        clean = photograph()
        problem = noisy(DenoisePoisson(20), clean)
        found = make(name, iterations=150).restore(problem, Context.seeded(0)).image
        assert error(found, clean) < FIVE_DB * error(problem.y, clean)

    @pytest.mark.parametrize("name", DENOISERS)
    def test_it_asks_for_no_level_of_noise(self, name):
        clean = photograph(size=48)
        known = noisy(Denoise(25), clean)
        blind = noisy(DenoiseBlind(25), clean)
        assert known.sigma != blind.sigma
        one, other = (make(name).restore(each, Context.seeded(0)).image for each in (known, blind))
        assert torch.equal(one, other)

    @pytest.mark.parametrize("name", DENOISERS)
    def test_brightness_and_contrast_of_the_restoration_follow_those_of_the_image(self, name):
        """On average a residual of the noise is none."""
        clean = photograph(size=64)
        problem = noisy(Denoise(25), clean)
        found = make(name).restore(problem, Context.seeded(0)).image
        assert float(found.mean() - problem.y.mean()) == pytest.approx(0, abs=0.01)

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("size", [(2, 2), (3, 5), (2, 19), (31, 17), (40, 33)])
    def test_any_size(self, name, channels, size):
        clean = torch.rand(1, channels, *size, generator=torch.Generator().manual_seed(0))
        found = make(name, iterations=3).restore(noisy(Denoise(25), clean), Context.seeded(0))
        assert found.image.shape == clean.shape
        assert found.image.dtype == torch.float32
        assert torch.isfinite(found.image).all()

    @pytest.mark.parametrize("name", DENOISERS)
    @pytest.mark.parametrize("size", [(1, 1), (1, 30), (30, 1)])
    def test_a_line_of_pixels_has_no_pairs(self, name, size):
        with pytest.raises(ValueError, match="2 × 2 pixels at least"):
            make(name).restore(
                noisy(Denoise(25), torch.full((1, 1, *size), 0.5)), Context.seeded(0)
            )

    @pytest.mark.parametrize("name", DENOISERS)
    def test_without_noise_the_observation_is_the_image(self, name):
        clean = photograph(size=32)
        assert torch.equal(
            make(name).restore(noisy(Denoise(0), clean), Context.seeded(0)).image, clean
        )

    def test_the_whole_image_in_each_step_as_in_the_paper(self):
        clean = photograph(size=48)
        problem = noisy(Denoise(50), clean)
        paper = {"side": None, "optimiser": "adam", "learning_rate": 1e-3, "final_rate": 0.5}
        prior = make("zs-n2n", **paper, iterations=200, channels=16)
        found = prior.restore(problem, Context.seeded(0))
        assert error(found.image, clean) < FIVE_DB * error(problem.y, clean)

    @pytest.mark.parametrize("name", HALVES)
    @pytest.mark.parametrize(
        ("task", "named"),
        [
            (Inpaint(50), "mask"),
            (Deblur("gaussian", 2.55), "blur"),
            (SuperResolve(2), "downsample"),
            (DenoiseSaltPepper(10), "mask"),
            (Jpeg(10), "JPEG"),
        ],
        ids=["inpaint", "deblur", "sr", "saltpepper", "jpeg"],
    )
    def test_all_but_independent_noise_is_refused(self, name, task, named):
        problem = noisy(task, photograph(size=48))
        with pytest.raises(NotApplicable, match=f"independent from pixel to pixel.*{named}"):
            make(name).restore(problem, Context.seeded(0))


class TestFits:
    @pytest.mark.parametrize("name", NAMES)
    def test_the_same_seed_gives_the_same_image_and_another_one_another(self, name):
        problem = noisy(Denoise(25), photograph(size=48))
        one, same, other = (
            make(name, iterations=20).restore(problem, Context.seeded(seed)).image
            for seed in (0, 0, 1)
        )
        assert torch.equal(one, same)
        assert not torch.equal(one, other)

    @pytest.mark.parametrize(("name", "settings"), FITS)
    def test_a_killed_fit_goes_on_bit_for_bit(self, name, settings, tmp_path):
        problem = noisy(Denoise(25), photograph(size=48))
        prior = make(name, iterations=60, **settings)
        whole = prior.restore(problem, Context.seeded(0))
        checkpoint = Checkpoint(tmp_path / "fit.safetensors", every=0)
        with pytest.raises(KeyboardInterrupt):
            prior.restore(problem, Context.seeded(0, killed_after(3), checkpoint))
        resumed = prior.restore(problem, Context.seeded(0, checkpoint=checkpoint))
        assert torch.equal(resumed.image, whole.image)
        assert resumed.trace == whole.trace

    @pytest.mark.parametrize("name", NAMES)
    def test_the_time_limit_ends_with_the_estimate_so_far(self, name):
        problem = noisy(Denoise(25), photograph(size=48))
        context = Context(torch.Generator().manual_seed(0), deadline=0.0)
        result = make(name).restore(problem, context)
        assert result.timed_out
        assert torch.isfinite(result.image).all()

    @pytest.mark.parametrize("name", NAMES)
    def test_progress_and_weights_are_told(self, name):
        told: list[float] = []
        context = Context.seeded(0, lambda fraction, **values: told.append(fraction))
        result = make(name, iterations=30).restore(noisy(Denoise(25), photograph(size=48)), context)
        assert told == pytest.approx([1 / 3, 2 / 3, 1])
        assert [row["iteration"] for row in result.trace] == [10, 20, 30]
        assert result.n_parameters

    @pytest.mark.parametrize("broken", [float("nan"), float("inf")])
    def test_a_loss_that_stays_broken_has_diverged(self, broken):
        weight = nn.Linear(1, 1)

        def loss(iteration: int) -> tuple[Tensor, float]:
            return weight(torch.ones(1)).sum() * broken, float("inf")

        steps = Steps(10, "muon", 0.1, 0.1, growing=True)
        with pytest.raises(Diverged):
            Fit(weight, loss, steps, torch.Generator()).run(Context.seeded(0))

    def test_one_broken_step_is_taken_again(self):
        layer = nn.Linear(4, 1)
        broken = iter([False, True] + [False] * 30)

        def loss(iteration: int) -> tuple[Tensor, float]:
            value = (layer(torch.ones(4)) - 1).square().sum()
            return (value * float("nan") if next(broken) else value), float("inf")

        fit = Fit(layer, loss, Steps(20, "adam", 0.1, 0.1, growing=True), torch.Generator())
        assert not fit.run(Context.seeded(0))
        assert fit.iteration == 20
        assert fit.trace[-1]["loss"] < fit.trace[0]["loss"]

    def test_rates_fall_to_the_final_one(self):
        layer = nn.Linear(4, 1)
        seen: list[float] = []

        def loss(iteration: int) -> tuple[Tensor, float]:
            if iteration:
                seen.append(fit.descent.optimiser.param_groups[0]["lr"])
            return layer(torch.ones(4)).square().sum(), float("inf")

        fit = Fit(layer, loss, Steps(101, "adam", 0.2, 0.1, growing=True), torch.Generator())
        fit.run(Context.seeded(0))
        steps = [0.2 * (1 - 0.9 * step / 101) for step in range(100)]
        assert seen == pytest.approx(steps)


def killed_after(looks: int) -> Callable[..., None]:
    """Return a progress whose call of this number interrupts the restoration, as a kill would."""
    count = 0

    def progress(fraction: float, /, **values: float) -> None:
        nonlocal count
        count += 1
        if count == looks:
            raise KeyboardInterrupt

    return progress
