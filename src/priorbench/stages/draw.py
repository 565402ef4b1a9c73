"""Stage ``draw``: the figures of the results."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from priorbench.data.images import planes, read_image
from priorbench.figures.canvas import nothing_to_draw
from priorbench.figures.cost import draw_cost
from priorbench.figures.differences import draw_differences
from priorbench.figures.observation import shown_as
from priorbench.figures.scores import draw_scores
from priorbench.figures.style import WIDTH, save
from priorbench.plan import Plan
from priorbench.results import Catalogue
from priorbench.results.gather import read_table
from priorbench.results.planned import catalogue
from priorbench.store.cell import Cell
from priorbench.store.manifest import read_manifest
from priorbench.store.status import Status


def draw(plan: Plan) -> None:
    """Write ``figures/<name>.svg`` and ``.png`` for every metric, differences, cost and galleries.

    Raises:
        ValueError: the rows can't be read.
    """
    scores = read_table(plan.layout.result("scores"))
    runs = read_table(plan.layout.result("runs"))
    names = catalogue(plan)
    for name in plan.metrics:
        save(draw_scores(scores, names, name), plan.layout.figure(name))
    main = names.main_metric
    save(draw_differences(scores, names, main), plan.layout.figure("differences"))
    save(draw_cost(scores, runs, names, main), plan.layout.figure("cost"))
    for name, (dataset, task) in plan.galleries.items():
        save(_gallery(plan, dataset, task, scores, names), plan.layout.figure(name))


def _gallery(plan: Plan, dataset: str, task: str, scores: pd.DataFrame, names: Catalogue) -> Figure:
    """Draw the first image of the data set that was corrupted, with every prior's restoration."""
    # Problems bring torch, which the other figures do without.
    from priorbench.data.tensors import to_array
    from priorbench.figures.gallery import Panel, draw_gallery
    from priorbench.problem import Problem

    entries = read_manifest(plan.layout.problems(dataset, task))
    image = next((name for name, entry in entries.items() if entry.outcome.ok), None)
    if image is None:
        return nothing_to_draw(WIDTH)
    plan.task(task).entry.load()  # Makes the task's operators known.
    problem = Problem.load(plan.layout.problem(dataset, task, image))
    metric = names.main_metric
    rows = scores.query(
        "dataset == @dataset and task == @task and image == @image and metric == @metric"
    )
    cells = rows.set_index("prior")
    spec = names.metrics[metric]
    panels: list[Panel] = []
    for prior, label in names.priors.items():
        if prior not in cells.index:
            continue
        row: Any = cells.loc[prior]
        status, value = str(row["status"]), float(row["value"])
        if not math.isnan(value):
            restored = planes(
                read_image(plan.layout.restored(Cell(dataset, task, prior), f"{image}.png"))
            )
            caption = f"{value:.{spec.decimals}f} {spec.unit}".rstrip()
            panels.append(
                Panel(label, restored, caption if status == Status.OK else f"{caption}, {status}")
            )
        else:
            panels.append(Panel(label, None, status))
    _, height, width = problem.image_shape
    clean = planes(read_image(plan.layout.image(dataset, image)))[:height, :width]
    observed, called = shown_as(problem)
    title = f"{image}, {names.tasks[task]}"
    return draw_gallery(clean, to_array(observed), panels, title, called)
