"""Priors by name and of one's own: found, trained on request, restoring arrays."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import priorbench as pb
from priorbench.interactive import LoadedPrior, NotTrained
from priorbench.operators import Identity
from priorbench.priors import Denoiser, Generator, Learned, PatchPrior, Prior, Restoration
from priorbench.problem import Problem
from priorbench.specs import SAMPLERS
from priorbench.tasks import Denoise, Inpaint

RANDOM = np.random.default_rng(0)
GRAY, COLOUR = 0.2 + 0.6 * RANDOM.random((16, 20)), 0.2 + 0.6 * RANDOM.random((16, 20, 3))

PLUGIN = """
    import torch
    from priorbench import NotApplicable, Parameters, PriorSpec, Resources, hookimpl
    from priorbench.priors import Learned, Prior, Restoration

    class Half(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate() / 2)

    class Level(Parameters):
        level: float = 1.0
        step: float = 0.0

    class Student(Prior, Learned):
        def __init__(self, level, step):
            self.level, self.mean = level, torch.zeros(1)

        def fit(self, images, context):
            print("fitted", flush=True)
            for number in (1, 2):
                context.progress(number / 2)
                yield {"iteration": number, "loss": 1 / number}
            self.mean = self.level * torch.stack([image.mean() for image in images]).mean()[None]

        def state_dict(self):
            return {"mean": self.mean}

        def load_state_dict(self, state):
            self.mean = state["mean"]

        def restore(self, problem, context):
            return Restoration(torch.ones_like(problem.y) * self.mean)

    class Raising(Prior):
        def restore(self, problem, context):
            raise KeyError("weights")

    class Refusing(Prior):
        def restore(self, problem, context):
            raise NotApplicable("gray images only")

    @hookimpl
    def register_priors():
        quick = Resources(training_seconds=7)
        yield PriorSpec(name="half", label="Half of it", factory=Half, summary="for a test")
        yield PriorSpec(name="student", id="student-{level:g}", factory=Student, parameters=Level,
                        summary="for a test", learns=True, resources=quick)
        yield PriorSpec(name="raising", factory=Raising, summary="for a test")
        yield PriorSpec(name="refusing", factory=Refusing, summary="for a test")
