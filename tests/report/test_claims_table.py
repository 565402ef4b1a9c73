import io
import math
import re
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from priorbench.report.claims_table import (
    claims_csv,
    claims_for_terminal,
    claims_grid,
    write_claims_table,
)
from priorbench.report.grid import STYLES, to_latex
from priorbench.results.claims import COLUMNS, JudgedClaim

CLAIMS = [
    JudgedClaim(
        study="first",
        statement="A | B <is> 5 % better & so on.",
        source="Doe 2020",
        verdict="holds",
        value=0.2134567,
        low=0.1,
        high=0.3,
        unit="dB",
        evidence="set: +0.21 [+0.10, +0.30]",
    ),
    JudgedClaim(
        study="first",
        statement="C is better.",
        source="Doe 2021",
        verdict="does not hold",
        value=-38.25,
        low=None,
        high=None,
        unit="times",
        evidence="",
    ),
    JudgedClaim(
        study="second",
        statement="D is better.",
        source="Roe",
        verdict="not decided",
        value=None,
        low=3.5,
        high=None,
        unit="",
        evidence="x",
    ),
    JudgedClaim(
        study="second",
        statement="E is better.",
        source="Roe",
        verdict="not decided",
        value=None,
        low=None,
        high=None,
        unit="",
        evidence="no image",
    ),
]


def printed(claims, width: int = 120) -> str:
    output = io.StringIO()
    console = Console(file=output, width=width, force_terminal=True, color_system="standard")
    for table in claims_for_terminal(claims, width):
        console.print(table)
    return output.getvalue()


def test_the_csv_has_all_columns_and_digits(tmp_path):
    write_claims_table(CLAIMS, tmp_path)
    found = pd.read_csv(tmp_path / "claims.csv")
    assert tuple(found.columns) == COLUMNS
    assert found["value"].iloc[0] == 0.2134567 and math.isnan(found["value"].iloc[2])
    assert found["statement"].tolist() == [claim.statement for claim in CLAIMS]
    assert list(claims_csv([]).columns) == list(COLUMNS)


def test_every_form_has_every_sentence_with_its_verdict(tmp_path):
    write_claims_table(CLAIMS, tmp_path)
    texts = {
        suffix: (tmp_path / f"claims.{suffix}").read_text() for suffix in ("md", "tex", "html")
    }
    assert {file.name for file in tmp_path.iterdir()} == {
        f"claims.{suffix}" for suffix in ("csv", "md", "tex", "html")
    }
    for text in texts.values():
        for word in ("does not hold", "not decided", "0.213 dB", "0.100, 0.300", "-38.2 times"):
            assert word in text, word
    assert r"A \| B \<is\> 5 % better" in texts["md"]
    assert r"5 \% better \& so on" in texts["tex"] and r"\textgreater{} 3.50" in texts["tex"]
    assert r"\begin{tabular}{llllll}" in texts["tex"]
    assert "A | B &lt;is&gt; 5 % better &amp; so on" in texts["html"]
    assert '<td class="good">holds</td>' in texts["html"]
    assert '<td class="failed">does not hold</td>' in texts["html"]
    rows = [line for line in texts["md"].splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert len(rows) == 2 + len(CLAIMS)


def test_long_sentences_are_broken_into_lines_in_latex():
    long = [replace(claim, statement=claim.statement * 9) for claim in CLAIMS]
    assert r"\begin{tabular}{p{0.60\linewidth}lllll}" in to_latex(claims_grid(long))
    both = [replace(claim, source="somebody " * 9) for claim in long]
    wide = r"p{0.30\linewidth}"
    assert rf"\begin{{tabular}}{{{wide * 2}llll}}" in to_latex(claims_grid(both))


def test_what_is_not_known_is_a_dash_or_a_bound():
    [section] = claims_grid(CLAIMS).sections
    cells = [[cell.text for cell in row[3:5]] for row in section.blocks[0]]
    assert cells == [
        ["0.213 dB", "[0.100, 0.300]"],
        ["-38.2 times", "–"],
        ["> 3.50", "–"],
        ["–", "–"],
    ]


@pytest.mark.parametrize(
    ("value", "low", "high", "texts"),
    [
        (0.0, -0.0, 0.0, ["0.00", "[-0.00, 0.00]"]),
        (1234.5, 1200.0, 1300.0, ["1234", "[1200, 1300]"]),
        (0.00012, None, None, ["0.0001", "–"]),
        (0.02, -0.5, 0.54, ["0.020", "[-0.500, 0.540]"]),
    ],
)
def test_numbers_have_three_digits_of_the_largest(value, low, high, texts):
    claim = JudgedClaim(
        study="s", statement="", source="", verdict="holds", value=value, low=low, high=high,
        unit="", evidence="",
    )  # fmt: skip
    row = claims_grid([claim]).sections[0].blocks[0][0]
    assert [cell.text for cell in row[3:5]] == texts


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_verdicts_in_colour_and_cuts_no_sentence(width):
    text = printed(CLAIMS, width)
    assert "\x1b[32mholds" in text and "\x1b[31mdoes" in text and "\x1b[33mnot" in text
    plain = re.sub(r"\x1b\[[\d;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= width
    assert "0.213 dB [0.100, 0.300]" in plain and "…" not in plain
    words = " ".join(plain.split())
    for claim in CLAIMS:
        assert claim.study in words


def test_without_claims_nothing_is_printed_and_the_table_says_so(tmp_path):
    assert printed([]) == ""
    write_claims_table([], tmp_path)
    assert "No claims." in (tmp_path / "claims.md").read_text()
    assert (tmp_path / "claims.csv").read_text() == ",".join(COLUMNS) + "\n"


def test_every_mark_has_a_look():
    assert set(STYLES) == {"", "best", "tied", "failed", "good", "open"}
