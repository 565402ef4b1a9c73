"""Numbers from publications, to stand beside the measured ones."""

from __future__ import annotations

import csv
from collections.abc import Container, Mapping
from importlib.resources import files
from typing import Any

from priorbench.config import DatasetSection
from priorbench.results.schema import PROTOCOL_DIFFERS
from priorbench.store.status import Status


def published_rows(
    experiment: str,
    datasets: Mapping[str, DatasetSection],
    tasks: Container[str],
    metrics: Container[str],
) -> list[dict[str, Any]]:
    """Return the published means that an experiment can be compared with, as rows of the scores.

    Args:
        experiment: the experiment's name.
        datasets: its data sets by their ids. The sources bsd68, cbsd68, kodak24, set12, set5,
            set14 and dip have numbers, whatever the id, if all of their images are used, neither
            cut nor shrunk, and in colour where the paper's were.
        tasks: ids of its tasks.
        metrics: names of its metrics.

    Returns:
        Rows with the source ``paper``, no image, and as the note the citation, what else is to be
        known, and where the paper's protocol is another one :data:`PROTOCOL_DIFFERS` and how.
    """
    text = files("priorbench.results").joinpath("published.csv").read_text(encoding="utf-8")
    return [
        {
            "experiment": experiment,
            "dataset": dataset,
            "image": "",
            "task": row["task"],
            "prior": row["prior"],
            "metric": row["metric"],
            "value": float(row["value"]),
            "status": Status.OK.value,
            "reason": "",
            "fingerprint": "",
            "source": "paper",
            "note": _note(row),
        }
        for row in csv.DictReader(text.splitlines())
        if row["task"] in tasks and row["metric"] in metrics
        for dataset, section in datasets.items()
        if _images(section) == row["dataset"] and _is_whole(section, row["colour"] == "yes")
    ]


def _note(row: Mapping[str, str]) -> str:
    protocol = row["protocol"] and f"{PROTOCOL_DIFFERS}{row['protocol']}"
    return "; ".join(part for part in (row["source"], row["note"], protocol) if part)


def _images(section: DatasetSection) -> str:
    """Return the name of a section's images in the file: the source, of ``dip`` its group."""
    if section.source == "dip":
        return str(section.parameters.get("group", "gray11"))
    return section.source


def _is_whole(section: DatasetSection, colour: bool) -> bool:
    """Whether the images are those of a paper."""
    changed = section.images or section.exclude or section.limit or section.max_size or section.crop
    return not changed and not (colour and section.gray)
