"""The table of what restorations cost."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from priorbench.report.coverage import Coverage, Planned
from priorbench.report.grid import Cell, Grid, Section
from priorbench.results.catalogue import Catalogue
from priorbench.results.costs import Device, restoration_costs
from priorbench.store.status import Status

TITLE = "Cost of a restoration: processor / wall-clock seconds an image"
FINISHED_NOTE = "(12/68): 12 of 68 images are finished."
NOTHING = "–"
SHORTEST = 0.001
"""Seconds below which a time is not shown: the clocks are not that exact."""
CELL = ["dataset", "prior", "task"]
COST_COLUMNS = [
    *CELL,
    "device",
    "n",
    "processor_seconds_mean",
    "processor_seconds_min",
    "processor_seconds_max",
    "seconds_mean",
    "seconds_min",
    "seconds_max",
    "peak_memory_mb",
    "device_memory_mb",
    "threads",
    "training_processor_seconds",
    "training_seconds",
    "training_device_memory_mb",
    "n_parameters",
]
PEAKS = COST_COLUMNS[COST_COLUMNS.index("peak_memory_mb") :]
"""Columns with the highest value of a group; those of the fit are the same in all of its rows."""


def cost_csv(
    runs: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None
) -> pd.DataFrame:
    """Return what restorations cost: one row for each data set, prior, task and device.

    Only those that gave an image count.

    ``n`` images, restored on processors (``cpu``) or on a GPU (``gpu``); mean, least and most
    processor seconds and seconds by the clock an image; the highest peak memory and GPU memory in
    MiB; the threads; the cost of the fit, which all cells of a prior share; and how many numbers
    were learned, before or from the problem alone. What does not apply is missing. With
    ``planned``, while a run goes on, every cell that is run has a row, with ``done`` and
    ``planned`` images.
    """
    # The last digit of a mean depends on the order.
    done = restoration_costs(runs).sort_values("image")
    groups = done.groupby([*CELL, "device"])
    times = [
        groups[name].agg(["mean", "min", "max"]).add_prefix(f"{name}_")
        for name in ("processor_seconds", "seconds")
    ]
    parts = [groups.size().to_frame("n"), *times, groups[PEAKS].max()]
    frame = pd.concat(parts, axis=1).reset_index()[COST_COLUMNS]
    if planned is not None:
        frame = _with_coverage(frame, Coverage.of(runs, planned))
    known = [frame[name].isin(list(ids)) for name, ids in _orders(catalogue).items()]
    frame = frame[known[0] & known[1] & known[2]]
    return frame.sort_values(
        [*CELL, "device"],
        key=lambda column: _ranks(column, catalogue),
        ignore_index=True,
    )


def cost_grid(runs: pd.DataFrame, catalogue: Catalogue, planned: Planned | None = None) -> Grid:
    """Return the cost of each prior for people, data sets as sections."""
    coverage = Coverage.of(runs, {} if planned is None else planned)
    costs = cost_csv(runs, catalogue)
    states = runs.groupby(["dataset", "prior", "task"])["status"].agg(
        lambda status: status.mode().iloc[0]
    )
    gpu_columns = ["device_memory_mb", "training_device_memory_mb"]
    has_gpu = bool(costs[gpu_columns].notna().any(axis=None))
    sections = []
    for dataset in catalogue.datasets:
        own = costs[costs["dataset"] == dataset]
        if not ((runs["dataset"] == dataset).any() or coverage.images(dataset)):
            continue
        rows = []
        for prior, label in catalogue.priors.items():
            cells = [Cell(label)]
            of_prior = own[own["prior"] == prior]
            for task in catalogue.tasks:
                cell = (dataset, task, prior)
                share = (
                    ""
                    if coverage.is_whole(cell)
                    else f" {coverage.words(cell, coverage.done.get(cell, 0))}"
                )
                status = str(states.get((dataset, prior, task), Status.UNSUPPORTED))
                of_cell = of_prior[of_prior["task"] == task]
                if share and cell not in coverage.done:
                    cells.append(Cell(f"–{share}"))
                elif len(of_cell):
                    cells.append(Cell(_restoration_words(of_cell) + share))
                else:
                    cells.append(
                        Cell("cannot")
                        if status == Status.UNSUPPORTED
                        else Cell(status + share, "failed")
                    )
            cells += [Cell(words) for words in _prior_words(of_prior, has_gpu)]
            rows.append(cells)
        sections.append(Section(dataset, [rows]))
    columns = [
        "prior",
        *(f"{label} (s)" for label in catalogue.tasks.values()),
        "peak memory (MiB)",
        *(["GPU memory (MiB)"] if has_gpu else []),
        "threads",
        "training (s)",
        "parameters",
    ]
    notes = _notes(has_gpu)
    if coverage.notes():
        notes = [*coverage.notes(), FINISHED_NOTE, *notes]
    return Grid(TITLE, columns, sections, notes)


def _notes(has_gpu: bool) -> list[str]:
    """Return how to read the table."""
    notes = [
        "Processor / wall-clock seconds an image, means over the images that were restored.",
        "Processor seconds are the cost: those of all threads together, which hardly depend on "
        "what else the machine does; by the clock, an image also waits while other jobs compute.",
    ]
    if has_gpu:
        notes.append(
            "GPU: wall-clock seconds until the GPU has computed all, which are the cost there; GPU "
            "memory is the highest that tensors took."
        )
    return [
        *notes,
        "The start that every solver takes from the observation is computed before both clocks "
        "start.",
        "Peak memory is the highest resident memory of the process, libraries included.",
        "Training is the fit of the model, once for all images, in the same seconds.",
        "Parameters are the numbers that were learned, by the fit or, without one, from each "
        "observation.",
    ]


def _restoration_words(costs: pd.DataFrame) -> str:
    """Return the seconds an image of a cell, on each device that has restored any."""
    return ", ".join(
        _seconds(Device(row["device"]), row["processor_seconds_mean"], row["seconds_mean"])
        for row in costs.to_dict("records")
    )


def _prior_words(costs: pd.DataFrame, has_gpu: bool) -> list[str]:
    """Return what stands in the columns of a prior in all tasks."""
    highest = costs[PEAKS].max()
    device = Device.CPU if math.isnan(highest["training_device_memory_mb"]) else Device.GPU
    fit = _seconds(device, highest["training_processor_seconds"], highest["training_seconds"])
    words = [_whole(highest["peak_memory_mb"])]
    if has_gpu:
        words.append(_whole(highest["device_memory_mb"]))
    return [*words, _whole(highest["threads"]), fit, _whole(highest["n_parameters"])]


def _seconds(device: Device, processor: float, wall: float) -> str:
    """Return seconds that are a cost: ``38 / 105`` of processors, ``GPU 0.41`` of a GPU.

    Where both are too short to show, ``< 0.001`` stands once.
    """
    if math.isnan(wall):
        return NOTHING
    if device == Device.GPU:
        return f"GPU {_significant(wall)}"
    if max(processor, wall) < SHORTEST:
        return _significant(wall)
    return f"{_significant(processor)} / {_significant(wall)}"


def _significant(seconds: float) -> str:
    """Return two significant digits, or all before the point, without an exponent."""
    if math.isnan(seconds):
        return NOTHING
    if seconds >= 99.5:
        return f"{seconds:.0f}"
    return f"{seconds:#.2g}".rstrip(".") if seconds >= SHORTEST else f"< {SHORTEST}"


def _whole(value: float) -> str:
    return NOTHING if math.isnan(value) else f"{value:,.0f}"


def _with_coverage(costs: pd.DataFrame, coverage: Coverage) -> pd.DataFrame:
    """Return the costs with a row for each cell that is planned, and how much of it is there."""
    cells = [
        (dataset, prior, task, coverage.done.get((dataset, task, prior), 0), count)
        for (dataset, task, prior), count in coverage.planned.items()
    ]
    frame = pd.DataFrame(cells, columns=[*CELL, "done", "planned"])
    whole = costs.merge(frame, on=CELL, how="right")
    # A missing row would turn whole numbers into fractions.
    return whole.astype({"n": "Int64", "threads": "Int64"}).fillna({"n": 0})[
        [*COST_COLUMNS, "done", "planned"]
    ]


def _orders(catalogue: Catalogue) -> dict[str, Iterable[str]]:
    return {"dataset": catalogue.datasets, "prior": catalogue.priors, "task": catalogue.tasks}


def _ranks(column: pd.Series[str], catalogue: Catalogue) -> pd.Series[int]:
    orders = {**_orders(catalogue), "device": [*Device]}
    rank = {name: i for i, name in enumerate(orders[str(column.name)])}
    return column.map(rank)
