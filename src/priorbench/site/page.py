"""The page itself: its template, and the files that come with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic_core import to_jsonable_python

from priorbench.site.experiment import ExperimentData

HERE = Path(__file__).parent
TEMPLATE = "index.html.j2"


@dataclass(frozen=True)
class Page:
    """Where the page is made from.

    Args:
        templates: folder of the templates.
        assets: folder of scripts, styles and vendored libraries.
    """

    templates: Path = HERE / "templates"
    assets: Path = HERE / "assets"

    def render(self, data: ExperimentData) -> str:
        """Return the page; all text in it is escaped."""
        environment = Environment(
            loader=FileSystemLoader(self.templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        plain = to_jsonable_python(data, inf_nan_mode="null")
        return environment.get_template(TEMPLATE).render(site=plain)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield the name of each file that comes with the page, and the file."""
        for path in sorted(self.assets.rglob("*")):
            if path.is_file():
                yield path.relative_to(self.assets).as_posix(), path
