"""Draw the figures of the documentation from the finished default experiment.

    python docs/make_pictures.py results/default

It takes a few minutes, most of them for a long run of the Deep Image Prior. The figures of
benchmarks are drawn by these, as their pages say.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from matplotlib.figure import Figure

IMAGES = Path(__file__).parent / "images"
# Plugins are imported by their place in the checkout.
sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.pictures import methods, sheets  # noqa: E402
from priorbench.config import load_experiment  # noqa: E402
from priorbench.plan import Plan  # noqa: E402
from priorbench.results import load  # noqa: E402

STUDIES = ("gmm-anatomy", "gmm-dead-leaves", "gmm-sweep", "likelihood", "vae")
"""Figures that the studies of the experiment have drawn."""

FIGURES = ("psnr", "differences", "cost")
"""Figures of the results."""


def save(figure: Figure, name: str) -> None:
    """Write a figure as PNG."""
    figure.savefig(IMAGES / f"{name}.png", dpi=150, metadata={"Software": None})


def main(folder: Path) -> None:
    """Draw all of them."""
    plan = Plan(load_experiment(folder / "config.yaml"))
    finished = sheets.Finished(plan, load(folder))
    for plugin, priors in sheets.PRIORS.items():
        sheets.write(sheets.sheet(finished, priors), IMAGES / "priors" / f"{plugin}.webp")
    for name in STUDIES:
        shutil.copyfile(folder / "studies" / f"{name}.png", IMAGES / "studies" / f"{name}.png")
    for name in FIGURES:
        shutil.copyfile(folder / "figures" / f"{name}.png", IMAGES / "results" / f"{name}.png")
    save(methods.leaves(), "dead_leaves")
    save(methods.epll_steps(plan, sheets.PHOTOGRAPH, "gmm-K200"), "epll_steps")
    save(methods.dip_run(plan, sheets.PHOTOGRAPH), "dip_run")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
