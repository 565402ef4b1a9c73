"""What a user asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Request:
    """Photographs to restore, and how.

    Args:
        sources: photographs and folders of them, gray or colour.
        output: the restored image, or a folder for several.
        task: name or id of a task.
        priors: ids, labels or names of priors; one that is not fitted yet is trained first.
        parameters: parameters of the task, where they differ from the id's or the defaults.
        observed: whether the photographs are corrupted already.
        mask: white and opaque where a pixel is known: of an observed photograph, or the task's own.
        guide: a flash photograph of the scene of an observed photograph, of the same size.
        corrupted: where to keep what was observed, an image or a folder for several.
        sheet: where to put all pictures side by side.
        suffix: of the pictures in a folder.
        bits: of the pictures; None for the most that their format has.
        force: whether an input may be overwritten.
    """

    sources: Sequence[Path]
    output: Path
    task: str
    priors: Sequence[str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    observed: bool = False
    mask: Path | None = None
    guide: Path | None = None
    corrupted: Path | None = None
    sheet: Path | None = None
    suffix: str = ".png"
    bits: int | None = None
    force: bool = False
