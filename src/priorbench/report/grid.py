"""A table as people read it, and its Markdown, LaTeX and terminal forms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

Row = Sequence["Cell"]
SENTENCE = 40
"""Characters above which a text is broken into lines in LaTeX."""
STYLES = {
    "": "",
    "best": "bold green",
    "tied": "underline",
    "failed": "red",
    "good": "green",
    "open": "yellow",
}
"""What marks look like in a terminal."""


@dataclass(frozen=True)
class Cell:
    """One cell: its text without markup, and how it stands out.

    ``good``, ``open`` and ``failed`` have colours, where there are any.
    """

    text: str
    mark: Literal["", "best", "tied", "failed", "good", "open"] = ""


@dataclass(frozen=True)
class Section:
    """Rows under a title, in blocks that are set apart, for example measured and published ones."""

    title: str
    blocks: Sequence[Sequence[Row]]


@dataclass(frozen=True)
class Grid:
    """A table with sections.

    Args:
        title: what it shows.
        columns: the heads.
        sections: each with rows as wide as ``columns``.
        notes: how to read it, one sentence each.
        text_columns: how many columns from the left hold text; the others are aligned right.
    """

    title: str
    columns: Sequence[str]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    text_columns: int = 1


def to_markdown(grid: Grid) -> str:
    """Return GitHub Markdown; best is bold, tied is underlined."""
    parts = [f"## {_markdown(grid.title)}"]
    rule = ["---" if i < grid.text_columns else "---:" for i in range(len(grid.columns))]
    for section in grid.sections:
        rows = [[_markdown(column) for column in grid.columns], rule]
        rows += [
            [_markdown_cell(cell) for cell in row] for block in section.blocks for row in block
        ]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts += [f"### {_markdown(section.title)}", table] if section.title else [table]
    parts += [_markdown(note) for note in grid.notes]
    return "\n\n".join(parts) + "\n"


def to_latex(grid: Grid) -> str:
    r"""Return a ``tabular`` for the package booktabs; best is bold, tied is underlined.

    Columns of sentences are broken into lines; together they are as wide as most of a line.
    """
    width = len(grid.columns)
    lines = [f"% {grid.title}. {' '.join(grid.notes)}".rstrip(), r"% needs \usepackage{booktabs}"]
    alignment = _latex_texts(grid) + "r" * (width - grid.text_columns)
    lines += [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule"]
    lines += [" & ".join(_latex(column) for column in grid.columns) + r" \\"]
    for section in grid.sections:
        lines.append(r"\midrule")
        if section.title:
            lines += [
                rf"\multicolumn{{{width}}}{{l}}{{\emph{{{_latex(section.title)}}}}} \\",
                r"\addlinespace",
            ]
        for number, block in enumerate(section.blocks):
            lines += [r"\addlinespace"] if number else []
            lines += [" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in block]
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _latex_texts(grid: Grid) -> str:
    """Return the alignment of the columns of text."""
    rows = [row for section in grid.sections for row in _rows(section)]
    long = [
        any(len(row[index].text) > SENTENCE for row in rows) for index in range(grid.text_columns)
    ]
    # What fits beside them is left for the other columns.
    share = 0.6 / max(1, sum(long))
    return "".join(rf"p{{{share:.2f}\linewidth}}" if each else "l" for each in long)


def to_rich(grid: Grid, width: int) -> list[Table]:
    """Return tables for the terminal, for each section one or several below each other.

    Best is bold, tied is underlined, failures are red. No number is cut: columns that do not fit
    stand in a further table below.

    Args:
        grid: the table.
        width: of the terminal in columns.
    """
    tables = []
    for section in grid.sections:
        title = f"{grid.title}: {section.title}" if section.title else grid.title
        for columns in _stacked(grid, section, width):
            table = Table(
                title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
            )
            for index in columns:
                text = index < grid.text_columns
                table.add_column(
                    Text(grid.columns[index]),
                    justify="left" if text else "right",
                    no_wrap=not text,
                    overflow="fold",
                )
            for block in section.blocks:
                for row in block:
                    cells = [row[index] for index in columns]
                    table.add_row(*(Text(cell.text, style=STYLES[cell.mark]) for cell in cells))
                table.add_section()
            tables.append(table)
    return tables


def _stacked(grid: Grid, section: Section, width: int) -> list[list[int]]:
    """Return the columns of each table: those of text in each, and as many others as fit."""
    gap = 2
    wide = [
        max(cell_len(text) for text in (head, *(row[index].text for row in _rows(section))))
        for index, head in enumerate(grid.columns)
    ]
    text, numbers = range(grid.text_columns), range(grid.text_columns, len(grid.columns))
    # Text may be broken into lines; half of the width is left for numbers.
    taken = min(sum(wide[index] + gap for index in text), width // 2) if numbers else 0
    stacked: list[list[int]] = [[*text]]
    room = width - taken
    for index in numbers:
        if room < wide[index] + gap and len(stacked[-1]) > grid.text_columns:
            stacked.append([*text])
            room = width - taken
        stacked[-1].append(index)
        room -= wide[index] + gap
    return stacked


def _rows(section: Section) -> list[Row]:
    return [row for block in section.blocks for row in block]


def _markdown(text: str) -> str:
    """Escape what would be markup; a line break would end the row."""
    return re.sub(r"([\\`*_|<>\[\]#])", r"\\\1", " ".join(text.split()))


def _markdown_cell(cell: Cell) -> str:
    text = _markdown(cell.text)
    return {"best": f"**{text}**", "tied": f"<ins>{text}</ins>"}.get(cell.mark, text)


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{character: rf"\{character}" for character in "&%$#_{}"},
    "±": r"$\pm$",
    "×": r"$\times$",
    "†": r"\dag{}",
    "–": "--",
    "−": "$-$",
    "…": r"\dots{}",
    "²": r"$^2$",
    **{
        letter: rf"$\{name}$"
        for letter, name in zip(
            "αβγδελμρστ",
            ("alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "rho", "sigma", "tau"),
            strict=True,
        )
    },
}


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in " ".join(text.split()))


def _latex_cell(cell: Cell) -> str:
    text = _latex(cell.text)
    return {"best": rf"\textbf{{{text}}}", "tied": rf"\underline{{{text}}}"}.get(cell.mark, text)
