"""The figures, studies and tables that the page shows or offers, and their files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from priorbench.plan import Plan
from priorbench.results.planned import catalogue
from priorbench.store.drawings import shown_format

CAPTIONS = {
    "scores": "Mean of each prior with its 95 % interval, and every image.",
    "differences": "Mean difference to the best mean, paired by image, with its 95 % interval.",
    "cost": "Mean score against what a restoration costs; the line joins the priors that no other "
    "one beats in both.",
    "gallery": "One image: clean, corrupted, and restored by each prior.",
}
TITLES = {
    "paired": "Paired differences to the best mean",
    "cost": "What restorations cost",
    "failures": "Failures",
    "ranking": "Ranks with intervals and groups of equals",
    "claims": "Claims and verdicts",
}
SUFFIXES = ("csv", "md", "tex", "html")


@dataclass(frozen=True)
class Figure:
    """A figure.

    Args:
        name: its name.
        caption: what it shows.
        file: the file in the site.
    """

    name: str
    caption: str
    file: str


@dataclass(frozen=True)
class Study:
    """A study.

    Args:
        name: its name.
        summary: its question.
        caption: of its figure.
        figure: the file in the site.
        files: all of its files.
    """

    name: str
    summary: str
    caption: str
    figure: str
    files: list[str]


@dataclass(frozen=True)
class DownloadFile:
    """A file to download.

    Args:
        format: how it is written.
        path: in the site.
        bytes: its size.
    """

    format: str
    path: str
    bytes: int


@dataclass(frozen=True)
class Download:
    """A table to download.

    Args:
        name: its name.
        title: what it holds.
        files: the same in several formats.
    """

    name: str
    title: str
    files: list[DownloadFile]


class ShownFiles:
    """Files that lie in the site by the names that they have in the experiment.

    Args:
        plan: the experiment.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan, self._layout = plan, plan.layout
        names = [name for name in TITLES if name in self._tables()]
        self.tables = [*plan.metrics, *names]

    def copies(self) -> Iterator[Path]:
        """Yield every file that is copied."""
        layout, plan = self._layout, self._plan
        yield layout.config()
        yield from map(layout.result, ("runs", "scores"))
        for table in self.tables:
            yield from (layout.table(table, suffix) for suffix in SUFFIXES)
        for figure in plan.figures:
            yield from (layout.figure(figure, suffix) for suffix in ("svg", "png"))
        for study in self._studies():
            yield from self._study_files(study)

    def figures(self) -> list[Figure]:
        """Return the figures, as PNG, which a browser draws at once."""
        return [
            Figure(name, self._caption(name), self._name(self._layout.figure(name, "png")))
            for name in self._plan.figures
        ]

    def studies(self) -> list[Study]:
        """Return the studies that are finished."""
        found = []
        for name in self._studies():
            spec = self._plan.study(name).spec
            figure = self._layout.study(name, shown_format(self._layout.study(name, "svg")))
            files = [self._name(file) for file in self._study_files(name)]
            found.append(Study(name, spec.summary, spec.caption, self._name(figure), files))
        return found

    def downloads(self) -> list[Download]:
        """Return what there is to download."""
        layout, names = self._layout, catalogue(self._plan)
        titles = {metric: names.metric_label(metric) for metric in self._plan.metrics} | TITLES
        found = [
            Download(
                name, titles[name], [self._file(layout.table(name, each)) for each in SUFFIXES]
            )
            for name in self.tables
        ]
        found += [
            Download("scores", "Every score", [self._file(layout.result("scores"))]),
            Download("runs", "Every restoration", [self._file(layout.result("runs"))]),
            Download("config", "The experiment", [self._file(layout.config())]),
        ]
        return found

    def _tables(self) -> list[str]:
        # Without a study there are no claims.
        return [*self._plan.tables, *(["claims"] if self._plan.studies else [])]

    def _studies(self) -> list[str]:
        """Return the names of the studies whose page is there."""
        return [name for name in self._plan.studies if self._layout.study(name, "html").exists()]

    def _study_files(self, name: str) -> list[Path]:
        files = [self._layout.study(name, each) for each in ("svg", "png", "csv", "md", "html")]
        return [file for file in files if file.exists()]

    def _caption(self, figure: str) -> str:
        if figure in self._plan.galleries:
            return CAPTIONS["gallery"]
        return CAPTIONS["scores" if figure in self._plan.metrics else figure]

    def _file(self, path: Path) -> DownloadFile:
        return DownloadFile(path.suffix[1:], self._name(path), path.stat().st_size)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._layout.root).as_posix()
