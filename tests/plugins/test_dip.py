import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

from plugins.dip import inputs, losses, model, parameters, stopping, task_defaults
from plugins.dip.run import Run
from priorbench import Diverged, NotApplicable
from priorbench.data.tensors import to_tensor
from priorbench.networks import guard
from priorbench.networks.data_term import DataTerm
from priorbench.networks.descent import GOOD
from priorbench.operators import Identity, LinearOperator, Mask
from priorbench.plugins.manager import load_plugins
from priorbench.priors import Context
from priorbench.problem import Problem
from priorbench.store.checkpoints import Checkpoint
from priorbench.tasks import (
    Deblur,
    Denoise,
    DenoiseGuided,
    DenoisePoisson,
    Inpaint,
    InpaintBlock,
    InpaintText,
    Jpeg,
    Sense,
    SuperResolve,
)

PRIOR = load_plugins([Path(__file__).parents[2] / "plugins"]).priors["dip"].load()
TINY = {"channels": 4, "scales": 2, "input_channels": 4, "iterations": 20, "skip": 2}


@pytest.fixture(scope="module")
def camera():
    """A clean image, 64 × 64."""
    return to_tensor(data.camera()[64:320:4, 128:384:4].astype(np.float32) / 255)


def problem_of(task, image, seed=0):
    return task.corrupt(image, torch.Generator().manual_seed(seed))


def error(image, clean):
    return float((image - clean).square().mean())


class TestTasks:
    @pytest.mark.parametrize(
        ("task", "expected"),
        [
            (Denoise(25), "denoise"),
            (DenoisePoisson(30), "denoise"),
            (Inpaint(50), "pixels"),
            (InpaintText(), "pixels"),
            (Deblur("gaussian", 2.55), "deblur"),
            (SuperResolve(2), "enlarge"),
            (Sense(50), "sense"),
            (Jpeg(10), "artefacts"),
        ],
    )
    def test_every_task_is_restored_with_the_settings_of_its_class(self, task, expected, camera):
        image = task.fit(camera)
        problem = problem_of(task, image)
        assert task_defaults.task_of(problem) == expected
        result = PRIOR(**TINY).restore(problem, Context.seeded(0))
        assert result.image.shape == image.shape
        assert torch.isfinite(result.image).all()
        assert result.trace[-1]["iteration"] <= 20

    def test_a_hole_is_no_scattered_pixel(self, camera):
        problem = problem_of(InpaintBlock(), camera.repeat(1, 1, 4, 4))
        assert task_defaults.task_of(problem) == "holes"
        chosen = task_defaults.TaskDefaults.of(parameters.DIPParameters(), problem)
        assert (chosen.skip, chosen.input) == (0, "grid")
        assert task_defaults.TaskDefaults.of(parameters.DIPParameters(skip=3), problem).skip == 3

    @pytest.mark.slow
    def test_a_fit_beats_the_observation(self, camera):
        problem = problem_of(Denoise(50), camera)
        result = PRIOR(channels=16, scales=3, iterations=150).restore(problem, Context.seeded(0))
        assert error(result.image, camera) < 10**-0.5 * error(problem.y, camera)  # 5 dB

    def test_known_pixels_come_back(self, camera):
        problem = problem_of(Inpaint(50), camera)
        image = PRIOR(**TINY).restore(problem, Context.seeded(0)).image
        known = problem.operator.known[None]
        assert error(image[known], camera[known]) < 1e-4

    @pytest.mark.parametrize("size", [(32, 32), (33, 47), (50, 64)])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_any_size(self, channels, size):
        image = torch.rand(1, channels, *size, generator=torch.Generator().manual_seed(0))
        result = PRIOR(**{**TINY, "iterations": 2}).restore(
            problem_of(Denoise(25), image), Context.seeded(0)
        )
        assert result.image.shape == image.shape

    def test_the_guide_is_the_input(self, camera):
        problem = problem_of(DenoiseGuided(25), camera)
        chosen = parameters.DIPParameters()
        channels, draw = inputs.network_input(
            chosen, task_defaults.TaskDefaults.of(chosen, problem), problem
        )
        z = draw((70, 64), torch.Generator())
        assert channels == 1
        assert torch.equal(z[:, :, :64], problem.guide)
        assert torch.equal(z[:, :, 69:], problem.guide[:, :, 63:])


