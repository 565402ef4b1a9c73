"""Pages take from the code what they show of it, and every prior has a whole page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from docs.generate import readme, specs
from docs.generate.pages import GENERATED, filled
from priorbench.cli import app
from tests.documentation.blocks import PAGES, ROOT

PLUGINS = sorted(ROOT.glob("plugins/**/README.md"))
READMES = [page for page in PLUGINS if "studies" not in page.parts]
ASKS = re.compile(r"^<!-- generated: (.+?) -->$", re.MULTILINE)


def commands(group: Any, name: str) -> Iterator[str]:
    """Yield the commands below one, each as it is typed."""
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}"


def test_the_reference_of_the_command_line_has_every_command() -> None:
    page = GENERATED["command-line"]()
    wanted = set(commands(typer.main.get_command(app), "priorbench"))
    assert len(wanted) > 20
    headings = set(re.findall(r"^##+ `(.+)`$", page, re.MULTILINE))
    assert wanted <= headings
    # What the page and each section leave out.
    assert "* `--help`" not in page
    assert "**Commands**" not in page


@pytest.mark.parametrize("page", [page for page in PAGES if ASKS.search(page.read_text())], ids=str)
def test_a_page_asks_for_what_there_is(page: Path) -> None:
    text = filled(page.read_text(encoding="utf-8"))
    assert not ASKS.search(text)


@pytest.mark.parametrize("asked", ["tables", "parameters priors nothing", 'README "Run it not"'])
def test_a_page_that_asks_for_what_there_is_not_is_an_error(asked: str) -> None:
    with pytest.raises(ValueError, match=asked.split()[0]):
        filled(f"<!-- generated: {asked} -->")


def test_links_of_the_readme_hold_on_the_front_page() -> None:
    for target in re.findall(r"\]\(([^)#:]+\.md)", readme.section("What comes out")):
        assert (ROOT / "docs" / target).is_file()


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.parent.name)
def test_the_page_of_a_prior_has_a_picture_the_formula_the_parameters_and_the_limits(
    page: Path,
) -> None:
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^]]+\]\((\S+/images/\S+)\)", text)
    assert pictures
    assert all((page.parent / picture).is_file() for picture in pictures)
    # In TeX, or as an indented line.
    assert re.search(r"^(\$\$|    .+ = .+)$", text, re.MULTILINE)
    assert "can't" in text
    # The seconds of an image, measured or as the spec expects them.
    assert re.search(r"^<!-- generated: cost .+ -->$|\| s \|$", text, re.MULTILINE)


def test_every_prior_stands_on_its_page_with_each_of_its_parameters() -> None:
    for name, entry in specs.registry().priors.items():
        text = filled(Path(entry.plugin.location).with_name("README.md").read_text("utf-8"))
        assert f"`{name}`" in text
        for parameter in entry.spec.parameters.model_fields:
            assert f"`{parameter}`" in text, f"{name}: {parameter}"
