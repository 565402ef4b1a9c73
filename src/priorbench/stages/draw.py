"""Stage ``draw``: one figure of the results."""

from __future__ import annotations

from priorbench.errors import unknown
from priorbench.plan import Plan
from priorbench.report.figures.cost import draw_cost
from priorbench.report.figures.differences import draw_differences
from priorbench.report.figures.scores import draw_scores
from priorbench.report.figures.style import save
from priorbench.results.gather import read_table
from priorbench.stages.results import catalogue


def draw(plan: Plan, name: str) -> None:
    """Write ``figures/<name>.svg`` and ``.png``.

    Raises:
        ValueError: there is no figure of this name.
    """
    if name not in plan.figures:
        raise ValueError(unknown("figure", name, plan.figures))
    scores = read_table(plan.layout.result("scores"))
    names = catalogue(plan)
    if name in plan.galleries:
        # It opens a problem, and so brings torch, which the other figures do without.
        from priorbench.stages.gallery import gallery

        figure = gallery(plan, *plan.galleries[name], scores, names)
    elif name == "cost":
        figure = draw_cost(scores, read_table(plan.layout.result("runs")), names, names.main_metric)
    elif name == "differences":
        figure = draw_differences(scores, names, names.main_metric)
    else:
        figure = draw_scores(scores, names, name)
    save(figure, plan.layout.figure(name))
