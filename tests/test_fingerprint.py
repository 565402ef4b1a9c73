import functools
import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from priorbench import fingerprint as fingerprints
from priorbench import meaning
from priorbench.fingerprint import factory_name, files_fingerprint, fingerprint, library_fingerprint

CODE = '''
"""A module."""

import torch
from pydantic import Field

from priorbench import Parameters, PriorSpec, Resources, hookimpl

SCALE = 2  # a comment


class MineParameters(Parameters):
    """The parameters."""

    size: int = Field(3, description="side of the window")


def work(image):
    """Do the work."""
    return SCALE * image


@hookimpl
def register_priors():
    """Yield it."""
    yield PriorSpec(name="mine", label="Mine", factory=".model:Model", summary="for a test")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "mine"
    path.mkdir()
    (path / "plugin.py").write_text(textwrap.dedent(CODE))
    (path / "weights.bin").write_bytes(b"\0\1\2")
    (path / "README.md").write_text("about\n")
    return path


def edit(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "plugin.py"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return change


def write(name: str, content: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    return change


@pytest.mark.parametrize(
    "change",
    [
        edit("# a comment", "# another comment"),
        edit("A module.", "A module, described."),
        edit("Do the work.", "Do all of the work."),
        edit("The parameters.", "What can be set."),
        edit("side of the window", "side of the square window"),
        edit('label="Mine"', 'label="My own"'),
        edit(
            'summary="for a test"',
            'summary="for a test", resources=Resources(threads=4), images_per_job=3',
        ),
        edit("return SCALE * image", "return (\n        SCALE\n        * image\n    )"),
        write("README.md", "about it\n"),
        write("docs/more.md", "more\n"),
        write("__pycache__/plugin.cpython.pyc", "compiled"),
        write(".git/objects/ab/cdef", "an object"),
    ],
)
def test_what_changes_no_result_keeps_the_fingerprint(
    folder: Path, change: Callable[[Path], None]
) -> None:
    before = files_fingerprint([folder])
    change(folder)
    assert files_fingerprint([folder]) == before


@pytest.mark.parametrize(
    "change",
    [
        edit("SCALE = 2", "SCALE = 3"),
        edit("SCALE * image", "image * SCALE"),
        edit("Field(3,", "Field(5,"),
        edit("import torch\n", ""),
        write("weights.bin", "other bytes"),
        write("inner/new.py", "x = 1\n"),
        lambda folder: (folder / "weights.bin").unlink(),
        lambda folder: (folder / "weights.bin").rename(folder / "renamed.bin"),
    ],
)
def test_what_may_change_a_result_changes_the_fingerprint(
    folder: Path, change: Callable[[Path], None]
) -> None:
    before = files_fingerprint([folder])
    change(folder)
    assert files_fingerprint([folder]) != before


@pytest.mark.parametrize("place", ["elsewhere", ".hidden", ".hidden/deep"])
def test_a_moved_folder_keeps_its_fingerprint(folder: Path, tmp_path: Path, place: str) -> None:
    moved = tmp_path / place / "mine"
    shutil.copytree(folder, moved)
    assert files_fingerprint([moved]) == files_fingerprint([folder])
    (moved / "weights.bin").write_bytes(b"other")
    assert files_fingerprint([moved]) != files_fingerprint([folder])


def test_a_file_that_is_no_python_yet_is_compared_by_its_bytes(folder: Path) -> None:
    write("broken.py", "def (")(folder)
    before = files_fingerprint([folder])
    write("broken.py", "def ((")(folder)
    assert files_fingerprint([folder]) != before


@pytest.mark.parametrize("part", fingerprints.NUMERICAL)
def test_each_numerical_part_of_the_library_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    copy = tmp_path / "priorbench"
    shutil.copytree(fingerprints.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprints, "PACKAGE", copy)
    before = library_fingerprint.__wrapped__()
    file = next((copy / part).glob("[a-z]*.py")) if (copy / part).is_dir() else copy / part
    file.write_text(file.read_text() + "\nX = 1\n")
    assert library_fingerprint.__wrapped__() != before


def test_the_order_of_keys_does_not_count_but_values_and_their_places_do() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert (
        len(
            {
                fingerprint(value)
                for value in ({"a": 1, "b": 2}, {"a": 2, "b": 1}, ["a", 1], "a", 1, None)
            }
        )
        == 6
    )


def test_a_factory_has_the_same_name_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "factories.py").write_text(
        "import functools\nclass Model:\n    @classmethod\n    def make(cls): pass\ndef function(): pass\n"
        "partial = functools.partial(function)\n"
    )
    script = (
        "import json, factories\nfrom priorbench.fingerprint import factory_name\n"
        "some = [factories.Model, factories.Model.make, factories.function, factories.partial, '.model:Model']\n"
        "print(json.dumps([factory_name(factory) for factory in some]))"
    )
    runs = [
        json.loads(subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, text=True))
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert runs[0][0] == "factories:Model"
    assert factory_name(functools.partial(print)) == "functools:partial"


def test_digests_are_remembered_by_content_and_a_damaged_memory_is_as_good_as_none(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path / "cache"))
    memory = tmp_path / "cache" / "meaning.json"

    def digest() -> str:
        # A new process: nothing is known but what lies on the disk.
        meaning._remembered.cache_clear()
        return files_fingerprint([folder])

    expected = digest()
    assert json.loads(memory.read_text())
    monkeypatch.setattr(meaning, "_meaning", lambda data: pytest.fail("it is remembered"))
    assert digest() == expected
    monkeypatch.undo()
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path / "cache"))
    for content in ("", "{", "[]"):
        memory.write_text(content)
        assert digest() == expected
    edit("SCALE = 2", "SCALE = 3")(folder)
    assert digest() != expected
    # Where nothing can be written it is read again each time.
    memory.unlink()
    memory.mkdir()
    edit("SCALE = 3", "SCALE = 2")(folder)
    assert digest() == expected