"""


@pytest.fixture
def lessons(bench: Any) -> Any:
    """An experiment with a prior that learns the mean of two images, 0.4."""
    for level in (0.2, 0.6):
        bench.image(f"level-{level}", np.full((12, 12), level), folder="lessons")
    bench.image("one", GRAY)
    bench.plugin("student", PLUGIN)
    sets = {
        name: {"source": "folder", "parameters": {"path": name}} for name in ("photos", "lessons")
    }
    settings = {"student": {"parameters": {"level": [1.0, 2.0]}}}
    bench.plan(datasets=sets, train="lessons", priors={"settings": settings})
    return bench


class Same(Denoiser):
    def denoise(self, image: torch.Tensor, sigma: float) -> torch.Tensor:
        return image


class Flat(PatchPrior):
    patch_size = 4

    def log_prob(self, patches: torch.Tensor) -> torch.Tensor:
        return patches.sum(1) * 0

    def map_estimate(self, patches: torch.Tensor, noise_variance: float) -> torch.Tensor:
        return patches


class Blank(Generator):
    tile_size, latent_size = 8, 2

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return z.sum(1)[:, None, None].expand(-1, 8, 8) * 0


class Estimate(Prior):
    def restore(self, problem: Any, context: Any) -> Restoration:
        context.progress(0.5, loss=0.25)
        assert context.deadline is None
        maps = {"spread": torch.zeros_like(problem.y)}
        return Restoration(problem.estimate(), [{"iteration": 1, "loss": 0.25}], maps)


class Mean(Learned, Prior):
    """Learns the mean of its images."""

    mean: torch.Tensor

    def fit(self, images: Any, context: Any) -> Any:
        self.mean = torch.stack([image.mean() for image in images]).mean()
        yield {"iteration": 1, "drawn": float(torch.rand((), generator=context.generator))}

    def state_dict(self) -> Any:
        return {"mean": self.mean}

    def load_state_dict(self, state: Any) -> None:
        self.mean = state["mean"]

    def restore(self, problem: Any, context: Any) -> Restoration:
        return Restoration(torch.ones_like(problem.y) * self.mean)


@pytest.mark.parametrize("kind", [Same, Flat, Blank, Estimate])
@pytest.mark.parametrize("image", [GRAY, COLOUR], ids=["gray", "colour"])
def test_an_object_of_any_kind_restores_without_being_registered(
    bench: Any, kind: type, image: np.ndarray
) -> None:
    prior = pb.load_prior(kind())
    problem = pb.observe(image, Denoise(sigma=10))
    restored = prior.restore(problem, progress=False)
    assert isinstance(restored, np.ndarray)
    assert restored.shape == image.shape
    assert restored.dtype == np.float32
    assert np.isfinite(restored).all()
    np.testing.assert_array_equal(pb.restore(problem, kind(), progress=False), restored)
    np.testing.assert_array_equal(pb.restore(problem, prior, progress=False), restored)


def test_a_tensor_comes_back_as_a_tensor() -> None:
    image = torch.from_numpy(COLOUR).permute(2, 0, 1)
    restored = pb.load_prior(Estimate()).restore(pb.observe(image, Denoise(sigma=0)))
    assert isinstance(restored, torch.Tensor)
    torch.testing.assert_close(restored, image.float())


def test_a_problem_of_the_library_s_own_is_restored_as_an_array() -> None:
    y = torch.from_numpy(COLOUR).permute(2, 0, 1)[None].float()
    restored = pb.restore(Problem(y, Identity((3, 16, 20)), 0.1), Estimate(), progress=False)
    np.testing.assert_allclose(restored, COLOUR, atol=1e-6)


def test_all_that_a_restoration_gave() -> None:
    told: list[tuple[float, dict[str, float]]] = []

    def tell(fraction: float, /, **values: float) -> None:
        told.append((fraction, values))

    found = pb.load_prior(Estimate()).restoration(
        pb.observe(GRAY, Denoise(sigma=10)), progress=tell
    )
    assert told == [(0.5, {"loss": 0.25})]
    assert list(found.trace) == [{"iteration": 1, "loss": 0.25}]
    assert found.maps["spread"].shape == (1, 1, 16, 20)
    assert found.seconds > 0
    assert not found.timed_out


def test_the_solver_s_settings_may_be_given() -> None:
    problem = pb.corrupt(GRAY, Inpaint(missing=50))
    settings = pb.SolverSettings(missing=pb.SplittingSettings(steps=3))
    found = pb.load_prior(Same()).restoration(problem, solver=settings, progress=False)
    assert "steps = 3" in found.solver


def test_a_fit_needs_no_registration(bench: Any) -> None:
    prior = pb.load_prior(Mean())
    torch.manual_seed(1)
    expected = float(torch.rand(()))
    torch.manual_seed(1)
    curve = prior.fit([np.full((8, 8), 0.25), np.full((4, 6), 0.75)], progress=False)
    assert float(torch.rand(())) == expected
    assert curve == prior.fit([np.full((8, 8), 0.25), np.full((4, 6), 0.75)], progress=False)
    restored = prior.restore(pb.observe(GRAY, Denoise(sigma=10)), progress=False)
    np.testing.assert_allclose(restored, 0.5, atol=1e-6)


def test_a_model_is_trained_only_on_request(
    lessons: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NotTrained) as caught:
        pb.load_prior("student-1")
    message = str(caught.value)
    for words in ("student-1 is not trained yet", "train=True", "on lessons", "about 7 s"):
        assert words in message
    assert not Path("results").exists()
    fractions: list[float] = []
    prior = pb.load_prior("student-1", train=True, progress=lambda f, /, **v: fractions.append(f))
    problem = pb.corrupt(GRAY, "denoise")
    np.testing.assert_allclose(prior.restore(problem, progress=False), 0.4, atol=1e-3)
    assert (lessons.root / "results/tiny/models/student-1").is_dir()
    # What is up to date is loaded, whether training is allowed or not.
    capfd.readouterr()
    for train in (False, True):
        again = pb.load_prior("student-1", train=train)
        np.testing.assert_allclose(again.restore(problem, progress=False), 0.4, atol=1e-3)
    assert "fitted" not in capfd.readouterr().out
    # Another code is another model.
    lessons.plugin("student", PLUGIN.replace("self.level *", "2 * self.level *"))
    ended = run_script("import priorbench as pb; pb.load_prior('student-1')")
    assert "student-1 has a model that is out of date" in ended.stderr
    assert fractions == sorted(fractions)


def run_script(text: str) -> subprocess.CompletedProcess[str]:
    """Run a script of a user's in a process of its own."""
    Path("script.py").write_text(text)
    return subprocess.run([sys.executable, "script.py"], capture_output=True, text=True)


