"""What mode ``fast`` of the prior ``gmm`` loses and gains: PSNR lost against speed-up, for a grid
of its parameters.

    PRIORBENCH_DATA=… python benchmarks/fast_mode.py --model gmm-K200.safetensors --figure out.png

On training images at σ = 25, against mode ``exact`` in the same run.
The defaults were chosen before, on eight images of BSD68 at σ = 25.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from training_crops import crops, mean_psnr, photographs

from priorbench.figures.canvas import new_figure
from priorbench.figures.style import DARK, PALETTE, SHAPES, WIDTH, label_plainly, styled
from priorbench.plugins.manager import load_plugins
from priorbench.tasks import Denoise

ROOT = Path(__file__).parents[1]
COMPONENTS, SIDE = 200, 256
STRIDES, AXES = (1, 2, 3, 4, 5, 6), (63, 40, 24)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="a trained GMM with 200 components"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--figure", type=Path, help="draw the trade-off")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    gmm = load_plugins([ROOT / "plugins"]).priors["gmm"].load()
    images = crops(photographs(), SIDE)

    def measure(**parameters: Any) -> tuple[float, float]:
        prior = gmm(n_components=COMPONENTS, **parameters)
        prior.load(arguments.model)
        began = time.perf_counter()
        return mean_psnr(prior, Denoise(25), images), time.perf_counter() - began

    measure()
    exact, seconds = measure()
    print(
        f"exact: {exact:.3f} dB, {seconds / len(images):.2f} s an image of {SIDE} × {SIDE}, {len(images)} images"
    )
    rows = []
    for axes in AXES:
        for stride in STRIDES:
            psnr, took = measure(mode="fast", stride=stride, axes=axes)
            rows.append(
                {
                    "stride": stride,
                    "axes": axes,
                    "lost (dB)": exact - psnr,
                    "speed-up": seconds / took,
                }
            )
            print(
                f"stride {stride}, {axes} axes: {exact - psnr:6.3f} dB lost, {seconds / took:5.1f} times faster",
                flush=True,
            )
    if arguments.figure:
        draw(pd.DataFrame(rows)).savefig(arguments.figure, dpi=200)


@styled
def draw(rows: pd.DataFrame) -> Any:
    """Return the figure."""
    figure = new_figure(WIDTH * 0.7, 3.2)
    axes = figure.subplots()
    looks = zip(PALETTE, SHAPES, strict=False)
    for (colour, shape), (count, own) in zip(looks, rows.groupby("axes", sort=False), strict=False):
        axes.plot(
            own["speed-up"],
            own["lost (dB)"],
            f"{shape}-",
            color=colour,
            markersize=4,
            label=f"{count} axes",
        )
        if count == max(rows["axes"]):
            for row in own.itertuples():
                axes.annotate(
                    f"{row.stride}",
                    (row[4], row[3]),
                    (-4, 5),
                    textcoords="offset points",
                    ha="right",
                    fontsize=7,
                )
    chosen = rows[(rows["stride"] == 4) & (rows["axes"] == 40)]
    axes.plot(
        chosen["speed-up"],
        chosen["lost (dB)"],
        "o",
        markersize=11,
        fillstyle="none",
        color=DARK,
        label="default",
    )
    axes.set_xscale("log")
    label_plainly(axes.xaxis)
    axes.set_xlabel("times faster than exact (numbers at the points: stride)")
    axes.set_ylabel("PSNR lost (dB)")
    axes.legend(frameon=False)
    return figure


if __name__ == "__main__":
    main()
