"""Write a new plugin from the template."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from priorbench import __version__
from priorbench.scaffold.names import PluginName
from priorbench.scaffold.steps import next_steps

if TYPE_CHECKING:
    from priorbench.plugins.registry import Registry

TEMPLATE = Path(__file__).parent / "template"
NAMING = re.compile(r"^(?:from|import|class) .*$", re.MULTILINE)
"""Lines of Python that give a module its names."""


@dataclass(frozen=True)
class NewPlugin:
    """A plugin that is to be written.

    Args:
        name: its name and kind.
        into: the folder that it is put into; made if it is missing.
        author: who holds the copyright of a package.
    """

    name: PluginName
    into: Path
    author: str

    @property
    def target(self) -> Path:
        """The folder that is made."""
        return self.into / self.name.folder

    def check(self, registry: Registry) -> None:
        """Check that it can be written, and would be found.

        Args:
            registry: all that is registered.

        Raises:
            ValueError: there is something in its place already, its name is taken, or git, which
                copier needs, is not installed.
        """
        if self.target.exists() or self.target.is_symlink():
            raise ValueError(
                f"{self.target} is there already, and nothing is overwritten: choose another name, "
                "or another folder with --into"
            )
        self.name.check_free(registry)
        if shutil.which("git") is None:
            raise ValueError("copier, which fills in the template, needs git: install it")

    def write(self) -> None:
        """Write it, after :meth:`check`; there is all of it or nothing.

        Raises:
            OSError: it can't be written.
        """
        from copier import Settings, run_copy

        # On the same disk, so that the whole plugin appears at once; plugins are not looked for in
        # folders that begin with a dot.
        place = next(parent for parent in (self.into, *self.into.parents) if parent.is_dir())
        with tempfile.TemporaryDirectory(prefix=".priorbench-", dir=place) as temporary:
            made = Path(temporary, self.name.folder)
            run_copy(
                str(TEMPLATE),
                made,
                data=self._answers(),
                defaults=True,
                quiet=True,
                settings=Settings(),
            )
            self.into.mkdir(parents=True, exist_ok=True)
            made.rename(self.target)

    def files(self) -> Iterator[Path]:
        """Yield what was written."""
        yield from sorted(path for path in self.target.rglob("*") if path.is_file())

    def _answers(self) -> dict[str, Any]:
        """Return what the template asks for."""
        name, form = self.name, self.name.kind.form
        # A reader of the README stands in the package's folder.
        steps = next_steps(name.name, name.kind, "." if name.package else "")
        parts = TEMPLATE / "kinds" / name.kind
        references = "references.bib"
        return {
            "name": name.name,
            "module": name.module,
            "title": _free(name.title, parts),
            "kind": str(name.kind),
            "file": form.file,
            "checks": form.checks,
            # A file without a name is not made.
            "references": references if (parts / f"{references}.jinja").is_file() else "",
            "package": name.package,
            "author": self.author,
            "year": date.today().year,
            "version": __version__,
            "place": self.target.as_posix(),
            "steps": [{"command": step.command, "before": step.before} for step in steps],
        }


def _free(title: str, kind: Path) -> str:
    """Return the name of a class, or another one where a file of the template has it."""
    lines = [
        line for file in kind.glob("*.py.jinja") for line in NAMING.findall(file.read_text("utf-8"))
    ]
    taken = any(re.search(rf"\b{title}\b", line) for line in lines)
    return f"My{title}" if taken else title
