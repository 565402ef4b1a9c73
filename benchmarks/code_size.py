"""Tokens, lines and comments of the code, in all and by room.

    python benchmarks/code_size.py [CHECKOUT]

Tokens are Python's own without comments, docstrings and line ends; so neither layout nor prose
changes their number.
"""

import argparse
import ast
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LAYOUT = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
WIDTH = 100


@dataclass
class Size:
    """What some files hold.

    Args:
        files: their number.
        tokens: of code.
        code: lines that hold code.
        lines: all lines.
        wide: lines of more than 100 columns.
        comments: their number.
    """

    files: int = 0
    tokens: int = 0
    code: int = 0
    lines: int = 0
    wide: int = 0
    comments: int = 0

    def row(self, name: str, whole: int) -> str:
        """Return a row of the table; ``whole`` is the number of tokens that shares are of."""
        return (
            f"| {name} | {self.files} | {self.tokens} | {self.tokens / whole:.1%} | "
            f"{self.tokens / max(self.code, 1):.2f} | {self.wide / max(self.lines, 1):.2%} | "
            f"{1000 * self.comments / max(self.lines, 1):.1f} |"
        )


def size(files: Iterable[Path]) -> Size:
    """Return what some files hold."""
    total = Size()
    for file in files:
        text = file.read_text(encoding="utf-8")
        docstrings = docstring_lines(text)
        code: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                total.comments += 1
            elif token.type not in LAYOUT and token.start[0] not in docstrings:
                total.tokens += 1
                code.update(range(token.start[0], token.end[0] + 1))
        lines = text.splitlines()
        total.files += 1
        total.code += len(code)
        total.lines += len(lines)
        total.wide += sum(len(line) > WIDTH for line in lines)
    return total


def docstring_lines(text: str) -> set[int]:
    """Return the first lines of the docstrings of modules, classes and functions."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.body[0].lineno
        for node in ast.walk(ast.parse(text))
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path, nargs="?", default=Path(__file__).parents[1])
    root = parser.parse_args().checkout
    library, plugins = root / "src" / "priorbench", root / "plugins"
    both = size([*library.rglob("*.py"), *plugins.rglob("*.py")])
    whole = size(library.rglob("*.py"))
    print("| | files | tokens | share | tokens per line of code | over 100 columns |", end="")
    print(" comments per 1000 lines |")
    print("|---|---|---|---|---|---|---|")
    print(both.row("src and plugins", both.tokens))
    print(whole.row("src", whole.tokens))
    rooms = {path.name: size(path.rglob("*.py")) for path in library.iterdir() if path.is_dir()}
    for name, room in sorted(rooms.items(), key=lambda item: -item[1].tokens):
        if room.files:
            print(room.row(f"`{name}`", whole.tokens))
    of_plugins = size(plugins.rglob("*.py"))
    print(of_plugins.row("plugins", of_plugins.tokens))


if __name__ == "__main__":
    main()
