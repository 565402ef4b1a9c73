"""The results of an experiment in a notebook: no plan, no plugin and no torch is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from priorbench.results.catalogue import CATALOGUE_VERSION, Catalogue
from priorbench.specs import MetricSpec
from priorbench.store.files import read_json
from priorbench.store.layout import Layout

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """What an experiment has left.

    Args:
        path: the experiment's folder.
        experiment: its name.
        scores: one row for each data set, image, task, prior and metric, with the columns of
            ``scores.parquet``: ``experiment``, ``dataset``, ``image``, ``task``, ``prior``,
            ``metric``, ``value`` (NaN where there is none), ``status``, ``reason``,
            ``fingerprint``, ``source`` (``measured``, or ``paper`` for a published mean, which has
            no image) and ``note``.
        runs: one row for each restoration, with the columns of ``runs.parquet``: those ids,
            ``status``, ``seconds`` by the clock, ``processor_seconds``, memory, ``solver``,
            ``environment`` and others.
        priors: one row for each prior, by its id: ``label``, ``name`` of its plugin's spec,
            ``family``, ``baseline``, ``reference``, ``summary`` and ``parameters``.
        tasks: one row for each task, by its id: ``label``, ``name``, ``reference``, ``summary`` and
            ``parameters``.
        datasets: one row for each data set that was tested on, by its id: ``images``, how many,
            and ``name``, ``reference`` and ``summary`` of its source.
        metrics: one row for each metric, by its name: ``label``, ``unit``, ``higher_is_better``
            (None for a diagnosis that has no best), ``decimals`` and ``target``.
        catalogue: the same names as the figures of :mod:`priorbench.figures` want them.
    """

    path: Path
    experiment: str
    scores: pd.DataFrame = field(repr=False)
    runs: pd.DataFrame = field(repr=False)
    priors: pd.DataFrame = field(repr=False)
    tasks: pd.DataFrame = field(repr=False)
    datasets: pd.DataFrame = field(repr=False)
    metrics: pd.DataFrame = field(repr=False)
    catalogue: Catalogue = field(repr=False)

    def summary(self) -> pd.DataFrame:
        """Return means with intervals, see :func:`priorbench.results.statistics.summarise`."""
        from priorbench.results.statistics import summarise

        return summarise(self.scores, self.catalogue.metrics)

    def paired(self) -> pd.DataFrame:
        """Return each prior's difference to the best mean of its column, see
        :func:`priorbench.results.statistics.paired_differences`.
        """
        from priorbench.results.statistics import paired_differences

        return paired_differences(self.scores, self.catalogue.metrics)

    def rankings(self) -> pd.DataFrame:
        """Return ranks, groups of equals and distances to the best, see
        :func:`priorbench.results.rankings.rankings`.
        """
        from priorbench.results.rankings import rankings

        return rankings(self.scores, self.catalogue.metrics)


def load(path: str | Path) -> Results:
    """Load the results of an experiment.

    >>> from priorbench.results import load
    >>> results = load("results/tiny")
    >>> results.experiment
    'tiny'
    >>> results.priors["label"].to_dict()
    {'light': 'light', 'dark': 'dark'}
    >>> psnr = results.scores.query("metric == 'psnr'")
    >>> psnr.pivot(index="image", columns="prior", values="value").round(1).to_dict("index")
    {'a': {'dark': 20.0, 'light': 26.0}, 'b': {'dark': 20.0, 'light': 26.0}}
    >>> results.summary()[["task", "metric", "prior", "n", "mean"]].round(1)
            task metric  prior  n  mean
    0  denoise-0   psnr   dark  2  20.0
    1  denoise-0   psnr  light  2  26.0

    Args:
        path: the folder of the experiment, or one of results that holds a single experiment.

    Raises:
        FileNotFoundError: the folder holds no results, or not all that is needed; the message says
            what makes it.
        ValueError: a file is damaged, is of a later version, or there are several experiments.
    """
    from priorbench.results.gather import read_table

    folder = experiment_folder(Path(path))
    layout = Layout(folder)
    data = _read_catalogue(layout.catalogue())
    return Results(
        path=folder,
        experiment=data["experiment"],
        scores=read_table(layout.result("scores")),
        runs=read_table(layout.result("runs")),
        priors=_frame(data["priors"], "prior"),
        tasks=_frame(data["tasks"], "task"),
        datasets=_frame(data["datasets"], "dataset"),
        metrics=_frame(data["metrics"], "metric"),
        catalogue=_catalogue(data),
    )


def is_experiment(folder: Path) -> bool:
    """Whether a folder holds the gathered results of an experiment."""
    return Layout(folder).result("scores").is_file()


def experiment_folder(path: Path) -> Path:
    """Return the folder of an experiment: ``path``, or the only one in it.

    Raises:
        FileNotFoundError: there is none.
        ValueError: there are several.
    """
    if is_experiment(path):
        return path
    found = sorted(each for each in path.glob("*") if is_experiment(each))
    if len(found) > 1:
        raise ValueError(
            f"{path} holds the experiments {', '.join(each.name for each in found)}: "
            f"name one of them, such as {found[0]}"
        )
    if not found:
        raise FileNotFoundError(
            f"{path} holds no results: name the folder of an experiment, which has scores.parquet, "
            "such as results/default"
        )
    return found[0]


def _read_catalogue(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is not there: 'priorbench tabulate --config {path.parent / 'config.yaml'}' "
            "writes it, where the experiment's plugins are"
        )
    data: dict[str, Any] = read_json(path)
    version = data.get("schema_version") if isinstance(data, dict) else None
    if type(version) is int and version > CATALOGUE_VERSION:
        raise ValueError(
            f"{path} has schema_version {version}, and this priorbench reads those up to "
            f"{CATALOGUE_VERSION}: update priorbench to read it"
        )
    if version != CATALOGUE_VERSION:
        raise ValueError(
            f"{path} is not the catalogue of an experiment: 'priorbench tabulate' writes it"
        )
    return data


def _frame(entries: dict[str, dict[str, Any]], name: str) -> pd.DataFrame:
    import pandas as pd

    # As objects: a direction may be None, which is not false.
    frame = pd.DataFrame.from_records(list(entries.values()), index=list(entries)).astype(object)
    return frame.infer_objects().rename_axis(name)


def _catalogue(data: dict[str, Any]) -> Catalogue:
    return Catalogue(
        priors={name: entry["label"] for name, entry in data["priors"].items()},
        tasks={name: entry["label"] for name, entry in data["tasks"].items()},
        datasets=tuple(data["datasets"]),
        metrics={
            name: MetricSpec(
                name=name,
                factory=_not_kept,
                summary="",
                label=entry["label"],
                unit=entry["unit"],
                higher_is_better=entry["higher_is_better"],
                decimals=entry["decimals"],
                target=entry.get("target"),
            )
            for name, entry in data["metrics"].items()
        },
        baselines=frozenset(name for name, entry in data["priors"].items() if entry["baseline"]),
    )


def _not_kept(*_: Any) -> NoReturn:
    raise NotImplementedError("results hold the names of metrics, not their code")
