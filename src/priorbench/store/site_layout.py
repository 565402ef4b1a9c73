"""Paths of the results site, below ``results/<experiment>/site``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from priorbench.store.cell import Cell


@dataclass(frozen=True)
class SiteLayout:
    """The paths of a site.

    Args:
        root: its folder; an empty path gives paths relative to it, as they stand in the page.
    """

    root: Path = Path()

    def page(self) -> Path:
        """The page that is opened; it is written last."""
        return self.root / "index.html"

    def asset(self, name: str) -> Path:
        """A file of the page's own: script, style, a vendored library."""
        return self.root / "assets" / name

    def data(self, key: str) -> Path:
        """A file of data, by the key that the page asks for it with."""
        return self.root / f"data/{key}.js"

    def clean(self, dataset: str, image: str) -> Path:
        """A clean image."""
        return self.root / f"images/clean/{dataset}/{image}.png"

    def scene(self, dataset: str, task: str, image: str) -> Path:
        """The part of a clean image that a task applies to, where that is not all of it."""
        return self.root / f"images/scene/{dataset}/{task}/{image}.png"

    def observed(self, dataset: str, task: str, image: str) -> Path:
        """An observation as it is shown."""
        return self.root / f"images/observed/{dataset}/{task}/{image}.png"

    def restored(self, cell: Cell, image: str) -> Path:
        """A restoration."""
        return self.root / f"images/restored/{cell}/{image}.png"

    def thumbnail(self, image: Path) -> Path:
        """The thumbnail of an image of the site."""
        inside = image.relative_to(self.root / "images")
        return self.root / "thumbnails" / inside.with_name(f"{inside.stem}.webp")

    def thumbnail_sources(self, image: Path) -> Path:
        """What the thumbnails beside that of an image were made from: no image has this name."""
        return self.thumbnail(image).with_name("_sources.json")

    def spec(self, cell: Cell) -> Path:
        """What a cell is: task, prior, parameters."""
        return self.root / f"specs/{cell}.json"

    def copy(self, name: Path) -> Path:
        """The copy of a file, whose name starts in the experiment's folder."""
        return self.root / name


def cell_key(dataset: str, task: str) -> str:
    """Return the key of the data on all images of a data set and a task."""
    return f"cells/{dataset}/{task}"


def trace_key(cell: Cell, image: str) -> str:
    """Return the key of the trace of a restoration."""
    return f"traces/{cell}/{image}"
