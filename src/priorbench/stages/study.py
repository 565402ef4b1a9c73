"""Stage ``study``: a table, a figure and verdicts that answer a question about the results."""

from __future__ import annotations

from pathlib import Path

from priorbench.jobs.log import say
from priorbench.jobs.worker import available_threads, limit_threads
from priorbench.plan import Plan
from priorbench.provenance import fingerprint
from priorbench.seeds import derive_seed, seeded
from priorbench.store.files import file_sha256, read_json, write_atomically, write_json

SUFFIXES = ("svg", "png", "csv", "md", "html")


def study(plan: Plan, name: str) -> None:
    """Write ``studies/<name>`` as CSV, SVG, PNG and, with the verdicts, as Markdown and HTML.

    A study may take minutes. One that gets the same rows, images and models as before, and has the
    same code, is not computed again: what it gave is kept in ``studies/kept``, since Snakemake
    removes a rule's outputs before it starts the job again.

    Raises:
        ValueError: the study's rows can't be read.
        Exception: whatever the study raises.
    """
    record = plan.study(name).record
    limit_threads(available_threads(record.resources.threads))
    from priorbench.studies.experiment import Experiment, digest

    experiment = Experiment.read(plan, name)
    key = fingerprint([plan.fingerprints.study(name), digest(experiment)])
    if _restore_kept(plan, name, key):
        say(f"{name}: up to date, from the same rows and models by the same code")
        return
    from priorbench.report.figures.style import save
    from priorbench.report.study_page import study_html, study_markdown

    with seeded(derive_seed(plan.experiment.seed, "study", name)):
        findings = plan.study(name).load()(experiment)
    save(findings.figure, Path(plan.layout.study(name, "svg")))
    write_atomically(Path(plan.layout.study(name, "md")), study_markdown(record, findings))
    write_atomically(Path(plan.layout.study(name, "html")), study_html(record, findings))
    write_atomically(Path(plan.layout.study(name, "csv")), findings.table.to_csv(index=False))
    _keep(plan, name, key)


def _keep(plan: Plan, name: str, key: str) -> None:
    """Copy what a study gave, with the checksums of the copies."""
    digests = {}
    for suffix in SUFFIXES:
        copy = Path(plan.layout.kept_study(name, suffix))
        write_atomically(copy, Path(plan.layout.study(name, suffix)).read_bytes())
        digests[suffix] = file_sha256(copy)
    write_json(Path(plan.layout.kept_study(name, "json")), {"key": key, "sha256": digests})


def _restore_kept(plan: Plan, name: str, key: str) -> bool:
    """Write what a study of the same key gave; return False if there is nothing whole of it."""
    copies = {suffix: Path(plan.layout.kept_study(name, suffix)) for suffix in SUFFIXES}
    try:
        record = read_json(Path(plan.layout.kept_study(name, "json")))
        digests = {suffix: file_sha256(copy) for suffix, copy in copies.items()}
        if record["key"] != key or record["sha256"] != digests:
            return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    for suffix, copy in copies.items():
        write_atomically(Path(plan.layout.study(name, suffix)), copy.read_bytes())
    return True
