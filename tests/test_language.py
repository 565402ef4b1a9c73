"""Messages, docstrings and docs use the field's words."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "benchmarks").glob("*.py")),
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "plugins").rglob("*.py")),
    *sorted((ROOT / "plugins").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.py")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
WORDS = {
    r"\bmend(ed|s)?\b": "fix, correct",
    r"\banew\b": "again, from the start",
    r"is no number\b": "is NaN or infinite",
    r"\bat work\b": "is running, holds the lock",
    r"for want of memory": "out of memory",
    r"without a word": "without returning a result",
    r"\bwhoever\b": "any",
    r"need no computing": "are up to date",
    r"\bso many (?!\w+ that\b)": "this number of, a given number of",
}
"""Words that readers do not search for, and those that they do."""


@pytest.mark.parametrize("word", WORDS)
def test_a_private_word_is_not_used(word: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(word, line, re.IGNORECASE)
    ]
    assert not found, f"write '{WORDS[word]}':\n" + "\n".join(found)


PAGES = [file for file in FILES if file.suffix == ".md"]
# A full stop, perhaps the end of a bold text, and a capital letter after it.
TWO_SENTENCES = re.compile(r"[a-z0-9)\]][.?!]\*{0,2} [A-Z]")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_line_has_one_sentence(page: Path) -> None:
    prose = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", "#"))]
    # Full stops in code and in parentheses, as of names, end no sentence.
    # Nor do the numbers of a list.
    plain = {line: re.sub(r"^ *\d+\. |`[^`]*`|\([^()]*\)", "x", line) for line in lines}
    assert not [line for line, text in plain.items() if TWO_SENTENCES.search(text)]
