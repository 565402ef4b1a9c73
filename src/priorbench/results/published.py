"""Numbers from publications, to stand beside the measured ones."""

from __future__ import annotations

import csv
from collections.abc import Container, Mapping
from importlib.resources import files
from typing import Any

from priorbench.config import DatasetSection
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
        datasets: its data sets by their ids; bsd68, set12, set5, set14, gray11 and color9 have
            numbers, if all of their images are used, neither cut nor shrunk, and in colour where
            the paper's were.
        tasks: ids of its tasks.
        metrics: names of its metrics.

    Returns:
        Rows with the source ``paper``, no image, and the citation as the note.
    """
    text = files("priorbench.results").joinpath("published.csv").read_text(encoding="utf-8")
    return [
        {
            "experiment": experiment,
            "dataset": row["dataset"],
            "image": "",
            "task": row["task"],
            "prior": row["prior"],
            "metric": row["metric"],
            "value": float(row["value"]),
            "status": Status.OK.value,
            "reason": "",
            "fingerprint": "",
            "source": "paper",
            "note": f"{row['source']}; {row['note']}" if row["note"] else row["source"],
        }
        for row in csv.DictReader(text.splitlines())
        if row["task"] in tasks and row["metric"] in metrics
        if (section := datasets.get(row["dataset"])) and _is_whole(section, row["colour"] == "yes")
    ]


def _is_whole(section: DatasetSection, colour: bool) -> bool:
    """Whether the images are those of a paper."""
    changed = section.images or section.exclude or section.limit or section.max_size or section.crop
    return not changed and not (colour and section.gray)
