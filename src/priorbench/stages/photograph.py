"""Restore one photograph of the user's own, with a progress bar."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from priorbench.data.tensors import read_tensor, to_array, write_tensor
from priorbench.errors import NotApplicable, raise_if_storage
from priorbench.files import read_json
from priorbench.metrics.fidelity import psnr
from priorbench.names import unknown
from priorbench.plan import Plan, PriorPlan
from priorbench.plan.variants import Variant, variants
from priorbench.plugins import PluginError, short_traceback
from priorbench.priors import Context, Progress
from priorbench.problem import Problem
from priorbench.records import TaskSpec
from priorbench.seeds import derive_seed, seeded
from priorbench.stages.log import in_words
from priorbench.stages.prepare import prepare
from priorbench.stages.protocol import compared
from priorbench.stages.solve import solve
from priorbench.stages.train import train
from priorbench.stages.worker import available_threads
from priorbench.tasks import Task
from priorbench.types import Image

console = Console(stderr=True)


def restore_photograph(
    plan: Plan,
    source: Path,
    output: Path,
    *,
    task: str,
    parameters: Mapping[str, Any],
    prior: str,
    observed: bool = False,
    mask: Path | None = None,
    guide: Path | None = None,
    corrupted: Path | None = None,
) -> None:
    """Write the restoration of the image file ``source`` to ``output``, a 16-bit PNG.

    What is drawn at random depends on the experiment's seed, the file's name, the id of the task with these
    parameters and the prior, however the task was asked for. The PSNR that is printed is the workflow's: of the
    written file, by the protocol of the task.

    Args:
        plan: the experiment whose priors and models are used.
        source: the photograph, gray or colour.
        output: the restored image.
        task: name or id of a task.
        parameters: parameters of the task, where they differ from the id's or the defaults.
        prior: id of a prior; trained first if it learns and has no model yet.
        observed: whether the photograph is corrupted already.
        mask: white where a pixel of an observed photograph is known.
        guide: a flash photograph of the scene of an observed photograph, of the same size.
        corrupted: where to keep the problem's observation.

    Raises:
        ValueError: a name is unknown, or the photograph can't be restored so.
        PluginError: the prior's own code raises.
    """
    for what, path in (("restored", output), ("corrupted", corrupted)):
        if path is not None and path.suffix.lower() != ".png":
            raise ValueError(f"the {what} image is written as 16-bit PNG: end {path} in .png")
    if mask is not None and not observed:
        raise ValueError("a mask goes with --observed; otherwise the task makes its own")
    if guide is not None and not observed:
        raise ValueError("a guide goes with --observed; otherwise the task makes its own")
    chosen = plan.prior(prior)
    variant = _task(plan, task, parameters, observed)
    corruption = variant.build()
    if guide is not None and not corruption.guided:
        raise ValueError(f"{task} takes no guide; use the task denoise-guided")
    image = read_tensor(source)
    if observed:
        known = None if mask is None else read_tensor(mask).mean(dim=1, keepdim=True)
        guides = {} if guide is None else {"guide": read_tensor(guide)}
        problem: Problem = corruption.observe(image, known, **guides)
    else:
        drawn = derive_seed(plan.experiment.seed, "photograph", source.name, variant.id)
        image = corruption.fit(image)
        with seeded(drawn):
            problem = corruption.corrupt(image, torch.Generator().manual_seed(drawn))
    model = _load_model(plan, chosen)
    torch.set_num_threads(available_threads(chosen.resources.threads))
    seed = derive_seed(plan.experiment.seed, "photograph", source.name, variant.id, chosen.id)
    with (
        _raising_in_short(chosen),
        _progress(f"{chosen.label} on {source.name}") as update,
        seeded(seed),
    ):
        context = Context.seeded(seed, update)
        outcome, result = solve(model, problem, context, seed, "restore", math.inf)
    if not outcome.ok:
        raise ValueError(f"{chosen.id}: {outcome.reason}")
    write_tensor(output, result.image)
    if corrupted is not None:
        write_tensor(corrupted, problem.estimate())
    if observed:
        console.print(f"{output}")
        return
    before, after = (
        _psnr(shown, image, corruption) for shown in (problem.estimate(), read_tensor(output))
    )
    scored = f"PSNR {before} → {after}{_protocol(image, corruption)}"
    console.print(f"{output}: {scored}", highlight=False, soft_wrap=True)


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


def _task(
    plan: Plan, name: str, parameters: Mapping[str, Any], observed: bool
) -> Variant[TaskSpec]:
    """Return the task of this name or id, with these parameters."""
    entries = plan.registry.tasks
    values: dict[str, Any] = {}
    if name in plan.tasks:
        entry, values = plan.tasks[name].entry, dict(plan.tasks[name].parameters)
    elif name in entries:
        entry = entries[name]
    else:
        raise ValueError(
            unknown("task", name, [*entries, *plan.tasks]) + _by_parameters(plan, name)
        )
    model = entry.record.parameters
    for key in parameters:
        if key not in model.model_fields:
            raise ValueError(unknown(f"parameter of {entry.record.name}", key, model.model_fields))
    if observed and "sigma" in model.model_fields and "sigma" not in {*parameters, *values}:
        raise ValueError("how strong is the noise? Give --sigma, on the 0-255 scale (0 for none)")
    where = f"task {entry.record.name}"
    found = list(variants(entry, "", {**values, **parameters}, where))
    if len(found) != 1:
        raise ValueError(
            f"{where}: a photograph is corrupted once; give one value for each parameter"
        )
    return found[0]


def _by_parameters(plan: Plan, name: str) -> str:
    """Return how to ask for the task whose id ``name`` would be, had the experiment these parameters; else nothing."""
    for task, entry in plan.registry.tasks.items():
        match = re.fullmatch(re.sub(r"{(\w+)[^}]*}", r"(?P<\1>[^-]+)", entry.record.id), name)
        if match:
            options = " ".join(f"--{key} {value}" for key, value in match.groupdict().items())
            return f". Name the task with its parameters: --task {task} {options}"
    return ""


def _load_model(plan: Plan, chosen: PriorPlan) -> Any:
    """Return the prior ready to restore, trained now if it was not before or has changed since."""
    build_seed = derive_seed(plan.experiment.seed, "build", chosen.id)
    with _raising_in_short(chosen), seeded(build_seed):
        model = chosen.build()
    if not chosen.spec.learns:
        return model
    path, spec = Path(plan.layout.model(chosen.id)), Path(plan.layout.model_spec(chosen.id))
    if (
        not path.exists()
        or not spec.exists()
        or read_json(spec)["fingerprint"] != plan.fingerprints.training(chosen.id)
    ):
        console.print(
            f"{chosen.id} has no model yet: training it on {chosen.train_on}, which is kept in {path.parent}"
        )
        if not Path(plan.layout.images(chosen.train_on)).exists():
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
