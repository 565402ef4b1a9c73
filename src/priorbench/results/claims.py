"""What the studies of an experiment say of the claims that they look at, as plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from priorbench.store.files import read_json, write_json

SCHEMA_VERSION = 1
"""Of the files ``studies/<study>.json``."""
HOLDS, FAILS, OPEN = "holds", "does not hold", "not decided"


@dataclass(frozen=True, kw_only=True)
class JudgedClaim:
    """A sentence of a paper, with what a study says of it and the number that decides.

    Args:
        study: its name.
        statement: the sentence.
        source: where it is made.
        verdict: ``holds``, ``does not hold`` or ``not decided``.
        value: the number that decides; None if there is none, or only its interval is known.
        low: the lower end of its interval at 95 %; None if there is none.
        high: the upper end.
        unit: of the three; empty for a pure number.
        evidence: the numbers in words, with those of all parts that the claim has.
    """

    study: str
    statement: str
    source: str
    verdict: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    evidence: str


COLUMNS = tuple(field.name for field in fields(JudgedClaim))


def finite(number: float) -> float | None:
    """Return a number that JSON can hold, or None for NaN and infinity."""
    return float(number) if isfinite(number) else None


def write_claims(path: Path, study: str, claims: Sequence[JudgedClaim]) -> None:
    """Write the claims of a study as JSON, atomically."""
    rows = [
        {name: value for name, value in asdict(one).items() if name != "study"} for one in claims
    ]
    write_json(path, {"schema_version": SCHEMA_VERSION, "study": study, "claims": rows})


def read_claims(files: Iterable[Path]) -> list[JudgedClaim]:
    """Read the claims of studies, in the order of the files.

    Raises:
        ValueError: a file is damaged, or of another version; the message names it.
    """
    return [claim for file in files for claim in _claims_in(file)]


def _claims_in(file: Path) -> list[JudgedClaim]:
    content: Any = read_json(file)
    try:
        version = content["schema_version"]
        if version == SCHEMA_VERSION:
            return [JudgedClaim(study=content["study"], **row) for row in content["claims"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file} is damaged: {error}; remove it and run again") from error
    raise ValueError(
        f"{file} is of version {version}, and this priorbench reads {SCHEMA_VERSION}: "
        "remove it and run again"
    )
