"""Write what docs/how-to/check.md shows of the code: the checks of each kind.

python docs/make_checks.py
"""

from pathlib import Path

from priorbench.testing.catalogue import CHECKS

PAGE = Path(__file__).parent / "how-to" / "check.md"
BEGIN, END = "<!-- begin: checks -->\n", "<!-- end: checks -->\n"


def tables() -> str:
    """Return a heading and a table of checks for each kind, as Markdown."""
    parts = []
    for kind, checks in CHECKS.items():
        rows = [f"| `{each.name}` | {each.summary.replace('``', '`')} |" for each in checks]
        parts.append(
            "\n".join([f"### Of a {kind}\n", "| check | passes where |", "|---|---|", *rows])
        )
    return "\n\n".join(parts) + "\n"


def page(text: str) -> str:
    """Return the page with its generated part made again."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
