"""The publications behind what plugins register.

A spec names them in its ``reference``. The BibTeX of each stands in the file ``references.bib`` of
the plugin's folder, or in the library's own, and is found by what names it in the reference: the
DOI, the arXiv number, the address, or else the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from priorbench.plugins.registry import PluginError, Registered
from priorbench.specs import Spec

FILE = "references.bib"
LIBRARY = Path(__file__).with_name(FILE)
DOI = r"10\.\d{4,9}/[^\s,;]+"
ARXIV = r"arxiv:(?P<number>[\w.-]+(?:/\d+)?)"
NAMED = re.compile(rf"(?P<doi>{DOI})|{ARXIV}|(?P<address>https?://[^\s,;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Publication:
    """An entry of a ``references.bib``.

    Args:
        key: its key.
        kind: for example ``article``.
        fields: name → value, without the braces around it.
    """

    key: str
    kind: str
    fields: tuple[tuple[str, str], ...]

    @property
    def names(self) -> frozenset[str]:
        """What it may be named by in a reference, in small letters."""
        found = dict(self.fields)
        names = [found.get("doi", ""), found.get("url", ""), plain(found.get("title", ""))]
        if found.get("eprint"):
            names.append(f"arxiv:{found['eprint']}")
        return frozenset(name.lower() for name in names if name)

    def bibtex(self, key: str) -> str:
        """Return the entry under a key."""
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields]
        return "\n".join([f"@{self.kind}{{{key},", *lines, "}"])


@dataclass(frozen=True)
class Source:
    """A spec that is cited.

    Args:
        kind: for example ``"prior"``.
        entry: the spec and its plugin.
    """

    kind: str
    entry: Registered[Spec]

    def __str__(self) -> str:
        return f"{self.kind} {self.entry.spec.name}"


@dataclass(frozen=True)
class Citation:
    """A publication, once, with what it stands for.

    Args:
        key: of the entry, unique among those that are printed with it.
        bibtex: the entry.
        used_by: what names it, for example ``"prior gmm"``.
    """

    key: str
    bibtex: str
    used_by: list[str]


@dataclass(frozen=True)
class Missing:
    """A publication that a spec names and that has no entry.

    Args:
        used_by: for example ``"prior median"``.
        reference: its DOI, arXiv number or address, or all that the spec says.
    """

    used_by: str
    reference: str


def named_in(reference: str) -> list[str]:
    """Return what a reference names, in small letters: DOIs, arXiv numbers, addresses; or all of it
    where it has none of them.
    """
    found = [
        f"arxiv:{match['number']}" if match["number"] else match[0].removeprefix("https://doi.org/")
        for match in NAMED.finditer(reference)
    ]
    return [each.rstrip(".").lower() for each in found] or [reference.lower()] * bool(reference)


def plain(title: str) -> str:
    """Return a title without braces, as people write it."""
    return re.sub(r"[{}]", "", title)


def read_publications(file: Path) -> tuple[Publication, ...]:
    """Read a ``references.bib``; none, if it is not there.

    Raises:
        PluginError: an entry is broken; the message says where.
    """
    if not file.is_file():
        return ()
    from bibtexparser.entrypoint import parse_string

    library = parse_string(file.read_text(encoding="utf-8"))
    for block in library.failed_blocks:
        first = next(iter((block.raw or "").splitlines()), "")
        reason = " ".join(str(block.error or "it is no entry").split())
        # The parser counts lines from 0.
        raise PluginError(f"{file}, line {(block.start_line or 0) + 1}: {first!r}: {reason}")
    return tuple(
        Publication(
            entry.key,
            entry.entry_type,
            tuple(
                (field.key.lower(), " ".join(str(field.value).split())) for field in entry.fields
            ),
        )
        for entry in library.entries
    )


def cite(sources: Iterable[Source]) -> tuple[list[Citation], list[Missing]]:
    """Return the publications that specs name, each once, and those that have no entry.

    Raises:
        PluginError: a file of publications is broken.
    """
    read = cache(read_publications)
    users: dict[Publication, list[str]] = {}
    missing: list[Missing] = []
    for source in sources:
        known = [*read(source.entry.plugin.folder / FILE), *read(LIBRARY)]
        for name in named_in(source.entry.spec.reference):
            found = next((each for each in known if is_named(each, name)), None)
            if found is None:
                missing.append(Missing(str(source), name))
                continue
            # Two plugins may bring the same publication.
            first = next((other for other in users if other.names & found.names), found)
            own = users.setdefault(first, [])
            if str(source) not in own:
                own.append(str(source))
    return [*_with_keys(users)], missing


def is_named(publication: Publication, name: str) -> bool:
    """Return whether a part of a reference, see :func:`named_in`, names a publication."""
    title = plain(dict(publication.fields).get("title", "")).lower()
    return name in publication.names or (not NAMED.match(name) and bool(title) and title in name)


def _with_keys(users: Mapping[Publication, list[str]]) -> Iterable[Citation]:
    """Yield the publications, the second of a key with a number after it."""
    taken: dict[str, int] = {}
    for publication, used_by in users.items():
        key = publication.key
        taken[key] = taken.get(key, 0) + 1
        if taken[key] > 1:
            key = f"{key}-{taken[key]}"
        yield Citation(key, publication.bibtex(key), used_by)
