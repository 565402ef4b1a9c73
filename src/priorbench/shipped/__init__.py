"""What comes with the library beside its modules: plugins, workflow, experiments, profiles.

A wheel has them in this folder. A checkout has them at its root, also when it is installed in
editable mode.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["snakefile"]

DEFAULT = "default"
"""The experiment that is ``config.yaml`` at the root; the others lie in the folder ``config``."""


def root() -> Path:
    """Return the folder of all that is shipped."""
    folder = Path(__file__).parent
    return folder if (folder / "workflow").is_dir() else folder.parents[2]


def snakefile() -> str:
    """Return the path of the workflow, for ``snakefile:`` of a Snakemake module."""
    return str(root() / "workflow" / "Snakefile")


def plugins() -> Path:
    """Return the folder of the built-in plugins."""
    return root() / "plugins"


def profile(name: str) -> Path:
    """Return the folder of a Snakemake profile, ``default`` or ``slurm``; it may be missing."""
    return root() / "profiles" / name


def experiments() -> dict[str, Path]:
    """Return the configurations of the experiments by their names, the default one first."""
    others = sorted((root() / "config").glob("*.yaml"))
    return {DEFAULT: root() / "config.yaml"} | {file.stem: file for file in others}


def schema() -> Path:
    """Return the JSON schema of configurations, which editors read."""
    return root() / "config" / "schema.json"


def template(name: str) -> Path:
    """Return a file that `priorbench init` copies."""
    return Path(__file__).parent / "templates" / name
