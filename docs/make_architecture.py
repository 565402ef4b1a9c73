"""Write what docs/explanation/architecture.md shows of the code: its rooms and their layers.

    python docs/make_architecture.py

The rooms' texts are the first lines of their docstrings, the layers those of the contract in
pyproject.toml, and the arrows the imports that the modules have; nothing is imported to find them.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "priorbench"
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
PICTURE = ROOT / "docs" / "images" / "layers.svg"
BEGIN, END = "<!-- begin: rooms -->\n", "<!-- end: rooms -->\n"

ENTRY = "__main__"
"""The module that only starts the command line; it is not shown."""
HEIGHT, GAP, ROW, WIDTH = 26, 18, 62, 760
"""The picture's boxes, the space between two, the step from row to row and the width, in pixels."""


def contract() -> dict[str, Any]:
    """Return the contract of import-linter that orders all rooms."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers: dict[str, Any]
    [layers] = [
        each for each in project["tool"]["importlinter"]["contracts"] if "containers" in each
    ]
    return layers


def layers() -> list[list[str]]:
    """Return the rooms of each layer, the highest first."""
    return [layer.split(" | ") for layer in contract()["layers"]]


def rooms() -> dict[str, Path]:
    """Return the packages and modules in priorbench, each with the file of its docstring."""
    packages = {file.parent.name: file for file in PACKAGE.glob("*/__init__.py")}
    modules = {file.stem: file for file in PACKAGE.glob("*.py") if file.stem != "__init__"}
    return dict(sorted((packages | modules).items()))


def summary(file: Path) -> str:
    """Return the first paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    return " ".join(text.split("\n\n")[0].split())


def table() -> str:
    """Return the rooms as a Markdown table in the order of the layers."""
    files = rooms()
    rows = ["| room | what it holds |", "| --- | --- |"]
    for layer in layers():
        for room in layer:
            if room != ENTRY:
                name = f"{room}/" if files[room].name == "__init__.py" else f"{room}.py"
                # Sphinx's roles mean nothing in Markdown.
                text = re.sub(r":\w+:`([^`]*)`", r"`\1`", summary(files[room])).replace("``", "`")
                rows.append(f"| `{name}` | {text} |")
    return "\n".join(rows) + "\n"


def modules() -> Iterator[tuple[str, Path]]:
    """Yield every file of the rooms with the room that it lies in."""
    for file in sorted(PACKAGE.rglob("*.py")):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__":
            yield room, file


def rooms_imported(file: Path) -> set[str]:
    """Return the rooms from which a file imports something, inside functions too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from priorbench import seeds` names the room beside the package.
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    parts = [name.split(".") for name in names if name.startswith("priorbench.")]
    return {part[1] for part in parts if part[1] in rooms()}


def imports() -> dict[str, set[str]]:
    """Return the rooms below it from which each room imports something."""
    level = {room: number for number, layer in enumerate(layers()) for room in layer}
    found: dict[str, set[str]] = {room: set() for room in rooms()}
    for room, file in modules():
        found[room] |= {other for other in rooms_imported(file) if level[other] > level[room]}
    return found


def arrows() -> list[tuple[str, str]]:
    """Return the imports without those that follow from others, as A → C from A → B → C."""
    direct = imports()

    def reached(room: str) -> set[str]:
        return direct[room].union(*(reached(other) for other in direct[room]))

    return [
        (room, other)
        for room, others in direct.items()
        for other in sorted(others)
        if not any(other in reached(between) for between in others)
    ]


@dataclass(frozen=True)
class Box:
    """Where a room is drawn, in pixels."""

    left: float
    top: int
    width: int

    @property
    def middle(self) -> float:
        """Where lines end."""
        return self.left + self.width / 2


def line(start: Box, end: Box) -> str:
    """Return a curve from the bottom of a box to the top of another."""
    x, y, to_x, to_y = start.middle, start.top + HEIGHT, end.middle, end.top
    return f'<path d="M{x:.0f} {y}C{x:.0f} {y + 24} {to_x:.0f} {to_y - 24} {to_x:.0f} {to_y}"/>'


def box(room: str, place: Box) -> str:
    """Return a room's box with its name."""
    return (
        f'<rect x="{place.left:.0f}" y="{place.top}" width="{place.width}" height="{HEIGHT}" '
        'rx="5" fill="#eef3f8" stroke="#4a6a8a"/>'
        f'<text x="{place.middle:.0f}" y="{place.top + 18}">{room}</text>'
    )


def picture() -> str:
    """Return the layers as SVG: a row of boxes for each, and lines for imports."""
    below = [layer for layer in layers() if layer != [ENTRY]]
    shown = [[room for room in layer if room != ENTRY] for layer in below]
    boxes: dict[str, Box] = {}
    for row, layer in enumerate(shown):
        widths = [8 * len(room) + 24 for room in layer]
        # Rows of different lengths are spread over the width, so that few lines run through boxes.
        space = (WIDTH - sum(widths)) / (len(layer) + 1)
        left = space
        for room, width in zip(layer, widths, strict=True):
            boxes[room] = Box(left, GAP + row * ROW, width)
            left += width + space
    height = 2 * GAP + (len(shown) - 1) * ROW + HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="13" text-anchor="middle">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        '<g fill="none" stroke="#8aa0b8" stroke-width="1">',
    ]
    lines += [line(boxes[room], boxes[other]) for room, other in arrows() if room != ENTRY]
    lines.append("</g>")
    lines += [box(room, place) for room, place in boxes.items()]
    return "\n".join([*lines, "</svg>", ""])


def page(text: str) -> str:
    """Return the page with its generated part made again."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
    PICTURE.write_text(picture())
