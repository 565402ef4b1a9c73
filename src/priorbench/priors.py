"""The kinds of prior. An author subclasses one; the library turns it into a restoration.

| kind | the author writes | the library adds |
| --- | --- | --- |
| :class:`PatchPrior` | ``log_prob``, ``map_estimate`` | EPLL on every linear task |
| :class:`Denoiser` | ``denoise`` | plug-and-play on every linear task |
| :class:`Generator` | ``decode``, better also ``encode`` | latent search on every linear task |
| :class:`Prior` | ``restore`` | nothing: full freedom |

A prior that learns is also :class:`Learned`, one that draws tiles from nothing :class:`DrawsTiles`.

Plugins of one file import this module wherever they are registered, so it imports torch only where
something is computed: planning a run and drawing its figures do without.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from priorbench.errors import NotApplicable
from priorbench.specs.solver_settings import SolverSettings, SplittingSettings
from priorbench.store.checkpoints import Checkpoint
from priorbench.store.files import write_atomically

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    # Fits have no problem: without this import a change of an operator trains nothing again.
    from priorbench.problem import Problem
    from priorbench.types import AnyImage, Codes, Image, Patches, Scores, Tiles

__all__ = [
    "HELD_OUT_LOG_LIKELIHOOD",
    "Context",
    "Denoiser",
    "DrawsTiles",
    "Generator",
    "Learned",
    "PatchPrior",
    "Prior",
    "Progress",
    "Restoration",
    "silent",
]

HELD_OUT_LOG_LIKELIHOOD = "held_out_log_likelihood"
"""Column of the training curve of a density: mean log-likelihood of held-out patches, in nats."""
Estimator = Literal["mmse", "smoother"]
"""What a denoiser returns: the posterior mean, or the image with less variation."""
Density = Literal["exact", "bound"]
"""What a density returns: log p, or a lower bound."""


def cpu() -> torch.device:
    """Return the device of the processor."""
    import torch

    return torch.device("cpu")


@runtime_checkable
class Progress(Protocol):
    """Receives the progress of a computation."""

    def __call__(self, fraction: float, /, **values: float) -> None:
        """Take the fraction done, from 0 to 1, and numbers worth watching, for example a loss."""


def silent(fraction: float, /, **values: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Context:
    """What the library hands to a prior beside the problem or the images.

    Args:
        generator: the source of all randomness; seeded by the names of the cell. The global
            generators of ``random``, ``numpy.random`` and torch are seeded too, for code that draws
            from them.
        progress: call it with the fraction done, from 0 to 1, and with numbers worth watching, if
            there are any.
        checkpoint: where a long computation keeps what it needs to go on after a kill.
        device: where to compute: a GPU in a job that was given one. The tensors of a problem lie
            there already.
        deadline: when a restoration should give what it has, on the clock of ``time.monotonic``;
            None for no limit. Somewhat later its process is killed.
        solver: settings of the splitting, for solvers that are given no schedule.
    """

    generator: torch.Generator
    progress: Progress = silent
    checkpoint: Checkpoint = field(default_factory=Checkpoint)
    device: torch.device = field(default_factory=cpu)
    deadline: float | None = None
    solver: SolverSettings = field(default_factory=SolverSettings)

    @classmethod
    def seeded(
        cls,
        seed: int,
        progress: Progress = silent,
        checkpoint: Checkpoint | None = None,
        device: torch.device | None = None,
        deadline: float | None = None,
        solver: SolverSettings | None = None,
    ) -> Context:
        """Return a context whose generator, on the CPU everywhere, starts from ``seed``."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        return cls(
            generator,
            progress,
            checkpoint or Checkpoint(),
            device or cpu(),
            deadline,
            solver or SolverSettings(),
        )

    def time_left(self) -> float:
        """Return the seconds until the deadline: negative after it, infinite without one."""
        return math.inf if self.deadline is None else self.deadline - time.monotonic()


@dataclass(frozen=True)
class Restoration:
    """What a restoration gives back.

    Args:
        image: the estimate of x, B × C × H × W.
        trace: one mapping for each iteration, for example ``{"iteration": 3, "loss": 0.1}``.
        maps: further images of interest, for example a standard deviation for each pixel.
        timed_out: whether it stopped at the context's deadline; the image is then the best estimate
            so far. It is kept and scored, and counted as a time-out.
        n_parameters: how many numbers were fitted to this problem alone, such as the weights of a
            network that is trained on the observation; None for none. Those of a model that was
            learned before are counted by :meth:`Learned.n_parameters`.
        solver: the settings of the splitting that was followed; None if there was none.
    """

    image: Image
    trace: Sequence[Mapping[str, float]] = ()
    maps: Mapping[str, Tensor] = field(default_factory=dict)
    timed_out: bool = False
    n_parameters: int | None = None
    solver: SplittingSettings | None = None


class Prior(ABC):
    """A prior that restores a problem by itself."""

    @abstractmethod
    def restore(self, problem: Problem, context: Context) -> Restoration:
        """Return an estimate of x."""

    def posterior_sample(self, problem: Problem, context: Context) -> Image:
        """Return a draw of x given y, 1 × C × H × W, by the context's generator.

        Raises:
            NotApplicable: this prior can't draw.
        """
        raise NotApplicable(f"{type(self).__qualname__} draws no samples of the posterior")


