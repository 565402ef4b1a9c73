"""A prior that is ready to restore problems in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch

from priorbench.errors import Diverged
from priorbench.interactive.arrays import Form, ImageArray, ImageLike, clean_image
from priorbench.interactive.models import own_errors
from priorbench.interactive.problems import ImageProblem, checked_seed
from priorbench.interactive.progress import ProgressLike, progress_of
from priorbench.jobs.attempt import solve
from priorbench.jobs.draws import draw
from priorbench.jobs.worker import available_threads
from priorbench.plan import PriorPlan
from priorbench.plugins.kinds import kind_of_class
from priorbench.priors import Context, Learned, Restoration
from priorbench.problem import Problem
from priorbench.seeds import derive_seed, seeded
from priorbench.specs.sampler import Sampler
from priorbench.specs.solver_settings import SolverSettings
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status

__all__ = ["LoadedPrior", "Restored"]

NO_PROBLEM = (
    "a problem is restored, not an object of type {}: make one by priorbench.corrupt(image, task), "
    "or of a corrupted image by priorbench.observe(image, task)"
)


@dataclass(frozen=True)
class Restored:
    """All that a restoration gave.

    Args:
        image: the estimate of x, an array of the kind that the problem's image was, float32; it is
            not clipped to [0, 1].
        trace: one mapping for each iteration, for example ``{"iteration": 3, "loss": 0.1}``.
        maps: further images of interest, such as a standard deviation for each pixel.
        seconds: by the clock.
        timed_out: whether it stopped at its time limit, with the best estimate so far.
        solver: the settings of the splitting that was followed, in words; empty if there was none.
        n_parameters: how many numbers were learned, by a fit or from the problem alone; None for
            none.
    """

    image: ImageArray
    trace: Sequence[Mapping[str, float]]
    maps: Mapping[str, torch.Tensor]
    seconds: float
    timed_out: bool
    solver: str
    n_parameters: int | None


class LoadedPrior:
    """A prior that is ready: built, its model loaded, the settings of its solver chosen.

    Made by :func:`.load_prior`.

    Args:
        prior: an object of one of the kinds in :mod:`priorbench.priors`.
        name: its id.
        label: its name in figures; empty means the id.
        solver: settings of the splitting.
        threads: how many it uses; None: as many as torch uses.
        plan: what an experiment says of it; None for an object of the caller's own.

    Attributes:
        prior: the object itself.
        name: its id, for example ``gmm-K50``.
        label: its name in figures.
    """

    def __init__(
        self,
        prior: object,
        name: str,
        label: str = "",
        solver: SolverSettings | None = None,
        threads: int | None = None,
        plan: PriorPlan | None = None,
    ) -> None:
        self.prior, self.name, self.label = prior, name, label or name
        self._solver, self._threads, self._plan = solver or SolverSettings(), threads, plan

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name!r}>"

    @property
    def kind(self) -> str:
        """What it is: ``patch prior``, ``denoiser``, ``generator`` or ``prior``."""
        return str(kind_of_class(type(self.prior)))

    @property
    def learns(self) -> bool:
        """Whether it is fitted to images before it restores."""
        return isinstance(self.prior, Learned)

    def restore(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        progress: ProgressLike = True,
        minutes: float | None = None,
        solver: SolverSettings | None = None,
    ) -> ImageArray:
        """Return the restored image, an array of the kind that the problem's image was.

        The same problem and seed give the same image. It is float32 and not clipped to [0, 1]. The
        global random generators are as before afterwards.

        Args:
            problem: from :func:`.corrupt` or :func:`.observe`, or any other problem, whose
                restoration is an array H × W × C.
            seed: of all that is drawn.
            progress: whether a bar shows how far it is, or a function that is told.
            minutes: a limit, at which a prior that iterates gives its best estimate so far; None
                for none.
            solver: settings of the splitting, where they differ from the prior's own.

        Raises:
            NotApplicable: the prior can't do this task.
            Diverged: the restored image holds NaN or infinite values.
            ValueError: the prior's own code raises; the message says where.
        """
        found = self.restoration(
            problem, seed=seed, progress=progress, minutes=minutes, solver=solver
        )
        return found.image

    def restoration(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        progress: ProgressLike = True,
        minutes: float | None = None,
        solver: SolverSettings | None = None,
    ) -> Restored:
        """Return the restored image with its trace, further images, and what it cost.

        Arguments and errors are those of :meth:`restore`.
        """
        if not isinstance(problem, Problem):
            raise TypeError(NO_PROBLEM.format(type(problem).__name__))
        names = [problem.task] if isinstance(problem, ImageProblem) else []
        drawn = derive_seed(checked_seed(seed), "restore", *names, self.name)
        settings = (solver or SolverSettings()).over(self._solver)
        outcome, result = self.solve(problem, drawn, progress, minutes, settings)
        if outcome.status == Status.DIVERGED:
            raise Diverged(f"{self.name}: {outcome.reason}")
        form = problem.form if isinstance(problem, ImageProblem) else Form()
        return Restored(
            form.give(result.image),
            result.trace,
            result.maps,
            outcome.seconds or 0.0,
            result.timed_out,
            outcome.solver,
            outcome.n_parameters,
        )

    def sample(
        self,
        problem: Problem,
        count: int = 1,
        *,
        sampler: Sampler = "gibbs",
        seed: int = 0,
        progress: ProgressLike = True,
    ) -> list[ImageArray]:
        """Return draws from the posterior: images that y allows and the prior finds likely.

        Each is an array of the kind that the problem's image was, float32 and not clipped to
        [0, 1]. The same problem and seed give the same draws, and more draws begin with the same
        ones.

        Args:
            problem: see :meth:`restore`.
            count: how many.
            sampler: how a denoiser draws: ``gibbs``, ``diffpir``, ``dps`` or ``langevin``; every
                other kind of prior has one way of its own.
            seed: of all that is drawn.
            progress: whether a bar shows how far it is, or a function that is told.

        Raises:
            NotApplicable: the prior can't draw from its posterior, or not with this problem.
            Diverged: a sample holds NaN or infinite values.
            ValueError: the count is below 1, there is no such sampler, or the prior's own code
                raises; the message says where.
        """
        if not isinstance(problem, Problem):
            raise TypeError(NO_PROBLEM.format(type(problem).__name__))
        if count < 1:
            raise ValueError(f"count must be at least 1, not {count}")
        names = [problem.task] if isinstance(problem, ImageProblem) else []
        form = problem.form if isinstance(problem, ImageProblem) else Form()
        drawn: list[ImageArray] = []
        with ExitStack() as around:
            if self._plan is not None:
                around.enter_context(own_errors(self._plan))
            told = around.enter_context(progress_of(progress, f"drawing by {self.label}"))
            around.enter_context(_torch_threads(self._threads))
            around.enter_context(seeded(seed))
            for number in range(count):
                own = derive_seed(checked_seed(seed), "sample", *names, self.name, str(number))
                context = Context.seeded(own, device=problem.y.device, solver=self._solver)
                drawn.append(form.give(draw(self.prior, problem, context, own, sampler)))
                told((number + 1) / count)
        return drawn

    def solve(
        self,
        problem: Problem,
        seed: int,
        progress: ProgressLike = False,
        minutes: float | None = None,
        solver: SolverSettings | None = None,
    ) -> tuple[Outcome, Restoration]:
        """Return how a restoration ended and what it gave, as tensors.

        Args:
            problem: any problem.
            seed: of all that is drawn, as it is.
            progress: see :meth:`restore`.
            minutes: see :meth:`restore`.
            solver: all settings of the splitting; None for the prior's own.
        """
        if minutes is not None and not minutes > 0:
            raise ValueError(f"minutes must be a positive number, not {minutes}")
        limit = math.inf if minutes is None else 60 * minutes
        deadline = None if minutes is None else time.monotonic() + limit
        with ExitStack() as around:
            if self._plan is not None:
                around.enter_context(own_errors(self._plan))
            told = around.enter_context(progress_of(progress, f"restoring by {self.label}"))
            around.enter_context(_torch_threads(self._threads))
            around.enter_context(seeded(seed))
            context = Context.seeded(
                seed,
                told,
                device=problem.y.device,
                deadline=deadline,
                solver=solver or self._solver,
            )
            return solve(self.prior, problem, context, seed, "restore", limit)

    def fit(
        self, images: Sequence[ImageLike], *, seed: int = 0, progress: ProgressLike = True
    ) -> list[dict[str, float]]:
        """Fit the prior to images, in this process, and return its training curve.

        For an object of one's own. A registered prior is trained by ``load_prior(…, train=True)``,
        whose model is kept.

        Args:
            images: clean ones of any sizes, see :func:`.corrupt`.
            seed: of all that is drawn.
            progress: see :meth:`restore`.

        Raises:
            TypeError: the prior does not learn.
            ValueError: there are no images, or one can't be used.
        """
        if not isinstance(self.prior, Learned):
            raise TypeError(f"{self.name} does not learn: it restores without a fit")
        if len(images) == 0:
            raise ValueError("give at least one image to fit to")
        clean = [clean_image(image, f"image {number}").image for number, image in enumerate(images)]
        drawn = derive_seed(checked_seed(seed), "train", self.name)
        rows: list[dict[str, float]] = []
        with (
            progress_of(progress, f"fitting {self.label}") as told,
            _torch_threads(self._threads),
            seeded(drawn),
        ):
            rows += [dict(row) for row in self.prior.fit(clean, Context.seeded(drawn, told))]
        return rows


@contextmanager
def _torch_threads(wanted: int | None) -> Iterator[None]:
    """Let torch use this many threads, or as many as there are, for a while."""
    before = torch.get_num_threads()
    if wanted is not None:
        torch.set_num_threads(available_threads(wanted))
    try:
        yield
    finally:
        torch.set_num_threads(before)
