"""Stage ``study``: a table, a figure and verdicts that answer a question about the results."""

from __future__ import annotations

from priorbench.jobs.log import say
from priorbench.jobs.worker import available_threads, limit_threads
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seeded
from priorbench.store.files import write_atomically
from priorbench.store.memo import Memo

SUFFIXES = ("svg", "png", "csv", "md", "html", "json")


def study(plan: Plan, name: str) -> None:
    """Write ``studies/<name>`` as CSV, SVG, PNG and, with the verdicts, as Markdown, HTML and JSON.

    A study may take minutes. One that gets the same rows, images and models as before, and has the
    same code, is not computed again: what it gave is kept in ``studies/kept``, since Snakemake
    removes a rule's outputs before it starts the job again.

    Raises:
        ValueError: the study's rows can't be read.
        Exception: whatever the study raises.
    """
    spec = plan.study(name).spec
    limit_threads(available_threads(spec.resources.threads))
    from priorbench.studies.experiment import Experiment, digest

    experiment = Experiment.read(plan, name)
    key = fingerprint([plan.fingerprints.study(name), digest(experiment)])
    outputs = {suffix: plan.layout.study(name, suffix) for suffix in SUFFIXES}
    copies = {suffix: plan.layout.kept_study(name, suffix) for suffix in SUFFIXES}
    memo = Memo(plan.layout.study_record(name), key, list(copies.values()))
    if memo.recall():
        say(f"{name}: up to date, from the same rows and models by the same code")
        for suffix, copy in copies.items():
            write_atomically(outputs[suffix], copy.read_bytes())
        return
    from priorbench.figures.style import save
    from priorbench.results.claims import write_claims
    from priorbench.studies.page import study_html, study_markdown

    with seeded(derive_seed(plan.experiment.seed, "study", name)):
        findings = plan.study(name).entry.load()(experiment)
    save(findings.figure, outputs["svg"])
    write_atomically(outputs["md"], study_markdown(spec, findings))
    write_atomically(outputs["html"], study_html(spec, findings))
    write_claims(outputs["json"], name, [claim.of_study(name) for claim in findings.claims])
    write_atomically(outputs["csv"], findings.table.to_csv(index=False))
    for suffix, copy in copies.items():
        write_atomically(copy, outputs[suffix].read_bytes())
    memo.keep()