class TestLosses:
    def test_the_gradient_is_the_adjoints(self, camera):
        problem = problem_of(Deblur("gaussian", 2.55), camera)
        image = torch.rand(
            camera.shape, generator=torch.Generator().manual_seed(0), requires_grad=True
        )
        loss, _ = DataTerm(problem)(image)
        (gradient,) = torch.autograd.grad(loss, image)
        residual = problem.operator.forward(image.detach()) - problem.y
        expected = 2 * problem.operator.adjoint(residual) / problem.y.numel()
        torch.testing.assert_close(gradient, expected)

    def test_held_out_numbers_are_not_fitted(self, camera):
        problem = problem_of(Inpaint(50), camera)
        held_out = losses.hold_out(problem, 0.2, torch.Generator().manual_seed(0))
        image = torch.rand(
            camera.shape, generator=torch.Generator().manual_seed(1), requires_grad=True
        )
        loss, used = DataTerm(problem, held_out)(image)
        (gradient,) = torch.autograd.grad(loss, image)
        known = problem.operator.known[None]
        assert not gradient[held_out | ~known].any()
        assert gradient[known & ~held_out].all()
        errors = DataTerm(problem, held_out).errors(image.detach())
        squares = (image.detach() - camera).square()
        assert errors == pytest.approx(
            (float(used), float(squares[known & held_out].mean())), rel=1e-5
        )

    def test_poisson_noise_is_likeliest_at_the_observation(self):
        y = torch.full((1, 1, 40, 40), 0.3)
        loss = DataTerm(Problem(y, Identity((1, 40, 40)), 0.1, peak=30.0))
        at = [float(loss(torch.full_like(y, value))[0]) for value in (0.25, 0.3, 0.35, 0.0)]
        assert min(at) == at[1]
        assert all(math.isfinite(value) for value in at)

    def test_total_variation(self):
        ramp = torch.arange(40.0).repeat(1, 1, 40, 1) / 100
        problem = Problem(ramp, Identity((1, 40, 40)), 0.1)
        settings = [parameters.DIPParameters(**TINY, total_variation=w) for w in (0.0, 2.0)]
        runs = [Run(chosen, problem, 0, torch.device("cpu")) for chosen in settings]
        plain, weighted = (float(run.loss(run.z, ramp)[0]) for run in runs)
        assert weighted - plain == pytest.approx(2 * math.sqrt(1e-4 + 1e-6), rel=1e-4)


class TestStopping:
    def look(self, rule, scores, **values):
        for index, score in enumerate(scores):
            if rule.done:
                break
            image = torch.full((1, 1, 2, 2), float(index))
            named = {"error": score, "held_out": score, "output": image, **values}
            rule.look(10 * (index + 1), image, **named)
        return rule

    def test_fixed_gives_the_last(self):
        assert self.look(stopping.Fixed(), [3, 1, 2]).at == 30

    def test_discrepancy_gives_the_first_below_the_noise(self):
        rule = self.look(stopping.Discrepancy(0.1), [0.5, 0.02, 0.0099, 0.005])
        assert (rule.at, rule.done) == (30, True)

    def test_held_out_gives_the_best_and_stops_after_the_patience(self):
        rule = self.look(stopping.HeldOut(patience=20), [5, 3, 2, 4, 4, 1])
        assert (rule.at, rule.done, rule.score) == (30, True, 2)
        assert float(rule.best[0, 0, 0, 0]) == 2

    def test_moving_variance_gives_the_calmest(self):
        rule = stopping.MovingVariance(window=3, patience=50)
        values = [0, 10, 16, 19, 20, 20.1, 20.2, 21, 25, 30, 38, 50]
        for index, value in enumerate(values):
            if not rule.done:
                output = torch.full((1, 1, 4, 4), float(value))
                rule.look(10 * (index + 1), output, output, 0.0, math.nan)
        assert rule.at == 70
        assert rule.done

    def test_a_rule_goes_on_from_its_state(self):
        for make in (
            stopping.Fixed,
            lambda: stopping.HeldOut(20),
            lambda: stopping.MovingVariance(3, 20),
        ):
            whole = self.look(make(), [5, 3, 2, 4])
            first, second = self.look(make(), [5, 3]), make()
            second.load_state(first.state())
            for index, score in enumerate([2, 4], 2):
                image = torch.full((1, 1, 2, 2), float(index))
                second.look(10 * (index + 1), image, output=image, error=score, held_out=score)
            assert (second.at, second.score, second.done) == (whole.at, whole.score, whole.done)
            assert torch.equal(second.best, whole.best)

    def test_the_discrepancy_principle_needs_noise(self, camera):
        with pytest.raises(
            NotApplicable, match="needs noise of known σ; stop by held-out or variance"
        ):
            PRIOR(**TINY, stopping="discrepancy").restore(
                problem_of(Inpaint(50), camera), Context.seeded(0)
            )