class Denoiser(ABC):
    """A prior known through its denoiser; plug-and-play makes it restore every linear problem.

    Attributes:
        sigma_range: least and greatest σ, on [0, 1], that ``denoise`` was made for. The solver asks
            for the nearest σ in it. A network for one σ gives that σ twice; by default any is fine.
        estimator: ``mmse`` if it estimates the posterior mean, such as a network that was trained
            on squared errors; ``smoother`` if it shrinks variation, such as total variation's
            proximal map, wavelet shrinkage or an average. The solver's default settings differ, see
            docs/explanation/solvers.md.
        blind: whether ``denoise`` ignores its σ, such as a median filter or a network that is not
            told it. Its strength can't follow the solver's falling levels.
    """

    sigma_range: tuple[float, float] = (0.0, math.inf)
    estimator: Estimator = "mmse"
    blind: bool = False

    @abstractmethod
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return ``image`` without its white Gaussian noise of standard deviation ``sigma``.

        Args:
            image: B × C × H × W; values may leave [0, 1].
            sigma: σ on the scale of [0, 1].
        """


class Generator(ABC):
    """A generator of square gray tiles; latent search makes it restore every linear problem.

    Tiles have no mean: it has a flat prior, and the solver finds it. Latent codes are standard
    normal.

    Attributes:
        tile_size: side T of a tile in pixels.
        latent_size: dimensions L of a code.
    """

    tile_size: int
    latent_size: int

    @abstractmethod
    def decode(self, z: Codes) -> Tiles:
        """Return the tiles, N × T × T, of codes, N × L; differentiable."""

    def encode(self, tiles: Tiles, sigma: float) -> Codes:
        """Return codes, N × L, to begin a search with; by default the most likely ones, 0.

        Args:
            tiles: N × T × T.
            sigma: σ of the noise that they are thought to have, on [0, 1].
        """
        return tiles.new_zeros(len(tiles), self.latent_size)

    def deviation(self, z: Codes) -> float:
        """Return the standard deviation, on [0, 1], of a pixel from what is generated.

        By default 0: images are exactly what is generated.
        """
        return 0.0


class DrawsTiles(ABC):
    """A prior that draws square gray tiles from nothing; combine it with one of the kinds."""

    @abstractmethod
    def sample_tiles(self, count: int, generator: torch.Generator) -> Tiles:
        """Return tiles, N × T × T, in float32, with or without their means."""


class PatchPrior(ABC):
    """A density of square gray patches; EPLL makes it restore every linear problem.

    Attributes:
        patch_size: side of a patch in pixels; D = patch_size².
        stride: EPLL estimates one of stride² patches, on a jittered grid that is new in each
            iteration; 1 for all, at most patch_size.
        density: ``bound`` where :meth:`log_prob` gives a lower bound.
    """

    patch_size: int
    stride: int = 1
    density: Density = "exact"

    @abstractmethod
    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch, in nats."""

    @abstractmethod
    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return argmax_z log p(z) − ‖z − x‖² / 2s for each patch x, with s the noise variance."""

    def adapted(self, patches: Patches, noise_variance: float) -> PatchPrior:
        """Return the prior to restore an image with, given patches of it; by default this one.

        Args:
            patches: of the image's first estimate, N × D.
            noise_variance: of the white noise they are thought to have.
        """
        return self

    def posterior_sample(
        self, patches: Patches, noise_variance: float, generator: torch.Generator
    ) -> Patches:
        """Return one draw of z ∝ p(z) exp(−‖z − x‖² / 2s) for each patch x, s the noise variance.

        Raises:
            NotApplicable: this prior can't draw.
        """
        raise NotApplicable(f"{type(self).__qualname__} draws no samples of the posterior")

    def sample(self, count: int, generator: torch.Generator) -> Patches:
        """Return patches drawn from p, in float32; those of a density without the mean have mean 0.

        Raises:
            NotApplicable: this prior can't draw.
        """
        raise NotApplicable(f"{type(self).__qualname__} can't draw patches")


class Learned(ABC):
    """A prior that is fitted to images before it restores; combine it with one of the kinds.

    The two ``state_dict`` methods are those of ``torch.nn.Module``, so a module has them already.
    """

    @abstractmethod
    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Fit to ``images`` and yield one row of the training curve for each iteration.

        A patch prior that reports :data:`HELD_OUT_LOG_LIKELIHOOD` takes part in the studies that
        compare the likelihoods of patch models.

        Args:
            images: clean training images, each 1 × C × H × W, of any sizes.
            context: randomness and progress.

        Raises:
            ValueError: the images are too few or too small.
        """

    @abstractmethod
    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the tensors that make up the fitted model."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Tensor]) -> object:
        """Take over the tensors of a fitted model.

        Raises:
            ValueError: the tensors don't fit this prior's parameters.
        """

    def n_parameters(self) -> int:
        """Return how many numbers were learned, for the table of costs.

        By default all floating-point numbers of :meth:`state_dict`. Override it where that has some
        twice, such as the two halves of a symmetric matrix.
        """
        return sum(
            tensor.numel() for tensor in self.state_dict().values() if tensor.is_floating_point()
        )

    def save(self, path: Path) -> None:
        """Write the fitted model as safetensors, atomically."""
        from safetensors.torch import save

        # safetensors writes dense tensors of the CPU.
        tensors = {
            key: value.detach().cpu().contiguous() for key, value in self.state_dict().items()
        }
        write_atomically(path, save(tensors))

    def load(self, path: Path) -> None:
        """Read a model that ``save`` wrote. The format holds numbers only, so reading runs no code.

        Raises:
            ValueError: the file is cut off, is no safetensors file, or belongs to other parameters.
        """
        from safetensors.torch import load

        try:
            state = load(Path(path).read_bytes())
        except OSError:
            raise
        except Exception as error:
            raise ValueError(f"{path} is not a whole safetensors model: {error}") from error
        try:
            self.load_state_dict(state)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ValueError(f"{path} does not fit this prior: {error}") from error
