"""Tables of what the plugins of the checkout register."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from priorbench.config.reference import default_in_words, type_in_words
from priorbench.plugins.manager import load_plugins
from priorbench.plugins.registry import Registry
from priorbench.specs import Parameters, PriorSpec, Spec

ROOT = Path(__file__).parents[2]


@cache
def registry() -> Registry:
    """Return all that is registered in the checkout; a broken plugin is an error."""
    return load_plugins([ROOT / "plugins"], strict=True)


def parameters(kind: str, *names: str) -> str:
    """Return a table of the parameters of priors, tasks or data sets.

    Parameters that several have alike stand in one row.

    Args:
        kind: ``priors``, ``tasks`` or ``datasets``.
        names: of what is registered; all that has parameters by default.

    Raises:
        KeyError: nothing has such a name.
    """
    entries: dict[str, Any] = getattr(registry(), kind)
    whose: dict[tuple[str, ...], list[str]] = {}
    for name in names or entries:
        for row in _fields(entries[name].spec):
            whose.setdefault(row, []).append(f"`{name}`")
    several = len(names) != 1
    lines = [
        ("| " + kind + " " if several else "") + "| parameter | type | default | meaning |",
        ("|---" if several else "") + "|---|---|---|---|",
    ]
    for row, owners in whose.items():
        cells = [", ".join(owners), *row] if several else list(row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _fields(spec: Spec) -> list[tuple[str, ...]]:
    """Return name, type, default and meaning of each parameter."""
    model: type[Parameters] = getattr(spec, "parameters", Parameters)
    return [
        (
            f"`{name}`",
            type_in_words(field.annotation),
            _code(default_in_words(field)),
            _cell(field.description or ""),
        )
        for name, field in model.model_fields.items()
    ]


def metrics() -> str:
    """Return the metrics as a table."""
    lines = [
        "| metric | unit | best is | in `all` | what it measures | reference |",
        "|---|---|---|---|---|---|",
    ]
    for name, entry in registry().metrics.items():
        spec = entry.spec
        best = {True: "the highest", False: "the lowest", None: "no value"}[spec.higher_is_better]
        if spec.target is not None:
            best = f"{spec.target:g}"
        shown = "with `samples`" if spec.of_samples else "yes"
        shown = "no" if spec.optional else shown
        cells = (
            f"`{name}`",
            spec.unit,
            best,
            shown,
            _cell(spec.summary),
            _link(spec.reference),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cost(*names: str) -> str:
    """Return what jobs of priors are expected to take, as their specs say."""
    lines = [
        "| prior | threads | seconds a megapixel | seconds of the fit | memory in MiB |",
        "|---|---:|---|---:|---:|",
    ]
    for name in names:
        spec: PriorSpec = registry().priors[name].spec
        asked = spec.resources
        fit = f"{asked.training_seconds:g}" if spec.learns and asked.training_seconds else "–"
        cells = (
            f"`{name}`",
            asked.threads,
            _seconds(asked.seconds_per_megapixel),
            fit,
            asked.memory_mb,
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _seconds(expected: float | dict[str, float] | None) -> str:
    """Return the seconds for a megapixel, where tasks differ of each."""
    if not isinstance(expected, dict):
        return "unknown" if expected is None else f"{expected:g}"
    names = {task: "other tasks" if task == "*" else task for task in expected}
    return ", ".join(f"{value:g} ({names[task]})" for task, value in expected.items())


def _code(text: str) -> str:
    return text if text in ("", "required") else f"`{text}`"


def _cell(text: str) -> str:
    """Return words as a cell of a table."""
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("|", "\\|")


def _link(reference: str) -> str:
    """Return publications with each DOI as a link, anything else as it is."""
    return ", ".join(_link_of_one(each) for each in reference.split(", "))


def _link_of_one(reference: str) -> str:
    doi = reference.removeprefix("doi:")
    return f"[doi:{doi}](https://doi.org/{doi})" if doi.startswith("10.") else _cell(reference)