class TestRuns:
    @pytest.mark.slow
    def test_the_same_seed_gives_the_same_image(self, camera):
        problem = problem_of(Denoise(25), camera)
        first, again, other = (
            PRIOR(**TINY).restore(problem, Context.seeded(seed)).image for seed in (0, 0, 1)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    @pytest.mark.parametrize("native", [True, False])
    def test_bfloat16_is_used_where_the_processor_has_it(self, camera, monkeypatch, native):
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native}, raising=False
        )
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
        problem = problem_of(Denoise(25), camera)
        exact, mixed = (
            PRIOR(**TINY, precision=precision).restore(problem, Context.seeded(0)).image
            for precision in ("float32", "mixed")
        )
        assert torch.equal(exact, mixed) is not native
        assert error(exact, mixed) < 1e-3

    @pytest.mark.slow
    def test_the_weights_of_all_runs_are_counted(self, camera):
        problem = problem_of(Denoise(25), camera)
        run = Run(parameters.DIPParameters(**TINY), problem, 0, torch.device("cpu"))
        weights = sum(weight.numel() for weight in run.network.parameters())
        for runs in (1, 2):
            result = PRIOR(**TINY, runs=runs).restore(problem, Context.seeded(0))
            assert result.n_parameters == runs * weights > 0

    @pytest.mark.slow
    def test_several_runs_are_averaged(self, camera):
        problem = problem_of(Denoise(25), camera)
        one, two = (PRIOR(**TINY, runs=runs).restore(problem, Context.seeded(0)) for runs in (1, 2))
        assert {row["run"] for row in two.trace} == {0, 1}
        seeds = [
            int(seed)
            for seed in torch.randint(2**62, (2,), generator=torch.Generator().manual_seed(0))
        ]
        chosen = parameters.DIPParameters(**TINY)
        runs = [Run(chosen, problem, seed, torch.device("cpu")) for seed in seeds]
        for run in runs:
            list(run.fit())
        torch.testing.assert_close(one.image, runs[0].estimate)
        torch.testing.assert_close(two.image, (runs[0].estimate + runs[1].estimate) / 2)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("optimiser", "stopping"),
        [
            ("muon", "held-out"),
            pytest.param("adam", "variance", marks=pytest.mark.exhaustive),
            pytest.param("muon", "fixed", marks=pytest.mark.exhaustive),
        ],
    )
    def test_a_killed_run_goes_on_bit_for_bit(self, camera, tmp_path, optimiser, stopping):
        problem = problem_of(Denoise(25), camera)
        settings = {
            **TINY,
            "iterations": 40,
            "runs": 2,
            "optimiser": optimiser,
            "stopping": stopping,
            "window": 20,
        }
        whole = PRIOR(**settings).restore(problem, Context.seeded(0))
        for last in (2, 7):
            looks = 0

            def killed(fraction, last=last, **values):
                nonlocal looks
                looks += 1
                if looks == last:
                    raise KeyboardInterrupt

            checkpoint = Checkpoint(tmp_path / f"{last}.safetensors", every=0)
            with pytest.raises(KeyboardInterrupt):
                PRIOR(**settings).restore(problem, Context.seeded(0, killed, checkpoint))
            resumed = PRIOR(**settings).restore(problem, Context.seeded(0, checkpoint=checkpoint))
            assert torch.equal(resumed.image, whole.image)
            assert [row["loss"] for row in resumed.trace if row["run"] == 1] == [
                row["loss"] for row in whole.trace if row["run"] == 1
            ]

    def test_the_time_limit_ends_with_the_best_so_far(self, camera):
        problem = problem_of(Denoise(25), camera)
        context = Context(torch.Generator().manual_seed(0), deadline=0.0)
        result = PRIOR(**TINY, runs=3).restore(problem, context)
        assert result.timed_out
        assert result.image.shape == camera.shape
        assert result.trace[-1]["iteration"] == 10

    @pytest.mark.slow
    def test_progress_tells_loss_and_fit(self, camera):
        told = []
        context = Context.seeded(0, lambda fraction, **values: told.append((fraction, set(values))))
        PRIOR(**TINY).restore(problem_of(Denoise(25), camera), context)
        assert told == [
            (0.5, {"loss", "psnr_y", "psnr_held_out"}),
            (1.0, {"loss", "psnr_y", "psnr_held_out"}),
        ]

    @pytest.mark.slow
    def test_steins_estimate_keeps_the_observation_from_being_copied(self, camera):
        problem = problem_of(Denoise(50), camera)
        settings = {**TINY, "iterations": 120, "channels": 8, "stopping": "fixed", "average": 0.9}
        errors = []
        for sure in (True, False):
            run = Run(
                parameters.DIPParameters(**settings, sure=True), problem, 0, torch.device("cpu")
            )
            if not sure:
                run.sigma = 0.0
            list(run.fit())
            errors.append(error(run.estimate, camera))
        assert errors[0] < errors[1]

    def test_steins_estimate_is_for_denoising(self, camera):
        with pytest.raises(NotApplicable, match="Stein"):
            PRIOR(**TINY, sure=True).restore(problem_of(Inpaint(50), camera), Context.seeded(0))