def test_a_script_without_a_guard_trains_and_restores_once(lessons: Any) -> None:
    ended = run_script(
        "import numpy as np\n"
        "import priorbench as pb\n"
        "print('begun')\n"
        "problem = pb.corrupt(np.full((16, 20), 0.5), 'denoise', sigma=25)\n"
        "prior = pb.load_prior('student-1', train=True, progress=False)\n"
        "print(prior.restore(problem, progress=False).mean())\n"
    )
    assert ended.returncode == 0, ended.stderr
    *words, mean = ended.stdout.split()
    assert words == ["begun", "fitted"]
    assert float(mean) == pytest.approx(0.4, abs=1e-3)


def test_other_parameters_have_a_model_of_their_own(lessons: Any) -> None:
    first = pb.load_prior("student-1", train=True, progress=False)
    # Those of the experiment are the experiment's.
    assert pb.load_prior("student", level=1.0).name == first.name
    with pytest.raises(NotTrained):
        pb.load_prior("student", level=2.0)
    with pytest.raises(NotTrained):
        pb.load_prior("student-1", step=0.5)
    other = pb.load_prior("student", level=1.5, train=True, progress=False)
    problem = pb.corrupt(GRAY, "denoise")
    np.testing.assert_allclose(other.restore(problem, progress=False), 0.6, atol=1e-3)
    np.testing.assert_allclose(
        pb.load_prior("student-1").restore(problem, progress=False), 0.4, atol=1e-3
    )
    assert sorted(path.name for path in Path("results/tiny/models").iterdir()) == ["student-1"]
    with pytest.raises(ValueError, match="'stp'; did you mean 'step'"):
        pb.load_prior("student-1", stp=1)
    with pytest.raises(ValueError, match="may be any of student-1, student-2"):
        pb.load_prior("student", step=0.5)


def test_what_is_drawn_depends_on_the_seed_and_the_callers_generators_go_on(bench: Any) -> None:
    class Drawing(Prior):
        def restore(self, problem: Any, context: Any) -> Restoration:
            own = torch.rand(problem.y.shape, generator=context.generator)
            return Restoration((own + torch.rand(problem.y.shape) + np.random.rand()) / 3)  # noqa: NPY002

    prior, problem = pb.load_prior(Drawing()), pb.observe(GRAY, Denoise(sigma=10))
    torch.manual_seed(1)
    expected = float(torch.rand(()))
    torch.manual_seed(1)
    first = prior.restore(problem, seed=1, progress=False)
    assert float(torch.rand(())) == expected
    np.testing.assert_array_equal(prior.restore(problem, seed=1, progress=False), first)
    assert not np.array_equal(prior.restore(problem, seed=2, progress=False), first)


def test_a_prior_stops_at_its_limit() -> None:
    class Patient(Prior):
        def restore(self, problem: Any, context: Any) -> Restoration:
            while context.time_left() > 0:
                pass
            return Restoration(problem.estimate(), timed_out=True)

    found = pb.load_prior(Patient()).restoration(
        pb.observe(GRAY, Denoise(sigma=10)), minutes=1e-3, progress=False
    )
    assert found.timed_out


