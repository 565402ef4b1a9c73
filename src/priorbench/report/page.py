"""Tables as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from priorbench.report.grid import Cell, Grid, Row, Section

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; color: #222; margin: 1.5rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p { max-width: 60rem; } .note { color: #666; margin: 0.3rem 0; font-size: 0.9em; }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0.6rem; }
th, td { padding: 0.2rem 0.8rem; text-align: left; vertical-align: top; max-width: 36rem; }
th { border-bottom: 1.5px solid #444; position: sticky; top: 0; background: white; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th { vertical-align: bottom; } th.number { white-space: normal; }
tbody + tbody { border-top: 1px solid #aaa; } tbody tr:hover { background: #f1f4f8; }
.tied { text-decoration: underline; } .failed { color: #b02a2a; }
.good { color: #1d6b34; } .open { color: #7a5c00; }
""".strip()


def to_html(title: str, grids: Sequence[Grid], lead: str = "") -> str:
    """Return the page; best is bold, tied is underlined, failures are red.

    Args:
        title: of the page.
        grids: one below the other; a title that is the page's own is not repeated.
        lead: a paragraph before them.
    """
    parts = [f"<h1>{escape(title)}</h1>"]
    parts += [f"<p>{escape(lead)}</p>"] if lead else []
    for grid in grids:
        parts += [f"<h2>{escape(grid.title)}</h2>"] if grid.title != title else []
        parts += [_table(grid, section) for section in grid.sections]
        parts += [f'<p class="note">{escape(note)}</p>' for note in grid.notes]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    body = "\n".join(parts)
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _table(grid: Grid, section: Section) -> str:
    heads = [f"<th{_class(grid, i)}>{escape(column)}</th>" for i, column in enumerate(grid.columns)]
    bodies = [
        "\n".join(["<tbody>", *(_row(grid, row) for row in block), "</tbody>"])
        for block in section.blocks
    ]
    caption = f"<caption>{escape(section.title)}</caption>" if section.title else ""
    return "\n".join(
        [f"<table>{caption}", f"<thead><tr>{''.join(heads)}</tr></thead>", *bodies, "</table>"]
    )


def _row(grid: Grid, row: Row) -> str:
    cells = [f"<td{_class(grid, i, cell.mark)}>{_text(cell)}</td>" for i, cell in enumerate(row)]
    return f"<tr>{''.join(cells)}</tr>"


def _text(cell: Cell) -> str:
    return f"<b>{escape(cell.text)}</b>" if cell.mark == "best" else escape(cell.text)


def _class(grid: Grid, column: int, mark: str = "") -> str:
    names = ["number"] if column >= grid.text_columns else []
    names += [mark] if mark not in ("", "best") else []
    return f' class="{" ".join(names)}"' if names else ""
