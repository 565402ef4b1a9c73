import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from priorbench.provenance import code_digest as module
from priorbench.provenance.cache import Cache
from priorbench.provenance.code_digest import code_digest

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
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plugin.py"
    path.write_text(textwrap.dedent(CODE))
    return path


def edit(old: str, new: str) -> Callable[[Path], None]:
    def change(file: Path) -> None:
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

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
            'summary="for a test", resources=Resources(threads=4), restorations_per_job=3',
        ),
        edit("return SCALE * image", "return (\n        SCALE\n        * image\n    )"),
    ],
)
def test_what_changes_no_result_keeps_the_digest(
    file: Path, change: Callable[[Path], None]
) -> None:
    before = code_digest(file).sha256
    change(file)
    assert code_digest(file).sha256 == before


@pytest.mark.parametrize(
    "change",
    [
        edit("SCALE = 2", "SCALE = 3"),
        edit("SCALE * image", "image * SCALE"),
        edit("Field(3,", "Field(5,"),
        edit("import torch\n", ""),
    ],
)
def test_what_may_change_a_result_changes_the_digest(
    file: Path, change: Callable[[Path], None]
) -> None:
    before = code_digest(file).sha256
    change(file)
    assert code_digest(file).sha256 != before


@pytest.mark.parametrize("content", [b"def (", b"x = 1\0", b"\xff"])
def test_a_file_that_is_not_valid_python_is_compared_by_its_bytes(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.py"
    file.write_bytes(content)
    before = code_digest(file).sha256
    file.write_bytes(content + b" ")
    assert code_digest(file).sha256 != before


def test_imports_are_found_wherever_they_are_and_not_where_they_only_annotate(
    tmp_path: Path,
) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        textwrap.dedent(
            """
            import a.b, c as d
            from . import e
            from ..f import g
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                import annotated
            else:
                import other
            def function():
                try:
                    from h.i import j
                except ImportError:
                    import k
            """
        )
    )
    expected = {"a.b", "c", ".", ".e", "..f", "..f.g", "other", "h.i", "h.i.j", "k"}
    assert set(code_digest(file).imports) - {"typing", "typing.TYPE_CHECKING"} == expected


@pytest.mark.parametrize(
    ("code", "dynamic"),
    [
        ("import importlib\nx = importlib.import_module(name)", True),
        ("x = __import__(name)", True),
        ("import importlib.metadata", False),
    ],
)
def test_imports_by_computed_names_are_noticed(tmp_path: Path, code: str, dynamic: bool) -> None:
    file = tmp_path / "module.py"
    file.write_text(code)
    assert code_digest(file).dynamic is dynamic


def test_digests_are_cached_by_content_and_a_damaged_cache_is_as_good_as_none(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path / "cache"))
    memory = tmp_path / "cache" / "code.json"

    def digest() -> str:
        # As in a new process: nothing is known but what is on the disk.
        monkeypatch.setattr(module, "CACHE", Cache("code.json", maximum=5000))
        found = code_digest(file)
        module.CACHE.save()
        return found.sha256

    expected = digest()
    assert json.loads(memory.read_text())
    with monkeypatch.context() as patch:
        patch.setattr(module, "_analyse", lambda data: pytest.fail("it is in the cache"))
        assert digest() == expected
    for content in ("", "{", "[]"):
        memory.write_text(content)
        assert digest() == expected
    edit("SCALE = 2", "SCALE = 3")(file)
    assert digest() != expected
    # Where nothing can be written it is computed each time.
    memory.unlink()
    memory.mkdir()
    edit("SCALE = 3", "SCALE = 2")(file)
    assert digest() == expected


def test_a_full_cache_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path))
    cache = Cache("small.json", maximum=2)
    for number in range(3):
        cache.put(str(number), number)
        cache.save()
    assert json.loads((tmp_path / "small.json").read_text()) == {"2": 2}


def test_processes_add_to_one_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIORBENCH_CACHE", str(tmp_path))
    one, other = Cache("shared.json", maximum=9), Cache("shared.json", maximum=9)
    assert one.get("a") is None and other.get("a") is None
    one.put("a", 1)
    one.save()
    other.put("b", 2)
    other.save()
    assert json.loads((tmp_path / "shared.json").read_text()) == {"a": 1, "b": 2}
