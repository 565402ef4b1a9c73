"""Stage ``corrupt``: turn the clean images of a data set into problems."""

from __future__ import annotations

from pathlib import Path

import torch

from priorbench.data.tensors import read_tensor
from priorbench.files import file_sha256
from priorbench.plan import Plan
from priorbench.seeds import derive_seed
from priorbench.stages.log import say
from priorbench.stages.manifest import Entry, read_manifest, write_manifest
from priorbench.stages.outcome import OK, Outcome


def corrupt(plan: Plan, dataset: str, task: str) -> None:
    """Write ``problems/<dataset>/<task>/<image>.npz`` and the manifest.

    The randomness of each problem comes from the experiment's seed and the names of data set, image
    and task, so every prior gets the same problem. A task that can't be loaded or that raises is named in
    the manifest, and every prior's rows then say so.
    """
    variant = plan.task(task)
    broken: Outcome | None = None
    try:
        corruption = variant.build()
    except Exception as error:
        broken = Outcome.of_exception(error, "corrupt")
    images = read_manifest(Path(plan.layout.images(dataset)))
    entries: dict[str, Entry] = {}
    for image in plan.dataset(dataset).images:
        entry = images.get(image, _missing(dataset))
        if entry.outcome.ok and broken:
            entry = Entry(broken)
        elif entry.outcome.ok:
            path = Path(plan.layout.problem(dataset, task, image))
            try:
                clean = read_tensor(Path(plan.layout.image(dataset, image)))
                seed = derive_seed(plan.experiment.seed, dataset, image, task)
                corruption.corrupt(clean, torch.Generator().manual_seed(seed)).save(path)
                entry = Entry(Outcome(OK, "corrupt"), file_sha256(path), entry.shape)
            except Exception as error:
                entry = Entry(Outcome.of_exception(error, "corrupt"))
        entries[image] = entry
        say(f"{dataset}/{task}/{image}: {entry.outcome.reason or 'ready'}")
    about = {"dataset": dataset, "task": variant.describe(), "seed": plan.experiment.seed}
    write_manifest(Path(plan.layout.problems(dataset, task)), entries, about)


def _missing(dataset: str) -> Entry:
    return Entry(Outcome("failed", "prepare", f"the prepared data set {dataset} lacks this image: prepare it again"))
