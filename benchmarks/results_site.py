"""Seconds to build the results site of a large experiment, and the bytes of its start page.

    OMP_NUM_THREADS=1 python benchmarks/results_site.py [--images FOLDER]

20 priors on 20 tasks of 68 images, 27 200 restorations of 481 × 321 pixels, gray, 16 bits: files
that differ in content, made of ``--images`` (bsd68 in ``PRIORBENCH_DATA`` by default, else of
noise). It must be built in less than two minutes on two cores, and the start page (index.html, its
assets, data/experiment.js) must not exceed 1 MB. The second build shows what is kept. Making the
experiment takes several minutes and 8 GB of the temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import torch
from joblib.externals.loky import get_reusable_executor

from priorbench.config import dump_experiment, parse_experiment
from priorbench.data.images import read_image
from priorbench.operators import Identity
from priorbench.plan import Plan
from priorbench.problem import Problem
from priorbench.report.tables import write_tables
from priorbench.results.gather import read_table, write_table
from priorbench.results.planned import catalogue
from priorbench.results.rows import to_arrow
from priorbench.results.schema import RUNS, SCORES
from priorbench.site.build import build
from priorbench.store.cell import Cell
from priorbench.store.files import file_sha256, write_atomically, write_json
from priorbench.store.manifest import Entry, write_manifest
from priorbench.store.outcome import Outcome
from priorbench.store.status import Status
from priorbench.store.times import Times

LIMIT_SECONDS, LIMIT_BYTES = 120.0, 1_000_000
SIZE = (321, 481)
PRIOR = """
from priorbench import Parameters, PriorSpec, hookimpl
from priorbench.priors import Prior


class Numbered(Parameters):
    number: int = 0


class Same(Prior):
    def __init__(self, number):
        pass


@hookimpl
def register_priors():
    yield PriorSpec(
        name="same", id="same-{number}", factory=Same, parameters=Numbered, summary="the same"
    )
