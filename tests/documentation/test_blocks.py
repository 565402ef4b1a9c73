"""Every block of code in the documentation does what its page says, or says why it is not tried."""

from __future__ import annotations

import shutil
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pybtex.database import parse_string

from tests.documentation.blocks import PAGES, ROOT, Block, How, blocks
from tests.documentation.workshop import EXPERIMENT, bash, dry_run, make

BLOCKS = [block for page in PAGES for block in blocks(page)]
LANGUAGES = {"bibtex", "python", "sh", "text", "toml", "yaml"}


@pytest.fixture(scope="session")
def finished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished experiment."""
    folder = tmp_path_factory.mktemp("documentation") / "checkout"
    folder.mkdir()
    # Only pages of how-tos merge experiments.
    make(folder, with_parts=request.config.getoption("--exhaustive"))
    return folder


@pytest.fixture(scope="module")
def folders(finished: Path) -> dict[str, Path]:
    """The folder of each page, in which its blocks run one after the other."""
    made: dict[str, Path] = {}

    class Folders(dict[str, Path]):
        def __missing__(self, page: str) -> Path:
            # One page at a time: the names of folders stand in messages, and copies take space.
            for other in made.values():
                shutil.rmtree(other, ignore_errors=True)
            made[page] = self[page] = finished.parent / page.replace("/", "-")
            shutil.copytree(finished, self[page], symlinks=True)
            return self[page]

    return Folders()


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_says_its_language(block: Block) -> None:
    assert block.language in LANGUAGES, f"write one of {', '.join(sorted(LANGUAGES))} after ```"


def test_what_is_not_run_says_why() -> None:
    """A reason is a sentence's worth of words, and most blocks need none."""
    count = Counter(block.how for block in BLOCKS if block.language != "text")
    marked = [block for block in BLOCKS if block.how in (How.DRY_RUN, How.NOT_RUN)]
    assert all(len(block.reason.split()) > 2 for block in marked)
    assert count[How.NOT_RUN] < count[How.RUN] / 4, count


def test_a_test_that_a_page_names_reads_the_page() -> None:
    elsewhere = {(block.page, block.reason) for block in BLOCKS if block.how == How.ELSEWHERE}
    assert elsewhere
    for page, test in elsewhere:
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8"), f"{test}, {page}"


TRIED = [block for block in BLOCKS if block.language != "text" and block.how != How.ELSEWHERE]


def tried() -> list[Any]:
    """Return the blocks; those outside of the README and the tutorials take minutes together."""
    return [
        block
        if block.page == "README.md" or block.page.startswith("docs/tutorials/")
        else pytest.param(block, marks=pytest.mark.exhaustive)
        for block in TRIED
    ]


@pytest.mark.slow
@pytest.mark.parametrize("block", tried(), ids=str)
def test_a_block_runs(block: Block, folders: dict[str, Path]) -> None:
    if block.how == How.NOT_RUN:
        pytest.skip(f"not run: {block.reason}")
    folder = folders[block.page]
    match block.language:
        case "sh" if block.how == How.DRY_RUN:
            dry_run(block.text, folder)
        case "sh":
            bash(block.text, folder)
        case "python":
            run_python(block, folder)
        case "yaml":
            validate(block.text, folder)
        case "toml":
            assert tomllib.loads(block.text)
        case "bibtex":
            assert parse_string(block.text, "bibtex").entries


def run_python(block: Block, folder: Path) -> None:
    """Run a script, or put the file of a plugin where it belongs and register its plugin."""
    if not block.file:
        (folder / "block.py").write_text(block.text, encoding="utf-8")
        bash("python block.py", folder)
        return
    file = folder / block.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.text, encoding="utf-8")
    if (file.parent / "plugin.py") != file:
        bash(f"priorbench plugins list --strict --json | grep -q {file.parent.name}", folder)


def validate(text: str, folder: Path) -> None:
    """Check an experiment that has the keys of a block in place of its own."""
    given: dict[str, Any] = yaml.safe_load(text)
    merged = EXPERIMENT | {"priors": {}} | given
    merged["datasets"] = EXPERIMENT["datasets"] | given.get("datasets", {})
    (folder / "part.yaml").write_text(yaml.safe_dump(merged), encoding="utf-8")
    bash("priorbench config validate --config part.yaml", folder)


def test_there_are_pages_to_look_at() -> None:
    assert {"README.md", "docs/tutorials/reproduce.md"} <= {block.page for block in BLOCKS}
    assert len({block.page for block in BLOCKS}) > 15
    assert (ROOT / "docs").is_dir()
