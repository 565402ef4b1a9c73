"""Stage ``prepare``: read a data set's images, cut them as configured, keep them as 16-bit PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from priorbench.data.images import write_image
from priorbench.data.transform import transform
from priorbench.errors import MachineError, raise_if_storage
from priorbench.jobs.log import say
from priorbench.plan import Plan
from priorbench.provenance import content_digests
from priorbench.seeds import derive_seed, seeded
from priorbench.store.files import file_sha256
from priorbench.store.manifest import Entry, write_manifest
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status


def prepare(plan: Plan, dataset: str) -> None:
    """Write ``images/<dataset>/<image>.png`` and the manifest.

    An image that can't be read is named in the manifest and left out of all that follows.

    Raises:
        MachineError: a file can't be downloaded.
        StorageError: a disk is full.
    """
    data = plan.dataset(dataset)
    # Of the files before they are read: one that changes meanwhile differs from this afterwards.
    sources = content_digests(map(Path, data.files))
    entries: dict[str, Entry] = {}
    for image in data.images:
        path = plan.layout.image(dataset, image)
        try:
            load = data.source.load()
            # Not by the experiment's seed: the same data set has the same images in every
            # experiment.
            with seeded(derive_seed(0, "prepare", dataset, image)):
                loaded = load(data.parameters, image)
            array = transform(
                np.asarray(loaded, dtype=np.float32),
                gray=data.section.gray,
                max_size=data.section.max_size,
                crop=data.section.crop,
            )
            write_image(path, array)
            shape = (array.shape[2] if array.ndim == 3 else 1, *array.shape[:2])
            entries[image] = Entry(Outcome(Status.OK, "prepare"), file_sha256(path), shape)
        except MachineError:
            raise
        except Exception as error:
            raise_if_storage(error)
            entries[image] = Entry(Outcome.of_exception(error, "prepare"))
        outcome = entries[image].outcome
        say(f"{dataset}/{image}: {outcome.reason or 'ready'}")
    about = {
        "dataset": dataset,
        "fingerprint": plan.fingerprints.images(dataset),
        "sources": sources,
        **data.section.model_dump(mode="json"),
    }
    write_manifest(plan.layout.images(dataset), entries, about)
