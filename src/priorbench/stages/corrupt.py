"""Stage ``corrupt``: turn the clean images of a data set into problems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from priorbench.data.tensors import read_tensor
from priorbench.errors import MachineError, raise_if_storage
from priorbench.jobs.log import say
from priorbench.operators import Mask
from priorbench.operators.checks import check_adjoint
from priorbench.plan import Plan
from priorbench.provenance import content_digests
from priorbench.seeds import derive_seed, seeded
from priorbench.store.files import file_sha256
from priorbench.store.manifest import Entry, check_file, read_manifest, write_manifest
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status
from priorbench.tasks import Task


def corrupt(plan: Plan, dataset: str, task: str) -> None:
    """Write ``problems/<dataset>/<task>/<image>.npz`` and the manifest.

    The randomness of each problem comes from the experiment's seed and the names of data set, image
    and task, so every prior gets the same problem. A task that can't be loaded or that raises is
    named in the manifest, and every prior's rows then say so.

    Raises:
        MachineError: a file that the task needs, such as a kernel, can't be downloaded.
        StorageError: a disk is full, or a clean image is damaged.
    """
    variant = plan.task(task)
    files = content_digests(map(Path, plan.task_files(task)))
    broken: Outcome | None = None
    protocol: dict[str, Any] = {}
    try:
        with seeded(derive_seed(plan.experiment.seed, "build", task)):
            corruption = variant.build()
        if not isinstance(corruption, Task):
            raise TypeError(
                f"{type(corruption).__qualname__} is no task: "
                "it must subclass priorbench.tasks.Task"
            )
        rows, columns = corruption.border
        protocol = {"border": [int(rows), int(columns)], "luminance": bool(corruption.luminance)}
    except MachineError:
        raise
    except Exception as error:
        raise_if_storage(error)
        broken = Outcome.of_exception(error, "corrupt")
    images = read_manifest(plan.layout.images(dataset))
    entries: dict[str, Entry] = {}
    for image in plan.dataset(dataset).images:
        entry = images.get(image, _missing(dataset))
        if entry.outcome.ok and broken:
            entry = Entry(broken)
        elif entry.outcome.ok:
            path = plan.layout.problem(dataset, task, image)
            try:
                source = plan.layout.image(dataset, image)
                check_file(source, entry.sha256)
                clean = read_tensor(source)
                fitting = corruption.fit(clean)
                if fitting.shape != clean.shape:
                    say(
                        f"{dataset}/{task}/{image}: cut from {_size(clean)} to {_size(fitting)}, "
                        "which the task needs"
                    )
                seed = derive_seed(plan.experiment.seed, dataset, image, task)
                with seeded(seed):
                    problem = corruption.corrupt(fitting, torch.Generator().manual_seed(seed))
                operator = problem.linear_operator
                if operator is not None:
                    check_adjoint(operator)
                if isinstance(operator, Mask) and operator.known.all():
                    say(f"{dataset}/{task}/{image}: the mask hides nothing")
                problem.save(path)
                entry = Entry(
                    Outcome(Status.OK, "corrupt"), file_sha256(path), tuple(fitting.shape[1:])
                )
            except Exception as error:
                raise_if_storage(error)
                entry = Entry(Outcome.of_exception(error, "corrupt"))
        entries[image] = entry
        say(f"{dataset}/{task}/{image}: {entry.outcome.reason or 'ready'}")
    about = {
        "dataset": dataset,
        "task": variant.describe(),
        "fingerprint": plan.fingerprints.problems(dataset, task),
        "sources": files,
        "seed": plan.experiment.seed,
        **protocol,
    }
    write_manifest(plan.layout.problems(dataset, task), entries, about)


def _size(image: torch.Tensor) -> str:
    return f"{image.shape[-2]} × {image.shape[-1]}"


def _missing(dataset: str) -> Entry:
    return Entry(
        Outcome(
            Status.FAILED,
            "prepare",
            f"the prepared data set {dataset} lacks this image: prepare it again",
        )
    )
