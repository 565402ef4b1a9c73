"""What mkdocs does beside its configuration.

The READMEs of the plugins become pages, and ``<!-- generated: … -->`` on a page becomes what the
code says (``docs/generate``).
"""

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PLUGINS = ROOT / "plugins"
# The command mkdocs does not look for modules in the folder that it is started in.
sys.path.insert(0, str(ROOT))

from docs.generate import command_line, specs  # noqa: E402
from docs.generate.readme import section  # noqa: E402

GENERATED: dict[str, Callable[..., str]] = {
    "README": section,
    "command-line": command_line.command_line,
    "cost": specs.cost,
    "metrics": specs.metrics,
    "parameters": specs.parameters,
}
"""What a page may ask for by the first word of ``<!-- generated: … -->``."""


def page_of(readme: Path) -> str:
    """Return the path below docs/ of a plugin's page."""
    folder = "studies" if readme.is_relative_to(PLUGINS / "studies") else "priors"
    return f"{folder}/{readme.parent.name}.md"


def linked(readme: Path) -> str:
    """Return the text of a README with links that hold on its page."""

    def moved(match: re.Match[str]) -> str:
        target = (readme.parent / match[1]).resolve()
        if target.is_relative_to(ROOT / "docs"):
            return f"](../{target.relative_to(ROOT / 'docs')}"
        return f"](../{page_of(target)}" if target.name == "README.md" else match[0]

    return re.sub(r"\]\((\.\.?/[^)#]+)", moved, readme.read_text(encoding="utf-8"))


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add ``priors/<plugin>.md`` and ``studies/<plugin>.md``."""
    for readme in sorted(PLUGINS.rglob("README.md")):
        files.append(File.generated(config, page_of(readme), content=linked(readme)))
    return files


def filled(text: str) -> str:
    """Return a page with what it asks for in place of each ``<!-- generated: … -->``.

    Raises:
        PluginError: a page asks for what there is not.
    """

    def made(match: re.Match[str]) -> str:
        name, *arguments = shlex.split(match[1])
        if name not in GENERATED:
            known = ", ".join(GENERATED)
            raise PluginError(f"{match[0]}: nothing is called {name!r}; there are {known}")
        try:
            return GENERATED[name](*arguments)
        except (KeyError, ValueError) as error:
            raise PluginError(f"{match[0]}: {error}") from error

    return re.sub(r"^<!-- generated: (.+?) -->$", made, text, flags=re.MULTILINE)


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is generated."""
    return filled(markdown)
