"""What mkdocs does beside its configuration.

The READMEs of the plugins become pages, and ``<!-- generated: … -->`` on a page becomes what the
code says (``docs/generate``).
"""

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PLUGINS = ROOT / "plugins"
# The command mkdocs does not look for modules in the folder that it is started in.
sys.path.insert(0, str(ROOT))

from docs.generate.pages import filled  # noqa: E402


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


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is generated.

    Raises:
        PluginError: the page asks for what there is not.
    """
    try:
        return filled(markdown)
    except ValueError as error:
        raise PluginError(f"{page.file.src_path}: {error}") from error