class TestTrouble:
    def run(self, camera):
        problem = problem_of(Denoise(25), camera)
        return Run(
            parameters.DIPParameters(**{**TINY, "iterations": 300}), problem, 0, torch.device("cpu")
        )

    @pytest.mark.slow
    def test_a_collapse_goes_back_to_the_last_good_weights(self, camera):
        run = self.run(camera)
        before = next(islice(run.steps(), GOOD - 1, None))
        for weights in run.weights:
            weights.data.normal_(0, 30)
        assert run.step() is None
        assert run.descent.guard.returns == 1
        after = run.step()
        assert after.error < guard.COLLAPSE * before.error

    def test_what_breaks_down_again_and_again_has_diverged(self, camera):
        run = self.run(camera)
        run.data_term.y = torch.full_like(run.data_term.y, math.nan)
        with pytest.raises(Diverged, match="5 times in a row after 0 iterations"):
            next(run.steps())

    def test_a_small_image_is_refused(self):
        with pytest.raises(
            ValueError,
            match=r"31 × 64, and the network with scales: 5 and kernel: 3 needs 32 × 32 at least",
        ):
            PRIOR().restore(problem_of(Denoise(25), torch.rand(1, 1, 31, 64)), Context.seeded(0))

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("kernel", "scales", "padding", "down"),
        [
            (1, 2, "reflect", "stride"),
            (3, 1, "reflect", "max"),
            (5, 2, "reflect", "average"),
            (7, 3, "reflect", "stride"),
            (7, 2, "zeros", "stride"),
            (7, 5, "reflect", "stride"),
        ],
    )
    def test_the_least_size_follows_from_the_parameters(self, kernel, scales, padding, down):
        chosen = {"kernel": kernel, "scales": scales, "padding": padding}
        chosen |= {"down": down, "channels": 4, "iterations": 2}
        least = model.least_size(parameters.DIPParameters(**chosen))
        prior, random = PRIOR(**chosen), torch.Generator().manual_seed(0)
        image = torch.rand(1, 1, least, least + 1, generator=random)
        for task in (Denoise(25), Inpaint(50)):
            restored = prior.restore(problem_of(task, image), Context.seeded(0)).image
            assert restored.shape == image.shape
            assert torch.isfinite(restored).all()
        with pytest.raises(ValueError, match=f"needs {least} × {least} at least"):
            prior.restore(problem_of(Denoise(25), image[:, :, 1:]), Context.seeded(0))

    def test_too_little_memory_says_what_would_fit(self):
        with (
            pytest.raises(
                ValueError, match=r"512 × 800 .* does not fit into the memory; one of 256 × 400"
            ),
            model.out_of_memory(512, 800),
        ):
            raise RuntimeError(
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
            )

    @pytest.mark.slow
    def test_an_operator_of_somebody_elses_needs_no_derivative(self, camera):
        class Flip(LinearOperator):
            name = "dip-test-flip"

            def forward(self, x):
                return torch.from_numpy(x.detach().numpy()[..., ::-1].copy())

            def adjoint(self, y):
                return self.forward(y)

            def arguments(self):
                return {"image_shape": self.image_shape}

        problem = Problem(camera.flip(-1), Flip((1, 64, 64)), 0.1)
        result = PRIOR(**{**TINY, "iterations": 60, "channels": 8}).restore(
            problem, Context.seeded(0)
        )
        assert error(result.image, camera) < error(problem.y, camera)

    def test_a_mask_of_one_pixel_is_a_hole(self):
        known = torch.zeros(1, 40, 40, dtype=torch.bool)
        known[0, 0, 0] = True
        operator = Mask(known)
        assert (
            task_defaults.task_of(
                Problem(operator.forward(torch.rand(1, 1, 40, 40)), operator, 0.0)
            )
            == "holes"
        )
