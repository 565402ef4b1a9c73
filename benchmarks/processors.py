r"""How far apart kinds of processor are, and how far apart seeds are, for one prior on one task.

    snakemake --cores 2
    python benchmarks/processors.py --prior dip --task deblur-shake1-2.55 --seeds 3
    python benchmarks/processors.py --prior gmm-K200 --task denoise-25 --seeds 1 \
        --whole --set mode=exact

Reads the problems, and for a prior that learns the model, of a finished run of ``config.yaml``, and
restores every image as the experiment does; with ``--whole`` instead scikit-image's photograph of a
cameraman, 512 × 512, made into a problem of the task. Another processor is emulated: the libraries
are made to use the instructions of one that has no AVX-512 (``ATEN_CPU_CAPABILITY`` for torch's own
loops, ``ONEDNN_MAX_CPU_ISA``, ``MKL_CBWR`` and ``MKL_ENABLE_INSTRUCTIONS`` for its products,
``OPENBLAS_CORETYPE`` and ``NPY_DISABLE_CPU_FEATURES`` for NumPy), and
:func:`priorbench.numerics.precision.multiplies_bfloat16` says no. Each is a process of its own with
one thread.

Prints the PSNR of each image for each kind of processor and each seed, 0 being the experiment's
own; then how far apart processors are at one seed, and seeds on one processor.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from instructions import WITHOUT_AVX512

EMULATED = {**WITHOUT_AVX512, "MKL_CBWR": "AVX2"}
WITHOUT_AVX = {
    **EMULATED,
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "COMPATIBLE",
    "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
}
PROCESSORS: dict[str, tuple[dict[str, str], bool]] = {
    "this processor": ({}, True),
    "without bfloat16": ({}, False),
    "without AVX-512": (EMULATED, False),
    "without AVX": (WITHOUT_AVX, False),
}
"""Variables of the environment, and whether bfloat16 may be used."""


def restored(
    config: str,
    prior: str,
    task: str,
    seed: int,
    bfloat16: bool,
    whole: bool,
    changes: dict[str, Any],
) -> dict[str, float]:
    """Return the PSNR in dB of each image, restored in this process; seed 0 is the experiment's
    own.
    """
    import skimage
    import torch

    from priorbench.config import load_experiment
    from priorbench.data.tensors import read_tensor, to_array
    from priorbench.metrics.fidelity import psnr
    from priorbench.metrics.protocol import compared
    from priorbench.numerics import precision
    from priorbench.plan import Plan
    from priorbench.priors import Context
    from priorbench.problem import Problem
    from priorbench.seeds import derive_seed
    from priorbench.solvers import restore
    from priorbench.store.manifest import read_about, read_manifest

    torch.set_num_threads(1)
    if not bfloat16:
        precision.multiplies_bfloat16 = lambda device: False
    plan = Plan(load_experiment(Path(config)))
    dataset, chosen = plan.test[0], plan.prior(prior)
    plan.task(task).entry.load()  # Makes the task's operators known.
    model = chosen.entry.load()(**{**chosen.parameters, **changes})
    if chosen.spec.learns:
        model.load(plan.layout.model(prior))
    if whole:
        clean = torch.from_numpy(skimage.data.camera() / 255).float()[None, None]
        problem = plan.task(task).build().corrupt(clean, torch.Generator().manual_seed(0))
        estimate = restore(model, problem, Context.seeded(seed)).image
        return {"camera": psnr(to_array(estimate), to_array(clean))}
    manifest = plan.layout.problems(dataset, task)
    protocol = read_about(manifest)
    scores = {}
    for image, entry in read_manifest(manifest).items():
        names = [dataset, image, task, prior] + ([f"seed {seed}"] if seed else [])
        problem = Problem.load(plan.layout.problem(dataset, task, image))
        context = Context.seeded(derive_seed(plan.experiment.seed, *names))
        restored = to_array(restore(model, problem, context).image)
        _, height, width = entry.shape
        original = to_array(read_tensor(plan.layout.image(dataset, image)))[:height, :width]
        pair = compared(restored, original, protocol["border"], protocol["luminance"])
        scores[image] = psnr(*pair)
    return scores


def measure(arguments: argparse.Namespace, processor: str, seed: int) -> dict[str, float]:
    """Return the PSNR of each image, restored in a process on such a processor, and print it."""
    variables, bfloat16 = PROCESSORS[processor]
    work = {name: getattr(arguments, name) for name in ("config", "prior", "task", "whole")}
    work["changes"] = dict(change.split("=") for change in arguments.changes)
    work |= {"seed": seed, "bfloat16": bfloat16}
    command = [sys.executable, __file__, "--work", json.dumps(work)]
    ended = subprocess.run(
        command, env={**os.environ, **variables}, check=True, capture_output=True, text=True
    )
    scores: dict[str, float] = json.loads(ended.stdout)
    columns = "".join(f"{scores[image]:>12.3f}" for image in scores)
    mean = statistics.fmean(scores.values())
    print(f"{processor:<20}{seed:>5}{columns}{mean:>12.3f}", flush=True)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default="config.yaml")
    parser.add_argument("--prior", default="dip")
    parser.add_argument("--task", default="deblur-shake1-2.55")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--processors", nargs="+", choices=PROCESSORS, default=list(PROCESSORS), metavar="KIND"
    )
    parser.add_argument("--whole", action="store_true", help="one photograph of 512 × 512")
    parser.add_argument("--set", dest="changes", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        print(json.dumps(restored(**json.loads(arguments.work))))
        return
    found = {
        (processor, seed): measure(arguments, processor, seed)
        for seed in range(arguments.seeds)
        for processor in arguments.processors
    }
    images = list(found[arguments.processors[0], 0])
    print("images: " + ", ".join(images))
    for image in images:
        summarise(image, {key: scores[image] for key, scores in found.items()}, arguments)
    means = {key: statistics.fmean(scores.values()) for key, scores in found.items()}
    summarise("mean of the images", means, arguments)


def summarise(
    what: str, values: dict[tuple[str, int], float], arguments: argparse.Namespace
) -> None:
    """Print how far apart processors are at one seed, and seeds on one processor, at most."""

    def spread(group: list[float]) -> float:
        return max(group) - min(group)

    seeds, processors = range(arguments.seeds), arguments.processors
    apart = max(spread([values[processor, seed] for processor in processors]) for seed in seeds)
    across = max(spread([values[processor, seed] for seed in seeds]) for processor in processors)
    print(f"{what}: at one seed {apart:.3f} dB, on one processor {across:.3f} dB at most")


if __name__ == "__main__":
    main()
