"""Restore photographs of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from priorbench.config import Experiment
from priorbench.data.export import write_picture
from priorbench.data.images import read_picture
from priorbench.data.tensors import read_tensor, to_array, to_tensor
from priorbench.errors import NotApplicable, in_brief, raise_if_storage
from priorbench.interactive.arrays import Form, Given
from priorbench.interactive.loading import loaded
from priorbench.interactive.models import ModelState, model_state
from priorbench.interactive.names import plan_of
from priorbench.interactive.prior import LoadedPrior
from priorbench.interactive.problems import ImageProblem, observed, posed
from priorbench.interactive.progress import progress_bar
from priorbench.interactive.scores import psnr_of
from priorbench.metrics.consistency import residual
from priorbench.photographs.advice import able_priors, advice
from priorbench.photographs.files import Target, check_outputs, photographs
from priorbench.photographs.observation import hides_nothing, picture_of
from priorbench.photographs.request import Request
from priorbench.photographs.sheet import Cell, contact_sheet
from priorbench.photographs.tasks import estimates_sigma, task_for, task_of
from priorbench.photographs.terminal import say
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.variants import Variant
from priorbench.seeds import derive_seed
from priorbench.specs import TaskSpec
from priorbench.tasks import Task
from priorbench.tasks.files import read_mask
from priorbench.types import Image


def restore_photographs(experiment: Experiment, request: Request) -> None:
    """Write the restoration of each photograph by each prior.

    What is drawn at random depends on the experiment's seed, the file's name, the id of the task
    with these parameters and the prior. The PSNR that is printed is the workflow's: of the written
    file, by the protocol of the task.

    Args:
        experiment: the experiment whose priors and models are used.
        request: what is restored, and how.

    Raises:
        ValueError: a name is unknown, or a photograph can't be restored so; of several, the others
            are.
        OSError: an output can't be written; found before the work.
        PluginError: a prior's own code raises.
    """
    if request.guide is not None and not request.observed:
        raise ValueError("a guide goes with --observed; otherwise the task makes its own")
    plan, priors = plan_of(experiment, request.priors)
    _Studio(plan, priors, request).run()


@dataclass(frozen=True)
class _Shot:
    """A photograph, its task and its problem; ``clean`` is None where it was observed."""

    name: str
    path: Path
    variant: Variant[TaskSpec]
    problem: ImageProblem
    clean: Image | None


class _Studio:
    """The priors, the task and the files of one request."""

    def __init__(self, plan: Plan, priors: Sequence[PriorPlan], request: Request) -> None:
        self.plan, self.priors, self.request = plan, priors, request
        self.photographs = photographs(request.sources)
        self.variant = task_of(plan, request)
        self.output = self._target(request.output)
        self.corrupted = None if request.corrupted is None else self._target(request.corrupted)
        self._check_outputs()
        self.task: Task = self.variant.build()
        if request.guide is not None and not self.task.guided:
            raise ValueError(f"{request.task} takes no guide; use the task denoise-guided")
        self.loaded: dict[str, LoadedPrior] = {}

    def run(self) -> None:
        """Restore all; of several photographs, one that fails is reported and the others go on."""
        files, rows, failed = self.photographs.files, list[list[Cell]](), list[str]()
        if self.photographs.passed_over:
            say(f"passed over: {in_brief(self.photographs.passed_over)}")
        for name, path in files.items():
            try:
                row = self._restore(self._shot(name, path))
                if self.request.sheet is not None:
                    rows.append(row)
            except (ValueError, OSError) as error:
                raise_if_storage(error)
                if len(files) == 1:
                    raise
                say(f"{path}: {error}")
                failed.append(str(path))
        if rows and self.request.sheet is not None:
            write_picture(self.request.sheet, contact_sheet(rows), bits=8)
        if failed:
            raise ValueError(
                f"{len(failed)} of {len(files)} photographs are not restored: {in_brief(failed)}"
            )

    def _target(self, path: Path) -> Target:
        many = len(self.photographs.files) > 1
        return Target.of(path, many, self.request.suffix, self.request.bits)

    def _restored(self, name: str, prior: PriorPlan) -> Path:
        return self.output.file(name, prior.id if len(self.priors) > 1 else "")

    def _check_outputs(self) -> None:
        request, spec, names = self.request, self.variant.spec, self.photographs.files
        outputs = [self._restored(name, prior) for name in names for prior in self.priors]
        if self.corrupted is not None:
            outputs += [self.corrupted.file(name) for name in names]
        if request.sheet is not None:
            Target.of(request.sheet, False, request.suffix, 8)
            outputs.append(request.sheet)
        inputs = [*names.values(), request.mask, request.guide]
        if spec.files is not None:
            inputs += spec.files(spec.parameters(**self.variant.parameters))
        check_outputs(outputs, [path for path in inputs if path is not None], request.force)

    def _seed(self, *names: str) -> int:
        return derive_seed(self.plan.experiment.seed, "photograph", *names)

    def _shot(self, name: str, path: Path) -> _Shot:
        """Return the problem of a photograph."""
        if self.request.observed:
            return self._observed(name, path)
        seed = self._seed(path.name, self.variant.id)
        made = posed(self.task, self.variant.id, Given(read_tensor(path), Form()), seed)
        return _Shot(name, path, self.variant, made.problem, made.clean)

    def _observed(self, name: str, path: Path) -> _Shot:
        """Return the problem of a photograph that is corrupted.

        Its transparent pixels are missing where the task has missing pixels and no other mask.
        """
        request, picture = self.request, read_picture(path)
        image, known = to_tensor(picture.on_white()), None
        if "mask" not in self.variant.parameters:
            if request.mask is not None:
                known = read_mask(request.mask)
            elif self.task.masked and picture.alpha is not None:
                known, image = torch.from_numpy(picture.alpha > 0.5), to_tensor(picture.colour)
        guide = None if request.guide is None else read_tensor(request.guide)
        mask = None if known is None else known[None, None].float()
        variant, task = self.variant, self.task
        if estimates_sigma(request, task):
            variant = task_for(self.plan, request, task, image)
            task = variant.build()
            say(f"{path}: σ is estimated as {variant.parameters['sigma']:.4g}")
        problem = observed(task, variant.id, Given(image, Form()), mask, guide)
        return _Shot(name, path, variant, problem, None)

    def _restore(self, shot: _Shot) -> list[Cell]:
        """Restore one photograph by all priors, write its pictures, and return them."""
        if self.task.masked and hides_nothing(shot.problem):
            say(f"{shot.path}: the mask hides nothing, every pixel is known")
        colour, known = picture_of(shot.problem)
        bits, clean = self.request.bits, shot.clean
        if self.corrupted is not None:
            write_picture(self.corrupted.file(shot.name), colour, bits=bits, alpha=known)
        row = [Cell(colour, "observed")]
        for prior in self.priors:
            image = self._solve(shot, prior)
            path = self._restored(shot.name, prior)
            write_picture(path, to_array(image), bits=bits)
            score = "" if clean is None else f"PSNR {_psnr(read_tensor(path), clean, shot.problem)}"
            row.append(Cell(to_array(image), f"{prior.label}  {score}".strip()))
            self._report(shot, path, image, score)
        return row if clean is None else [*row, Cell(to_array(clean), "clean")]

    def _solve(self, shot: _Shot, prior: PriorPlan) -> Image:
        if prior.id not in self.loaded:
            self.loaded[prior.id] = self._load(prior)
        seed = self._seed(shot.path.name, shot.variant.id, prior.id)
        try:
            with progress_bar(f"{prior.label} on {shot.path.name}") as told:
                outcome, result = self.loaded[prior.id].solve(shot.problem, seed, told)
        except NotApplicable as error:
            if shot.problem.linear_operator is not None:
                raise
            able = able_priors(self.plan, shot.variant, shot.problem)
            others = f"; {', '.join(able)} can do it" if able else ""
            raise NotApplicable(f"{prior.id} {error}{others}") from error
        if not outcome.ok:
            raise ValueError(f"{prior.id}: {outcome.reason}")
        return result.image

    def _load(self, prior: PriorPlan) -> LoadedPrior:
        """Return a prior with its model, which is trained if it has to be."""
        if model_state(self.plan, prior) in (ModelState.MISSING, ModelState.OUT_OF_DATE):
            folder = self.plan.layout.model(prior.id).parent
            say(f"{prior.id} is not trained yet: training it on {prior.train_on}, in {folder}")
        return loaded(self.plan, prior, progress=True)

    def _report(self, shot: _Shot, path: Path, image: Image, score: str) -> None:
        """Print how good a restoration is, as far as that is known."""
        parts = []
        if shot.clean is not None:
            before = _psnr(shot.problem.estimate(), shot.clean, shot.problem)
            after = score.removeprefix("PSNR ")
            parts.append(f"PSNR {before} → {after}{_protocol(shot.clean, self.task)}")
        hint = ""
        try:
            explained = residual(image, shot.problem)
        except NotApplicable:
            pass
        else:
            parts.append(f"residual {explained:.2f}")
            if shot.clean is None:
                hint = advice(explained, shot.variant.parameters)
        say(": ".join(filter(None, (str(path), ", ".join(parts)))))
        if hint:
            say(hint)


def _psnr(shown: Image, clean: Image, problem: ImageProblem) -> str:
    """Return the PSNR of an image by the protocol of the task, or why there is none."""
    try:
        return f"{psnr_of(shown, clean, problem.border, problem.luminance):.2f} dB"
    except ValueError as error:
        return f"none ({error})"


def _protocol(clean: Image, task: Task) -> str:
    """Return which part of an image the task's protocol compares, unless it is the whole image."""
    rows, columns = task.border
    parts = ["of the luma"] if task.luminance and clean.shape[1] == 3 else []
    if rows or columns:
        parts.append(f"without {rows} × {columns} pixels at each side")
    return f" ({', '.join(parts)})" if parts else ""
