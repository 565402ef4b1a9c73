"""Seconds for a 512 × 512 image of dead leaves with radii from 1 pixel, against a loop that paints
disc after disc.

    python benchmarks/dead_leaves.py

The peer is what one writes first: from front to back, ``skimage.draw.disk`` finds a disc's samples,
those still bare get its label, until none is bare. It gets the same discs, drawn by us, and one
sample a pixel; beside it stands our time for the same. Rounds alternate; medians are printed.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time

import numpy as np
from skimage.draw import disk
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it carries no types

from priorbench.synthetic.dead_leaves import Scene, dead_leaves
from priorbench.synthetic.sources import DeadLeavesParameters

SIDE = 512


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sizes = {"height": SIDE, "width": SIDE, "r_min": 1.0}
    images = {
        "discs": DeadLeavesParameters.model_validate({**sizes, "shapes": "disc"}),
        "discs and polygons": DeadLeavesParameters.model_validate(sizes),
        "the same in colour, textured": DeadLeavesParameters.model_validate(
            {**sizes, "colour": True, "texture": 0.1, "gradient": 0.2}
        ),
    }
    once = DeadLeavesParameters.model_validate({**sizes, "shapes": "disc", "antialias": 1})
    seconds: dict[str, list[float]] = {name: [] for name in (*images, "ours", "peer")}
    with threadpool_limits(arguments.threads):
        for number in range(arguments.rounds):
            for name, parameters in images.items():
                began = time.perf_counter()
                dead_leaves(parameters, number)
                seconds[name].append(time.perf_counter() - began)
            scene = Scene(once, SIDE, SIDE, number)
            began = time.perf_counter()
            scene.labels(0, SIDE)
            seconds["ours"].append(time.perf_counter() - began)
            began = time.perf_counter()
            painted = paint(scene)
            seconds["peer"].append(time.perf_counter() - began)
            assert (painted == scene.labels(0, SIDE)).mean() > 0.99, (
                "the peer paints something else"
            )
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    print(
        f"{SIDE} × {SIDE}, r_min = 1, {images['discs'].antialias}² samples a pixel, {arguments.threads} threads"
    )
    for name in images:
        print(f"{name:30s} {medians[name]:6.3f} s an image (goal: below 1)")
    ratio = medians["peer"] / medians["ours"]
    print(
        f"labels, one sample a pixel: {medians['ours']:.3f} s; a loop over discs {medians['peer']:.2f} s: {ratio:.0f} ×"
    )


def paint(scene: Scene) -> np.ndarray:
    """Return the label of the disc in front for each pixel."""
    labels = np.full((scene.height, scene.width), -1)
    bare = labels.size
    label = 0
    for batch in itertools.count():
        leaves = scene.batch(batch)
        for y, x, radius in zip(leaves.y - 0.5, leaves.x - 0.5, leaves.radius, strict=True):
            rows, columns = disk((y, x), radius, shape=labels.shape)
            free = labels[rows, columns] < 0
            labels[rows[free], columns[free]] = label
            bare -= int(np.count_nonzero(free))
            label += 1
            if not bare:
                return labels
    raise AssertionError("there is always a next batch")


if __name__ == "__main__":
    main()
