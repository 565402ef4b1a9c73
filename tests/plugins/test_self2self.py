"""Self2Self: partial convolutions by hand, what a loss sees, and the mean of the predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from plugins.zero_shot import self2self
from plugins.zero_shot.denoising import turned_back
from plugins.zero_shot.dropout_network import DropoutNetwork, dropout
from plugins.zero_shot.partial import PartialConvolution
from plugins.zero_shot.self2self import Ensemble, Part, drawn_part, dropped_loss
from priorbench.data.loaders import load_embedded
from priorbench.data.transform import centre_crop, to_gray
from priorbench.errors import NotApplicable
from priorbench.operators import Identity, Mask
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.specs import Parameters
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import (
    Deblur,
    Denoise,
    DenoisePoisson,
    DenoiseSaltPepper,
    Inpaint,
    InpaintBlock,
    Jpeg,
    SuperResolve,
    Task,
)

PRIOR = load_plugins([Path(__file__).parents[2] / "plugins"], strict=True).priors["self2self"]
WHOLE = Part(slice(None), slice(None), 0)


def make(**parameters: Any) -> Any:
    spec = PRIOR.spec
    return PRIOR.load()(**spec.parameters(**{**spec.small, **parameters}).model_dump())


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=generator(seed))


def mask(*shape: int, share: float = 0.5, seed: int = 0) -> Tensor:
    return (torch.rand(shape, generator=generator(seed)) < share).float()


def photograph(size: int) -> Tensor:
    array = to_gray(centre_crop(load_embedded(Parameters(), "motorcycle"), size, size))
    return torch.from_numpy(array.copy())[None, None]


def noisy(task: Task, image: Tensor) -> Problem:
    return task.corrupt(task.fit(image), generator())


def error(image: Tensor, clean: Tensor) -> float:
    return float((image - clean).square().mean())


def network(planes: int = 1, drop: float = 0.3) -> DropoutNetwork:
    torch.manual_seed(0)
    return DropoutNetwork(planes, 4, 2, drop)


def ensemble(y: Tensor, known: Tensor | None = None, drop: float = 0.3) -> Ensemble:
    known = torch.ones_like(y) if known is None else known
    return Ensemble(network(y.shape[1], drop), y, known, 0.3, generator())


class TestPartialConvolution:
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    @pytest.mark.parametrize("channels", [1, 3], ids=["one mask", "a mask for each channel"])
    def test_it_is_the_sum_over_what_is_known_pixel_by_pixel(self, channels, share):
        layer = PartialConvolution(3, 2)
        u, known = drawn(1, 3, 7, 9), mask(1, channels, 7, 9, share=share)
        weight, bias = (each.detach().double().numpy() for each in layer.parameters())
        values = u[0].double().numpy()
        seen = np.broadcast_to(known[0].numpy(), values.shape)
        result, valid = np.zeros((2, 7, 9)), np.zeros((7, 9))
        for row in range(7):
            for column in range(9):
                total, count = np.zeros(2), 0
                for plane in range(3):
                    for i in range(max(row - 1, 0), min(row + 2, 7)):
                        for j in range(max(column - 1, 0), min(column + 2, 9)):
                            if seen[plane, i, j]:
                                tap = weight[:, plane, i - row + 1, j - column + 1]
                                total += tap * values[plane, i, j]
                                count += 1
                if count:
                    result[:, row, column] = total * 27 / count + bias
                    valid[row, column] = 1
        found, where = layer(u, known)
        np.testing.assert_allclose(found[0].detach().numpy(), result, atol=1e-5)
        assert np.array_equal(where[0, 0].numpy(), valid)

    def test_with_all_known_it_is_a_convolution(self):
        layer = PartialConvolution(3, 4)
        u = drawn(2, 3, 8, 9)
        found, known = layer(u, torch.ones_like(u))
        plain = F.conv2d(u, layer.convolution.weight, layer.convolution.bias)
        torch.testing.assert_close(found[..., 1:-1, 1:-1], plain)
        assert known.all()

    def test_outside_of_the_image_is_as_if_it_were_missing(self):
        layer = PartialConvolution(2, 3)
        u, known = drawn(1, 2, 5, 6), mask(1, 2, 5, 6)
        found, _ = layer(u, known)
        larger, _ = layer(F.pad(u, [2] * 4, value=7.0), F.pad(known, [2] * 4))
        torch.testing.assert_close(found, larger[..., 2:-2, 2:-2])

    def test_a_constant_stays_one_whatever_is_missing(self):
        layer = PartialConvolution(1, 1)
        torch.nn.init.constant_(layer.convolution.weight, 1 / 9)
        torch.nn.init.zeros_(layer.convolution.bias)
        found, known = layer(torch.full((1, 1, 9, 9), 0.7), mask(1, 1, 9, 9, share=0.3))
        torch.testing.assert_close(found, 0.7 * known)

    def test_where_nothing_is_known_there_is_no_gradient_that_is_not_a_number(self):
        layer, u = PartialConvolution(1, 2), drawn(1, 1, 6, 6).requires_grad_()
        layer(u, torch.zeros(1, 1, 6, 6))[0].sum().backward()
        assert not u.grad.any()
        assert all(torch.isfinite(each.grad).all() for each in layer.parameters())


class TestDropout:
    @pytest.mark.parametrize("drop", [0.0, 0.3, 0.9])
    def test_a_share_is_left_out_and_the_mean_stays(self, drop):
        found = dropout(torch.ones(100_000), drop, generator())
        gone = float((found == 0).float().mean())
        spread = (drop * (1 - drop) / 100_000) ** 0.5
        assert abs(gone - round(256 * drop) / 256) <= 5 * spread
        assert float(found.mean()) == pytest.approx(1, abs=5 * spread / (1 - drop) + 1e-6)

    def test_what_stays_is_independent_of_its_neighbour(self):
        gone = (dropout(torch.ones(80_000), 0.3, generator()) == 0).float() - 77 / 256
        for apart in (1, 4, 8):
            product = float((gone[apart:] * gone[:-apart]).mean())
            assert abs(product) < 5 * (0.3 * 0.7) / 80_000**0.5

    def test_it_draws_from_the_generator_alone(self):
        u = drawn(3, 5)
        before = torch.get_rng_state()
        one, same = (dropout(u, 0.5, generator(3)) for _ in range(2))
        assert torch.equal(one, same)
        assert not torch.equal(one, dropout(u, 0.5, generator(4)))
        assert torch.equal(torch.get_rng_state(), before)


class TestLoss:
    @pytest.mark.parametrize("planes", [1, 3])
    def test_the_network_sees_nothing_of_what_is_dropped(self, planes):
        """Σ f has no derivative by a dropped number, though it has by nearly all that are kept."""
        kept = mask(1, planes, 12, 12, share=0.7)
        image = drawn(1, planes, 12, 12).requires_grad_()
        [gradient] = torch.autograd.grad(
            network(planes)(image * kept, kept, generator()).sum(), image
        )
        assert not gradient[kept == 0].any()
        assert (gradient[kept == 1] != 0).float().mean() > 0.9

    def test_the_loss_sees_nothing_of_what_the_network_sees(self):
        """∂/∂y ‖(f - y) ⊙ d‖² / Σd is -2 (f - y) ⊙ d / Σd for a fixed f: 0 where d is."""
        kept = mask(1, 2, 9, 11, share=0.7)
        f, y = drawn(1, 2, 9, 11, seed=1), drawn(1, 2, 9, 11).requires_grad_()
        [gradient] = torch.autograd.grad(dropped_loss(f, y, 1 - kept), y)
        expected = 2 * (y - f) / (kept == 0).sum()
        assert not gradient[kept == 1].any()
        torch.testing.assert_close(gradient[kept == 0], expected[kept == 0].detach())

    def test_a_prediction_and_its_loss_share_no_pixel(self, monkeypatch):
        """The kept numbers go to the network, and the rest of the known ones to the loss."""
        y, known = drawn(1, 2, 16, 12), mask(1, 2, 16, 12, share=0.6, seed=5)
        seen: dict[str, Tensor] = {}
        of = ensemble(y, known)
        forward = of.network.forward

        def watched(image: Tensor, kept: Tensor, draws: torch.Generator) -> Tensor:
            seen.update(image=image, kept=kept)
            return forward(image, kept, draws)

        def loss(prediction: Tensor, y: Tensor, dropped: Tensor) -> Tensor:
            seen["dropped"] = dropped
            return dropped_loss(prediction, y, dropped)

        monkeypatch.setattr(of.network, "forward", watched)
        monkeypatch.setattr(self2self, "dropped_loss", loss)
        of.predict(WHOLE)
        assert torch.equal(seen["kept"] + seen["dropped"], known)
        assert not (seen["kept"] * seen["dropped"]).any()
        assert torch.equal(seen["image"], y * seen["kept"])
        assert 0.15 < float(seen["dropped"].sum() / known.sum()) < 0.45

    def test_without_dropped_numbers_it_is_zero(self):
        assert (
            float(dropped_loss(drawn(1, 1, 3, 3), drawn(1, 1, 3, 3, seed=1), torch.zeros(1))) == 0
        )


class TestEnsemble:
    def test_it_is_the_mean_of_its_members(self):
        members = []
        of = ensemble(drawn(1, 1, 10, 14))
        with torch.no_grad():
            for number in range(8):
                part = Part(slice(0, 10), slice(0, 14), number)
                prediction, _ = of.predict(part)
                of.add(prediction, part)
                flipped = prediction
                if number & 4:
                    flipped = flipped.transpose(-1, -2)
                dims = [dim for bit, dim in ((1, -1), (2, -2)) if number & bit]
                members.append(flipped.flip(dims))
        torch.testing.assert_close(of.mean(), torch.cat(members).mean(0, keepdim=True))

    def test_the_members_differ(self):
        of = ensemble(drawn(1, 1, 10, 14))
        one, other = (of.predict(WHOLE)[0] for _ in range(2))
        assert not torch.equal(one, other)

    def test_each_pixel_has_the_mean_of_the_parts_that_hold_it(self):
        of = ensemble(torch.zeros(1, 1, 6, 8))
        for value, columns in ((1.0, slice(0, 5)), (4.0, slice(3, 8)), (2.0, slice(0, 8))):
            part = Part(slice(0, 6), columns, 5)
            shape = part.of(of.y).shape
            of.add(torch.full(shape, value), part)
        expected = [1.5] * 3 + [7 / 3] * 2 + [3.0] * 3
        assert of.mean()[0, 0, 0].tolist() == pytest.approx(expected)

    def test_the_estimate_is_the_mean_of_the_last_steps_and_of_the_whole_image(self, monkeypatch):
        """averaged · iterations and predictions members, no more."""
        added: list[tuple[Tensor, Part]] = []
        add = Ensemble.add

        def watched(self: Ensemble, prediction: Tensor, part: Part) -> None:
            added.append((prediction.detach().clone(), part))
            add(self, prediction, part)

        monkeypatch.setattr(Ensemble, "add", watched)
        problem = noisy(Denoise(25), photograph(24))
        prior = make(iterations=20, averaged=0.25, predictions=3)
        found = prior.restore(problem, Context.seeded(0)).image
        assert len(added) == 5 + 3
        back = [turned_back(image, part.turn) for image, part in added]
        torch.testing.assert_close(found, torch.cat(back).mean(0, keepdim=True))


class TestParts:
    def test_a_part_lies_in_the_image_and_no_pixel_is_rare(self):
        draws, counts = generator(), torch.zeros(20, 30)
        for number in range(4000):
            part = drawn_part(20, 30, 10, number, draws)
            assert part.of(torch.zeros(1, 1, 20, 30)).shape == (1, 1, 10, 10)
            counts[part.rows, part.columns] += 1
        assert counts.min() > 0.2 * counts.mean()

    @pytest.mark.parametrize("side", [None, 40])
    def test_a_small_image_is_taken_whole(self, side):
        image = drawn(1, 1, 6, 9)
        part = drawn_part(6, 9, side, 0, generator())
        assert torch.equal(part.of(image), image)


class TestRestoring:
    def test_an_easy_image_is_denoised(self):
        """Two flat halves; the mean of both over all pixels would be no better than the noise."""
        clean = torch.full((1, 1, 32, 32), 0.3)
        clean[..., 16:] = 0.7
        problem = Problem(clean + 0.15 * drawn(1, 1, 32, 32), Identity((1, 32, 32)), 0.15)
        found = make(iterations=80).restore(problem, Context.seeded(0)).image
        assert error(found, clean) < 0.25 * error(problem.y, clean)

    def test_half_of_photon_noise_is_removed(self):
        clean = photograph(64)
        problem = noisy(DenoisePoisson(10), clean)
        found = make().restore(problem, Context.seeded(0)).image
        assert error(found, clean) < 0.5 * error(problem.y, clean)

    def test_dropout_and_masks_are_no_matter_of_global_generators(self):
        problem = noisy(Denoise(25), photograph(24))
        images = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            images.append(make(iterations=12).restore(problem, Context.seeded(0)).image)
        assert torch.equal(*images)

    def test_the_sum_of_predictions_survives_a_kill(self, tmp_path):
        """Killed within the steps whose predictions are averaged."""
        problem = noisy(Denoise(25), photograph(48))
        prior = make(iterations=40, averaged=0.5)
        whole = prior.restore(problem, Context.seeded(0))
        checkpoint = Checkpoint(tmp_path / "fit.safetensors", every=0)

        def killed(fraction: float, /, **values: float) -> None:
            if fraction > 0.7:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prior.restore(problem, Context.seeded(0, killed, checkpoint))
        resumed = prior.restore(problem, Context.seeded(0, checkpoint=checkpoint))
        assert torch.equal(resumed.image, whole.image)

    @pytest.mark.parametrize("task", [Inpaint(50), InpaintBlock(), DenoiseSaltPepper(20)])
    def test_known_pixels_come_back_and_missing_ones_are_found(self, task):
        clean = photograph(48)
        problem = noisy(task, clean)
        operator = problem.linear_operator
        assert isinstance(operator, Mask)
        known = operator.known[None]
        found = make(iterations=80).restore(problem, Context.seeded(0)).image
        flat = clean[known].mean()
        assert error(found[known], problem.y[known]) < 1e-6
        assert error(found[~known], clean[~known]) < 0.8 * error(flat, clean[~known])

    def test_noise_on_known_pixels_is_removed(self):
        clean = photograph(48)
        problem = noisy(Inpaint(30, sigma=50), clean)
        known = problem.linear_operator.known[None]
        found = make(iterations=80).restore(problem, Context.seeded(0)).image
        assert error(found[known], clean[known]) < 0.6 * error(problem.y[known], clean[known])

    def test_what_a_missing_pixel_would_have_been_is_never_seen(self):
        """Other numbers below the mask give the same missing pixels."""
        problem = noisy(Inpaint(50), photograph(24))
        known = problem.linear_operator.known[None]
        other = Problem(problem.y.where(known, 5.0), problem.linear_operator, problem.sigma)
        prior = make(iterations=10)
        images = [prior.restore(each, Context.seeded(0)).image for each in (problem, other)]
        torch.testing.assert_close(images[0][~known], images[1][~known])

    @pytest.mark.parametrize(
        ("task", "named"),
        [(Deblur("gaussian", 2.55), "blur"), (SuperResolve(2), "downsample"), (Jpeg(10), "JPEG")],
        ids=["deblur", "sr", "jpeg"],
    )
    def test_all_but_noise_and_missing_pixels_is_refused(self, task, named):
        problem = noisy(task, photograph(48))
        with pytest.raises(NotApplicable, match=rf"or pixels that are missing.*{named}"):
            make().restore(problem, Context.seeded(0))