def test_what_a_prior_says_is_told(lessons: Any) -> None:
    problem = pb.corrupt(GRAY, "denoise")
    with pytest.raises(ValueError, match=r"the prior raising .*raises KeyError"):
        pb.restore(problem, "raising", progress=False)
    with pytest.raises(pb.NotApplicable, match="gray images only"):
        pb.restore(problem, "refusing", progress=False)


class NotFinite(Prior):
    def restore(self, problem: Any, context: Any) -> Restoration:
        return Restoration(problem.y * float("nan"))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: pb.load_prior("halv"), ValueError, ["'halv'", "mean 'half'"]),
        (lambda: pb.load_prior("student"), ValueError, ["student-1, student-2"]),
        (lambda: pb.load_prior(Same), TypeError, ["Same is a class", "Same(...)"]),
        (lambda: pb.load_prior(3), TypeError, ["int is no prior", "Denoiser", "PatchPrior"]),
        (lambda: pb.load_prior(Same(), level=1), TypeError, ["parameters already"]),
        (lambda: pb.load_prior(Same()).fit([GRAY]), TypeError, ["Same does not learn"]),
        (lambda: pb.load_prior(Mean()).fit([]), ValueError, ["at least one image"]),
        (
            lambda: pb.load_prior(Mean()).fit([GRAY, 255 * GRAY]),
            ValueError,
            ["image 1 has values", "[0, 1]"],
        ),
        (
            lambda: pb.load_prior(Same()).restore(GRAY),
            TypeError,
            ["not an object of type ndarray", "corrupt(image, task)"],
        ),
        (
            lambda: pb.restore(pb.observe(GRAY, Denoise(sigma=5)), Same(), minutes=0),
            ValueError,
            ["minutes must be a positive number"],
        ),
        (
            lambda: pb.restore(pb.observe(GRAY, Denoise(sigma=5)), NotFinite()),
            ArithmeticError,
            ["NotFinite", "NaN"],
        ),
    ],
)
def test_what_cannot_be_done_is_one_message(
    lessons: Any, call: Any, error: type, words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_a_prior_says_what_it_is() -> None:
    prior = pb.load_prior(Flat())
    assert isinstance(prior, LoadedPrior)
    assert (prior.name, prior.kind, prior.learns) == ("Flat", "patch prior", False)
    assert repr(prior) == "<patch prior 'Flat'>"
    assert pb.load_prior(Mean()).learns
    assert pb.load_prior(prior) is prior


def test_samples_are_drawn_by_number_and_seed() -> None:
    problem = pb.corrupt(GRAY, "denoise", sigma=25)
    prior = pb.load_prior("wiener")
    two = prior.sample(problem, 2, progress=False)
    assert [image.shape for image in two] == [GRAY.shape] * 2
    assert not np.array_equal(*two)
    assert np.array_equal(prior.sample(problem, progress=False)[0], two[0])
    assert not np.array_equal(prior.sample(problem, seed=1, progress=False)[0], two[0])
    with pytest.raises(ValueError, match="at least 1"):
        prior.sample(problem, 0)
    with pytest.raises(pb.NotApplicable, match="draws no samples"):
        pb.load_prior("tv").sample(problem, progress=False)


def test_a_sampler_is_chosen_by_name() -> None:
    class Gray(Denoiser):
        def denoise(self, image, sigma):
            return 0.5 + 0.04 / (0.04 + sigma**2) * (image - 0.5)

    problem = pb.corrupt(GRAY, "denoise", sigma=25)
    prior = pb.load_prior(Gray())
    drawn = {each: prior.sample(problem, sampler=each, progress=False)[0] for each in SAMPLERS}
    assert np.array_equal(drawn["gibbs"], prior.sample(problem, progress=False)[0])
    for one, other in itertools.combinations(drawn.values(), 2):
        assert not np.allclose(one, other)
    with pytest.raises(ValueError, match="unknown sampler 'gibs'; did you mean 'gibbs'"):
        prior.sample(problem, sampler="gibs", progress=False)
