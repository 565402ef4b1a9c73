"""Restore photographs of the user's own, with a progress bar."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from priorbench.config import Experiment
from priorbench.data.export import write_picture
from priorbench.data.images import read_picture
from priorbench.data.tensors import read_tensor, to_array, to_tensor
from priorbench.errors import NotApplicable, in_brief, raise_if_storage
from priorbench.jobs.attempt import solve
from priorbench.jobs.log import in_words
from priorbench.jobs.ready import solver_so_far
from priorbench.jobs.worker import available_threads
from priorbench.metrics.consistency import residual
from priorbench.metrics.fidelity import psnr
from priorbench.metrics.protocol import compared
from priorbench.photographs.advice import able_priors, advice
from priorbench.photographs.files import Photographs, Target, check_outputs, photographs
from priorbench.photographs.names import find_task, plan_of
from priorbench.photographs.observation import hides_nothing, picture_of
from priorbench.photographs.sheet import Cell, contact_sheet
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.variants import Variant
from priorbench.plugins.registry import PluginError
from priorbench.plugins.tracebacks import short_traceback
from priorbench.priors import Context, Progress
from priorbench.problem import Problem
from priorbench.seeds import derive_seed, seeded
from priorbench.specs import TaskSpec
from priorbench.stages.prepare import prepare
from priorbench.stages.train import train
from priorbench.store.files import read_json
from priorbench.tasks import Task
from priorbench.tasks.files import read_mask
from priorbench.types import Image

console = Console(stderr=True)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asks for.

    Args:
        sources: photographs and folders of them, gray or colour.
        output: the restored image, or a folder for several.
        task: name or id of a task.
        parameters: parameters of the task, where they differ from the id's or the defaults.
        priors: ids, labels or names of priors; one that learns is trained if it has no model yet.
        observed: whether the photographs are corrupted already.
        mask: white and opaque where a pixel is known: of an observed photograph, or the task's own.
        guide: a flash photograph of the scene of an observed photograph, of the same size.
        corrupted: where to keep what was observed, an image or a folder for several.
        sheet: where to put all pictures side by side.
        suffix: of the pictures in a folder.
        bits: of the pictures; None for the most that their format has.
        force: whether an input may be overwritten.
    """

    sources: Sequence[Path]
    output: Path
    task: str
    priors: Sequence[str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    observed: bool = False
    mask: Path | None = None
    guide: Path | None = None
    corrupted: Path | None = None
    sheet: Path | None = None
    suffix: str = ".png"
    bits: int | None = None
    force: bool = False


def restore_photographs(experiment: Experiment, request: Request) -> None:
    """Write the restoration of each photograph by each prior.

    What is drawn at random depends on the experiment's seed, the file's name, the id of the task with these
    parameters and the prior, however the task was asked for. The PSNR that is printed is the workflow's: of the
    written file, by the protocol of the task.

    Args:
        experiment: the experiment whose priors and models are used.
        request: what is restored, and how.

    Raises:
        ValueError: a name is unknown, or a photograph can't be restored so; of several, the others are.
        OSError: an output can't be written; found before the work.
        PluginError: a prior's own code raises.
    """
    if request.guide is not None and not request.observed:
        raise ValueError("a guide goes with --observed; otherwise the task makes its own")
    plan, priors = plan_of(experiment, request.priors)
    _Studio(plan, priors, request).run()


@dataclass(frozen=True)
class _Shot:
    """A photograph and its problem; ``clean`` is None where it was observed."""

    name: str
    path: Path
    problem: Problem
    clean: Image | None


class _Studio:
    """The priors, the task and the files of one request."""

    def __init__(self, plan: Plan, priors: Sequence[PriorPlan], request: Request) -> None:
        self.plan, self.priors, self.request = plan, priors, request
        self.photographs: Photographs = photographs(request.sources)
        many = len(self.photographs.files) > 1
        suffix, bits = request.suffix, request.bits
        self.output = Target.of(request.output, many, suffix, bits)
        kept = request.corrupted
        self.corrupted = None if kept is None else Target.of(kept, many, suffix, bits)
        self.variant: Variant[TaskSpec] = find_task(
            plan, request.task, self._parameters(), request.observed
        )
        self._check_outputs()
        self.corruption: Task = self.variant.build()
        if request.guide is not None and not self.corruption.guided:
            raise ValueError(f"{request.task} takes no guide; use the task denoise-guided")
        self.models: dict[str, Any] = {}
        self.rows: list[list[Cell]] = []

    def run(self) -> None:
        """Restore all; of several photographs, one that can't be is told, and the others go on."""
        if self.photographs.passed_over:
            console.print(f"passed over: {in_brief(self.photographs.passed_over)}", soft_wrap=True)
        failed = []
        for name, path in self.photographs.files.items():
            try:
                self._restore(self._shot(name, path))
            except (ValueError, OSError) as error:
                raise_if_storage(error)
                if len(self.photographs.files) == 1:
                    raise
                console.print(f"{path}: {error}", highlight=False, soft_wrap=True, markup=False)
                failed.append(str(path))
        if self.request.sheet is not None and self.rows:
            write_picture(self.request.sheet, contact_sheet(self.rows), bits=8)
        if failed:
            count = f"{len(failed)} of {len(self.photographs.files)}"
            raise ValueError(f"{count} photographs are not restored: {in_brief(failed)}")

    def _parameters(self) -> dict[str, Any]:
        """Return the task's parameters, the mask among them where it is one of them."""
        request, parameters = self.request, dict(self.request.parameters)
        if request.mask is None:
            return parameters
        entry = self.plan.registry.tasks.get(request.task)
        planned = self.plan.tasks.get(request.task)
        record = planned.spec if planned else entry.spec if entry else None
        if record is not None and "mask" in record.parameters.model_fields:
            parameters["mask"] = str(request.mask)
        elif not request.observed:
            raise ValueError(
                "a mask goes with --observed, or with the task inpaint-mask; this task makes its own"
            )
        return parameters

    def _restored(self, name: str, prior: PriorPlan) -> Path:
        return self.output.file(name, prior.id if len(self.priors) > 1 else "")

    def _check_outputs(self) -> None:
        request = self.request
        outputs = [
            self._restored(name, one) for name in self.photographs.files for one in self.priors
        ]
        if self.corrupted is not None:
            outputs += [self.corrupted.file(name) for name in self.photographs.files]
        if request.sheet is not None:
            Target.of(request.sheet, False, request.suffix, 8)
            outputs.append(request.sheet)
        inputs = [*self.photographs.files.values(), request.mask, request.guide]
        record = self.variant.spec
        if record.files is not None:
            inputs += record.files(record.parameters(**self.variant.parameters))
        check_outputs(outputs, [path for path in inputs if path is not None], request.force)

    def _shot(self, name: str, path: Path) -> _Shot:
        """Return the problem of a photograph."""
        if self.request.observed:
            return _Shot(name, path, self._observed(path), None)
        drawn = derive_seed(self.plan.experiment.seed, "photograph", path.name, self.variant.id)
        clean = self.corruption.fit(read_tensor(path))
        with seeded(drawn):
            problem = self.corruption.corrupt(clean, torch.Generator().manual_seed(drawn))
        return _Shot(name, path, problem, clean)

    def _observed(self, path: Path) -> Problem:
        """Return the problem of a photograph that is corrupted; its transparent pixels are missing, if any can be."""
        request, picture = self.request, read_picture(path)
        own = "mask" in self.variant.parameters
        known = None if request.mask is None or own else read_mask(request.mask)
        image = to_tensor(picture.on_white())
        if self.corruption.masked and not own and known is None and picture.alpha is not None:
            known, image = torch.from_numpy(picture.alpha > 0.5), to_tensor(picture.colour)
        guides = {} if request.guide is None else {"guide": read_tensor(request.guide)}
        mask = None if known is None else known[None, None].float()
        return self.corruption.observe(image, mask, **guides)

    def _restore(self, shot: _Shot) -> None:
        """Restore one photograph by all priors, and write what is asked for."""
        problem = shot.problem
        if self.corruption.masked and hides_nothing(problem):
            console.print(
                f"{shot.path}: the mask hides nothing, every pixel is known", soft_wrap=True
            )
        colour, known = picture_of(problem)
        if self.corrupted is not None:
            path = self.corrupted.file(shot.name)
            write_picture(path, colour, bits=self.request.bits, alpha=known)
        row = [Cell(colour, "observed")]
        for prior in self.priors:
            image = self._solve(shot, prior)
            path = self._restored(shot.name, prior)
            write_picture(path, to_array(image), bits=self.request.bits)
            score = "" if shot.clean is None else f"PSNR {self._psnr(path, shot.clean)}"
            row.append(Cell(to_array(image), f"{prior.label}  {score}".strip()))
            self._tell(shot, path, image)
        if shot.clean is not None:
            row.append(Cell(to_array(shot.clean), "clean"))
        if self.request.sheet is not None:
            self.rows.append(row)

    def _solve(self, shot: _Shot, chosen: PriorPlan) -> Image:
        if chosen.id not in self.models:
            self.models[chosen.id] = _load_model(self.plan, chosen)
        model = self.models[chosen.id]
        torch.set_num_threads(available_threads(chosen.resources.threads))
        names = ("photograph", shot.path.name, self.variant.id, chosen.id)
        seed = derive_seed(self.plan.experiment.seed, *names)
        try:
            with (
                _raising_in_short(chosen),
                _progress(f"{chosen.label} on {shot.path.name}") as update,
                seeded(seed),
            ):
                solver = solver_so_far(self.plan, chosen.id)
                context = Context.seeded(seed, update, solver=solver)
                outcome, result = solve(model, shot.problem, context, seed, "restore", math.inf)
        except NotApplicable as error:
            if shot.problem.linear_operator is not None:
                raise
            others = able_priors(self.plan, self.variant, shot.problem)
            can = f"; {', '.join(others)} can do it" if others else ""
            raise NotApplicable(f"{chosen.id} {error}{can}") from error
        if not outcome.ok:
            raise ValueError(f"{chosen.id}: {outcome.reason}")
        return result.image

    def _tell(self, shot: _Shot, path: Path, image: Image) -> None:
        """Print how good a restoration is, as far as that is known."""
        parts = []
        if shot.clean is not None:
            before = _psnr(shot.problem.estimate(), shot.clean, self.corruption)
            after = self._psnr(path, shot.clean)
            parts.append(f"PSNR {before} → {after}{_protocol(shot.clean, self.corruption)}")
        try:
            explained = residual(image, shot.problem)
        except NotApplicable:
            explained = None
        else:
            parts.append(f"residual {explained:.2f}")
        text = f"{path}: {', '.join(parts)}" if parts else f"{path}"
        console.print(text, highlight=False, soft_wrap=True, markup=False)
        if shot.clean is None and explained is not None:
            hint = advice(explained, self.variant.parameters)
            if hint:
                console.print(hint, highlight=False, soft_wrap=True, markup=False)

    def _psnr(self, path: Path, clean: Image) -> str:
        return _psnr(read_tensor(path), clean, self.corruption)


def _psnr(shown: Image, clean: Image, task: Task) -> str:
    """Return the PSNR of an image by the protocol of the task, or why there is none."""
    try:
        pair = compared(to_array(shown), to_array(clean), task.border, task.luminance)
    except ValueError as error:
        return f"none ({error})"
    return f"{psnr(*pair):.2f} dB"


def _protocol(clean: Image, task: Task) -> str:
    """Return what of an image the task's protocol compares; nothing if it is the whole image."""
    rows, columns = task.border
    parts = ["of the luma"] if task.luminance and clean.shape[1] == 3 else []
    if rows or columns:
        parts.append(f"without {rows} × {columns} pixels at each side")
    return f" ({', '.join(parts)})" if parts else ""


def _load_model(plan: Plan, chosen: PriorPlan) -> Any:
    """Return the prior ready to restore, trained now if it was not before or has changed since."""
    build_seed = derive_seed(plan.experiment.seed, "build", chosen.id)
    with _raising_in_short(chosen), seeded(build_seed):
        model = chosen.build()
    if not chosen.spec.learns:
        return model
    path, spec = plan.layout.model(chosen.id), plan.layout.model_spec(chosen.id)
    if (
        not path.exists()
        or not spec.exists()
        or read_json(spec)["fingerprint"] != plan.fingerprints.training(chosen.id)
    ):
        console.print(
            f"{chosen.id} has no model yet: training it on {chosen.train_on}, which is kept in {path.parent}"
        )
        if not plan.layout.images(chosen.train_on).exists():
            prepare(plan, chosen.train_on)
        outcome = train(plan, chosen.id)
        if not outcome.ok:
            raise ValueError(f"the training of {chosen.id} failed: {outcome.reason}")
    model.load(path)
    return model


@contextmanager
def _raising_in_short(chosen: PriorPlan) -> Iterator[None]:
    """Turn what a prior's own code raises into one message: whose it is, its own frames and the error.

    Raises:
        PluginError: the message.
    """
    try:
        yield
    except (NotApplicable, PluginError):
        raise
    except (Exception, SystemExit) as error:
        raise_if_storage(error)
        plugin = chosen.entry.plugin
        whose = f"the prior {chosen.id} (plugin {plugin.name!r}, {plugin.location})"
        raise PluginError(
            f"{whose} raises {type(error).__name__}:\n{short_traceback(error)}"
        ) from error


@contextmanager
def _progress(description: str) -> Iterator[Progress]:
    texts = TextColumn("{task.description}"), TextColumn("{task.fields[values]}", markup=False)
    columns = (texts[0], BarColumn(), TimeElapsedColumn(), TimeRemainingColumn(), texts[1])
    with ProgressBar(*columns, console=console) as bar:
        job = bar.add_task(description, total=1.0, values="")

        def update(fraction: float, /, **values: float) -> None:
            bar.update(job, completed=fraction, values=in_words(values))

        yield update
        bar.update(job, completed=1.0)
