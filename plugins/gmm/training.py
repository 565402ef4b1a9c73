"""Fit a mixture to patches drawn from images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor

from priorbench.numerics.patches import PatchSet, draw_patches, mean_free_basis, principal_axes
from priorbench.numerics.patience import Patience
from priorbench.priors import Context
from priorbench.types import AnyImage, Patches

from .em import Moments, State, Step, assigned, em, log_likelihood
from .mixture import Mixture
from .mstep import Maximise, MaximiseScales
from .parameters import GMMParameters
from .start import grow, plus_plus_labels, random_labels

PATCHES_IN_A_START = 100_000
"""A start sees no more of them, and holds all of those at once."""
CRITERION = "held_out_log_likelihood"
COLUMNS = ("iteration", "train_log_likelihood", CRITERION, "seconds", "reseeded")

Row = Mapping[str, float]


def train(
    options: GMMParameters, images: Sequence[AnyImage], context: Context
) -> Iterator[tuple[Mixture, Row]]:
    """Yield the best mixture so far and the row of the training curve after each pass of EM.

    The mixture is that of u = Bᵀx; see :func:`priorbench.numerics.patches.mean_free_basis`. A row
    holds ``iteration``, ``train_log_likelihood`` (of each batch before it was learned from) and
    ``held_out_log_likelihood`` in nats per patch, ``seconds`` and ``reseeded`` components. A run
    that goes on from a checkpoint gives what the whole run would have.

    Raises:
        ValueError: an image has two or more than three channels, none is as large as a patch, or
            there are fewer training patches than components.
    """
    drawn, measured = draw_patches(
        images,
        options.patch_size,
        options.n_patches,
        options.held_out,
        context.generator,
        options.grid,
    )
    if len(drawn) < options.n_components:
        raise ValueError(
            f"{len(drawn)} training patches are too few for {options.n_components} components: "
            f"give larger images, more patches (n_patches) or fewer components"
        )
    space = _Whitened(drawn, options, context.device)
    state, best, rows = _restore(context.checkpoint.load()) or _start(
        options, space, drawn, measured, context
    )
    yield from ((space.unwhiten(best), row) for row in rows)
    seen = (row[CRITERION] for row in rows)
    patience = Patience(options.patience, options.tolerance, seen)
    passes = space.em(state, drawn)
    while len(rows) < options.iterations and not patience.exhausted:
        step = next(passes)
        row = space.row(len(rows) + 1, step, measured)
        if patience.is_best(row[CRITERION]):
            best = step.mixture
        rows.append(row)
        context.checkpoint.save(partial(_to_tensors, state, best, rows))
        context.progress(len(rows) / options.iterations)
        yield space.unwhiten(best), row
    context.progress(1.0)


class _Whitened:
    """The coordinates v = u / scale of EM: principal components of variance 1."""

    def __init__(self, drawn: PatchSet, options: GMMParameters, device: torch.device) -> None:
        axes, variances = principal_axes(drawn)
        self.scale = variances.clamp(min=options.floor).sqrt()
        self._axes = mean_free_basis(options.patch_size**2).mT @ axes.mT * self.scale
        self._projection = (axes.mT / self.scale).to(device, torch.float32)
        self._options = options
        full = Maximise(self.scale, options.floor, options.shrinkage)
        self.maximise: Callable[[Moments], Mixture] = full
        if options.covariances == "scaled":
            self.maximise = MaximiseScales(full)

    def project(self, patches: Patches) -> Tensor:
        """Return v of each patch, one a column."""
        return torch.mm(
            self._projection.mT, (patches - patches.mean(1, keepdim=True)).to(self._projection).mT
        )

    def batches(self, patches: PatchSet) -> Iterable[Tensor]:
        """Yield v of all patches, a batch at a time."""
        return map(self.project, patches.batches(self._options.batch))

    def em(self, state: State, drawn: PatchSet) -> Iterator[Step]:
        """Yield the passes of EM over the patches."""
        return em(state, lambda: self.batches(drawn), self.maximise)

    def row(self, iteration: int, step: Step, measured: PatchSet) -> Row:
        """Return the row of the training curve."""
        log_det = -float(self.scale.log().sum())
        held_out = log_likelihood(step.mixture, self.batches(measured))
        values = (iteration, step.train + log_det, held_out + log_det, step.seconds, step.reseeded)
        return dict(zip(COLUMNS, values, strict=True))

    def unwhiten(self, mixture: Mixture) -> Mixture:
        """Return a mixture of v as that of u."""
        return Mixture(mixture.weights, self._axes @ mixture.covariances @ self._axes.mT)


def _start(
    options: GMMParameters, space: _Whitened, drawn: PatchSet, measured: PatchSet, context: Context
) -> tuple[State, Mixture, list[Row]]:
    """Return the best of the starts, after its first pass where there are several."""
    mixtures = [_first(options, space, drawn, context.generator) for _ in range(options.restarts)]
    if len(mixtures) > 1:
        tried = [next(space.em(State(mixture), drawn)).mixture for mixture in mixtures]
        likelihoods = [log_likelihood(mixture, space.batches(measured)) for mixture in tried]
        mixtures = [mixtures[likelihoods.index(max(likelihoods))]]
    return State(mixtures[0]), mixtures[0], []


def _first(
    options: GMMParameters, space: _Whitened, drawn: PatchSet, generator: torch.Generator
) -> Mixture:
    vectors = space.project(drawn[:PATCHES_IN_A_START])
    components = options.n_components
    if options.start == "split":
        batches = torch.split(vectors, options.batch, dim=1)
        one = assigned(torch.zeros(vectors.shape[1], dtype=torch.long), 1, vectors)
        return grow(one, components, lambda: batches, space.maximise, generator)
    if options.start == "random":
        labels = random_labels(vectors, components, generator)
    else:
        smallest = float((options.floor / space.scale.square()).sum().sqrt())
        labels = plus_plus_labels(vectors, components, generator, smallest)
    return space.maximise(assigned(labels, components, vectors))


def _to_tensors(state: State, best: Mixture, rows: Sequence[Row]) -> Mapping[str, Tensor]:
    return {
        "weights": state.mixture.weights,
        "covariances": state.mixture.covariances,
        "batches": torch.stack([state.batches[number] for number in sorted(state.batches)]),
        "best.weights": best.weights,
        "best.covariances": best.covariances,
        "rows": torch.tensor(
            [[row[column] for column in COLUMNS] for row in rows], dtype=torch.float64
        ),
    }


def _restore(saved: Mapping[str, Tensor] | None) -> tuple[State, Mixture, list[Row]] | None:
    if saved is None:
        return None
    state = State(
        Mixture(saved["weights"], saved["covariances"]), dict(enumerate(saved["batches"]))
    )
    rows: list[Row] = [dict(zip(COLUMNS, row, strict=True)) for row in saved["rows"].tolist()]
    return state, Mixture(saved["best.weights"], saved["best.covariances"]), rows
