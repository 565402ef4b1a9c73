"""The blocks of code in the documentation, and how each of them is tried.

A comment before a block, or one for a whole page, says so where it is not simply run:

``<!-- dry run: reason -->``, ``<!-- dry run on this page: reason -->``
    Snakemake plans the run and starts no job, and a script of ``benchmarks/`` is only asked whether
    it has the options; all other commands run.
``<!-- not run: reason -->``
    it is not tried at all.
``<!-- tested by tests/… -->``
    the blocks of this page are tried by a test of their own.

``<!-- run first: command -->`` runs what a reader of the page has done before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "plugins").rglob("README.md")),
]


class How(StrEnum):
    """How a block is tried; the values are what a comment says."""

    RUN = "run"
    DRY_RUN = "dry run"
    NOT_RUN = "not run"
    ELSEWHERE = "tested by"


@dataclass(frozen=True)
class Block:
    """A block of code.

    Args:
        page: the file, from the root of the repository.
        line: of the fence, from 1.
        language: what stands after the fence.
        text: the code.
        how: how it is tried.
        reason: why it is not simply run.
        file: where the code belongs, if a line of the paragraph before begins with a file of a plugin.
    """

    page: str
    line: int
    language: str
    text: str
    how: How = How.RUN
    reason: str = ""
    file: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    whole = re.search(r"<!-- (dry run on this page:|tested by) (.+?) -->", text)
    default = (How(whole[1].removesuffix(" on this page:")), whole[2]) if whole else (How.RUN, "")
    tokens = MarkdownIt("commonmark").parse(text)
    name = page.relative_to(ROOT).as_posix()
    for number, token in enumerate(tokens):
        if token.map is None:
            continue
        line = token.map[0] + 1
        before = re.search(r"<!-- run first: (.+?) -->", token.content)
        if token.type == "html_block" and before:
            yield Block(name, line, "sh", before[1])
        if token.type == "fence":
            how, reason = _how(tokens, number) or default
            yield Block(
                page=name,
                line=line,
                language=token.info.strip(),
                text=token.content,
                how=how,
                reason=reason,
                file=_file(tokens, number),
            )


def _how(tokens: list[Token], number: int) -> tuple[How, str] | None:
    """Return how a block is tried and why, by the comments directly before it, if any says so."""
    while number and tokens[number - 1].type == "html_block":
        number -= 1
        said = re.search(r"<!-- (dry run|not run): (.+?) -->", tokens[number].content)
        if said:
            return How(said[1]), said[2]
    return None


def _file(tokens: list[Token], number: int) -> str:
    """Return the file of a plugin with which a line of the paragraph before a block begins."""
    while number and tokens[number - 1].type == "html_block":
        number -= 1
    before = tokens[number - 2 : number]
    if [token.type for token in before] != ["inline", "paragraph_close"]:
        return ""
    named = re.search(r"^`(plugins/[\w/-]+\.py)`", before[0].content, re.MULTILINE)
    return named[1] if named else ""
