"""What mkdocs does beside its configuration: the READMEs of the plugins become pages."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add ``priors/<plugin>.md`` and ``studies/<plugin>.md``, with links to the documentation that hold there."""
    for readme in sorted((ROOT / "plugins").rglob("README.md")):
        inside = readme.parent.relative_to(ROOT / "plugins")
        folder = "studies" if inside.parts[0] == "studies" else "priors"
        text = re.sub(r"\]\((?:\.\./)+docs/", "](../", readme.read_text())
        files.append(File.generated(config, f"{folder}/{inside.name}.md", content=text))
    return files
