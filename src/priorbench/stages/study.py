"""Stage ``study``: a table, a figure and verdicts that answer a question about the results."""

from __future__ import annotations

from pathlib import Path

from priorbench.files import write_atomically
from priorbench.plan import Plan
from priorbench.seeds import derive_seed, seeded
from priorbench.stages.worker import available_threads, limit_threads


def study(plan: Plan, name: str) -> None:
    """Write ``studies/<name>.csv``, ``.svg``, ``.png`` and, with the verdicts on the claims, ``.md`` and ``.html``."""
    record = plan.study(name).record
    limit_threads(available_threads(record.resources.threads))
    from priorbench.report.figures.style import save
    from priorbench.report.study_page import study_html, study_markdown
    from priorbench.stages.material import read_results

    with seeded(derive_seed(plan.experiment.seed, "study", name)):
        findings = plan.study(name).load()(read_results(plan))
    save(findings.figure, Path(plan.layout.study(name, "svg")))
    write_atomically(Path(plan.layout.study(name, "md")), study_markdown(record, findings))
    write_atomically(Path(plan.layout.study(name, "html")), study_html(record, findings))
    write_atomically(Path(plan.layout.study(name, "csv")), findings.table.to_csv(index=False))
