"""What mkdocs does beside its configuration: the READMEs of the plugins become pages."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PLUGINS = ROOT / "plugins"


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

    return re.sub(r"\]\((\.\.?/[^)#]+)", moved, readme.read_text())


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add ``priors/<plugin>.md`` and ``studies/<plugin>.md``."""
    for readme in sorted(PLUGINS.rglob("README.md")):
        files.append(File.generated(config, page_of(readme), content=linked(readme)))
    return files