"""


@dataclass(frozen=True)
class Scale:
    """How large the experiment is."""

    priors: int
    tasks: int
    images: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--priors", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=20)
    parser.add_argument("--count", type=int, default=68, help="of images")
    parser.add_argument("--processes", type=int, default=2)
    default = Path(os.environ.get("PRIORBENCH_DATA", "data"), "bsd68").absolute()
    parser.add_argument("--images", type=Path, default=default)
    arguments = parser.parse_args()
    scale = Scale(arguments.priors, arguments.tasks, arguments.count)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        plan = made(scale, arguments.images)
        for name in ("first build", "second build"):
            began = Times.now()
            page = build(plan, arguments.processes)
            # Processes that have ended count among the processors' seconds.
            get_reusable_executor().shutdown(wait=True)
            took = Times.now() - began
            print(f"{name}: {took.wall:.1f} s, {took.processor:.1f} s of processors")
            if name == "first build":
                verdict = "within" if took.wall < LIMIT_SECONDS else "ABOVE"
                print(f"  {verdict} the limit of {LIMIT_SECONDS:.0f} s")
        for part, size in start_page(page.parent).items():
            print(f"{part}: {size:,} bytes")
        total = sum(start_page(page.parent).values())
        verdict = "within" if total <= LIMIT_BYTES else "ABOVE"
        print(f"start page: {total:,} bytes, {verdict} the limit of {LIMIT_BYTES:,}")


def start_page(site: Path) -> dict[str, int]:
    """Return the bytes of each part of what a browser reads first."""
    assets = sum(path.stat().st_size for path in (site / "assets").rglob("*") if path.is_file())
    return {
        "index.html": (site / "index.html").stat().st_size,
        "assets": assets,
        "data/experiment.js": (site / "data/experiment.js").stat().st_size,
    }


def made(scale: Scale, folder: Path) -> Plan:
    """Write an experiment as if it had run, and return its plan."""
    Path("plugins").mkdir()
    Path("plugins/same.py").write_text(PRIOR)
    photographs = list(originals(scale.images, folder))
    Path("photos").mkdir()
    for number, image in enumerate(photographs):
        levels = np.rint(255 * image).astype(np.uint8)
        Path(f"photos/image{number:03}.png").write_bytes(bytes(imagecodecs.png_encode(levels)))
    plan = Plan(parse_experiment(configuration(scale), "benchmark"))
    began = time.perf_counter()
    write_results(plan, dict(zip(plan.dataset("photos").images, photographs, strict=True)))
    print(f"made {len(list(plan.cells())) * scale.images} restorations ", end="")
    print(f"in {time.perf_counter() - began:.0f} s")
    return plan


def configuration(scale: Scale) -> dict[str, Any]:
    sigmas = list(range(1, scale.tasks + 1))
    return {
        "experiment": "large",
        "datasets": {"photos": {"source": "folder", "parameters": {"path": "photos"}}},
        "test": ["photos"],
        "tasks": {"run": ["denoise"], "settings": {"denoise": {"parameters": {"sigma": sigmas}}}},
        "priors": {
            "run": ["same"],
            "settings": {"same": {"parameters": {"number": list(range(scale.priors))}}},
        },
        "metrics": ["psnr", "ssim", "residual"],
        "studies": [],
    }


def originals(count: int, folder: Path) -> Iterator[np.ndarray]:
    """Yield images of one size, with the details of photographs where there are any."""
    files = sorted(folder.glob("*.png"))
    noise = np.random.default_rng(0)
    for number in range(count):
        image = read_image(files[number % len(files)]) if files else noise.random(SIZE)
        upright = image if image.shape[0] <= image.shape[1] else image.T
        rows, columns = (size - len_ for size, len_ in zip(SIZE, upright.shape, strict=True))
        yield np.pad(upright, ((0, max(rows, 0)), (0, max(columns, 0))), "reflect")[
            : SIZE[0], : SIZE[1]
        ].astype(np.float32, order="C")


def write_results(plan: Plan, images: dict[str, np.ndarray]) -> None:
    """Write what the site is made from."""
    layout, noise = plan.layout, np.random.default_rng(1)
    write_atomically(layout.config(), dump_experiment(plan.experiment))
    entries = {}
    for name, image in images.items():
        path = layout.image("photos", name)
        write_atomically(path, encoded(image), durable=False)
        entries[name] = Entry(Outcome(Status.OK, "prepare"), file_sha256(path), (1, *SIZE))
    write_manifest(layout.images("photos"), entries, {})
    for task in plan.tasks:
        problems = {}
        for name, image in images.items():
            path = layout.problem("photos", task, name)
            y = torch.from_numpy(image + 0.1 * noise.standard_normal(SIZE, np.float32))[None, None]
            Problem(y, Identity((1, *SIZE)), 0.1).save(path)
            outcome = Outcome(Status.OK, "corrupt")
            problems[name] = Entry(outcome, file_sha256(path), (1, *SIZE))
        write_manifest(layout.problems("photos", task), problems, {})
    # Of a restoration the bytes count, not the picture.
    coded = {name: [noisy(image, noise) for _ in range(4)] for name, image in images.items()}
    for number, cell in enumerate(plan.cells()):
        write_json(layout.cell_spec(cell), {"prior": cell.prior}, durable=False)
        for name, versions in coded.items():
            write_restoration(plan, cell, name, versions[number % len(versions)])
    write_rows(plan, list(images), noise)


def noisy(image: np.ndarray, noise: np.random.Generator) -> bytes:
    """Return an image with a little noise as it is written: smooth pictures would be read faster."""
    return encoded(image + 0.01 * noise.standard_normal(SIZE))


def encoded(image: np.ndarray) -> bytes:
    levels = np.rint(65535 * np.clip(image, 0, 1)).astype(np.uint16)
    return bytes(imagecodecs.png_encode(levels))


def write_restoration(plan: Plan, cell: Cell, image: str, content: bytes) -> None:
    path = plan.layout.restored(cell, f"{image}.png")
    write_atomically(path, content, durable=False)
    record = {"key": "", "sha256": {path.name: hashlib.sha256(content).hexdigest()}}
    record |= {"outcome": Outcome(Status.OK, "restore").as_dict()}
    write_atomically(path.with_suffix(".json"), json.dumps(record), durable=False)


def write_rows(plan: Plan, images: list[str], noise: np.random.Generator) -> None:
    """Write the rows, the tables, and a picture in the place of each figure."""
    layout, runs, scores = plan.layout, [], []
    for cell in plan.cells():
        for image in images:
            about = {
                "experiment": "large",
                "dataset": cell.dataset,
                "image": image,
                "task": cell.task,
                "prior": cell.prior,
                "status": "ok",
                "reason": "",
                "source": "measured",
            }
            seconds = float(noise.uniform(1, 2))
            outcome = Outcome(
                Status.OK, "restore", seconds=seconds, processor_seconds=seconds, peak_memory_mb=300
            )
            fingerprint = plan.fingerprints.restored(cell)
            fit = ("seconds", "processor_seconds", "device_memory_mb")
            runs.append(
                {**outcome.as_dict(), **about, "fingerprint": fingerprint, "environment": ""}
                | {f"training_{name}": None for name in fit}
                | {"threads": 1, "seed": 1}
            )
            for metric in plan.metrics:
                value = float(noise.normal(30, 2))
                score = {"metric": metric, "value": value, "note": ""}
                scores.append(
                    about | score | {"fingerprint": plan.fingerprints.score(cell, metric)}
                )
    write_table(to_arrow(runs, RUNS, "runs"), layout.result("runs"))
    write_table(to_arrow(scores, SCORES, "scores"), layout.result("scores"))
    score_rows, run_rows = read_table(layout.result("scores")), read_table(layout.result("runs"))
    write_tables(score_rows, run_rows, catalogue(plan), layout.table().parent)
    for figure in plan.figures:
        for suffix in ("svg", "png"):
            write_atomically(layout.figure(figure, suffix), b"a figure", durable=False)


if __name__ == "__main__":
    main()
