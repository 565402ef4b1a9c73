"""A module is public if it has ``__all__``: plugins import nothing else, it is documented, and it
breaks nobody's code unannounced.
"""

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import griffe
import pytest

import priorbench
from tools import public_api

ROOT = Path(__file__).parents[1]
PACKAGE = Path(priorbench.__file__).parent
FOLDERS = ("plugins", "docs/examples", "examples")
AUTHORS = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def file_of(module: str) -> Path | None:
    """The file of a module of the library."""
    place = PACKAGE.joinpath(*module.split(".")[1:])
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def public(file: Path) -> list[str] | None:
    """What a module's ``__all__`` holds, None without one."""
    for node in parsed(file).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def imports(file: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of each import of the library, inside functions too."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((str(node.module), each.name) for each in node.names)


@pytest.mark.parametrize("file", AUTHORS, ids=lambda file: str(file.relative_to(ROOT)))
def test_plugins_and_examples_import_only_what_is_public(file: Path) -> None:
    for module, name in imports(file):
        if module.partition(".")[0] != "priorbench":
            continue
        source = file_of(module)
        assert source is not None, f"there is no module {module}"
        assert name in (public(source) or ()), f"{module} does not declare {name or 'anything'}"


def with_exports() -> Iterator[str]:
    """Yield the modules whose text has ``__all__``; parsing all would slow collecting down."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if "\n__all__ = " in file.read_text():
            parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


PUBLIC = list(with_exports())


@cache
def modules() -> dict[str, griffe.Module]:
    """The public modules by their paths."""
    return {module.path: module for module in public_api.public_modules()}


@cache
def current() -> public_api.Api:
    """The public API of this version."""
    return public_api.public_api()


def undocumented(module: griffe.Module) -> Iterator[str]:
    """Yield what is public in a module and has no docstring: itself, what it exports, and of
    classes the methods and properties.
    """
    if not module.has_docstring:
        yield module.path
    for name in map(str, module.exports or ()):
        target = public_api.resolved(module.members[name])
        assert target is not None, f"{module.path} does not have {name}"
        if not target.has_docstring:
            yield f"{module.path}.{name}"
        if not isinstance(target, griffe.Class):
            continue
        for method, member in public_api.members_of(target):
            # The class says what its constructor takes, and what its data are.
            is_data = member.is_attribute and "property" not in member.labels
            if method not in public_api.CALLED and not is_data and not member.has_docstring:
                yield f"{module.path}.{name}.{method}"


@pytest.mark.parametrize("module", PUBLIC)
def test_what_is_public_is_documented_and_listed_once(module: str) -> None:
    found = modules()[module]
    names = [str(name) for name in found.exports or ()]
    assert len(set(names)) == len(names)
    assert list(undocumented(found)) == []


def test_every_public_name_is_there() -> None:
    missing = {
        f"{path}.{name}"
        for path, module in modules().items()
        for name in map(str, module.exports or ())
        if not hasattr(import_module(path), name)
    }
    assert not missing
    with pytest.raises(AttributeError, match="no attribute 'PriorSpek'"):
        priorbench.PriorSpek  # noqa: B018


def test_the_public_api_breaks_nothing_unannounced() -> None:
    """Compare the code with the API of the last version that was announced."""
    found = public_api.breaks(public_api.read_snapshot(), current())
    assert not found, (
        "users would have to change their code: raise priorbench.API_VERSION, write it in "
        "CHANGELOG.md, and run `python tools/public_api.py`:\n" + "\n".join(found)
    )


def test_the_snapshot_has_what_was_added() -> None:
    text = public_api.text_of(current())
    again = "the public API has grown: run `python tools/public_api.py`"
    assert public_api.SNAPSHOT.read_text(encoding="utf-8") == text, again


BREAKS = [
    ("tasks/denoise.py", "sigma: float) -> None", "noise: float) -> None", "Denoise"),
    ("problem.py", '    corruption: str = ""\n', "", "Problem.*corruption"),
    ("priors.py", '    "Generator",\n', "", "priors.Generator"),
    ("priors.py", "    blind: bool = False\n", "", "Denoiser.blind"),
    ("metrics/fidelity.py", "def rmse(restored: np.ndarray, clean", "def rmse(clean", "rmse"),
    ("interactive/problems.py", "    seed: int = 0,\n", "    seed: int,\n", "corrupt.*seed"),
    ("interactive/prior.py", "    def fit(\n", "    def _fit(\n", "LoadedPrior.fit"),
    ("seeds.py", '__all__ = ["derive_seed", "seed_everything", "seeded"]', "", "seeds"),
]
"""Edits of files, before and after, none of which hides another, and what is said of each."""


def test_each_break_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "priorbench"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, before, after, _ in BREAKS:
        text = (copy / file).read_text()
        assert before in text
        (copy / file).write_text(text.replace(before, after))
    found = public_api.breaks(current(), public_api.public_api(tmp_path))
    for *_, said in BREAKS:
        assert any(re.search(said, line) for line in found), (said, found)


def test_an_addition_is_no_break(tmp_path: Path) -> None:
    copy = tmp_path / "priorbench"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / "seeds.py").read_text()
    (copy / "seeds.py").write_text(
        text.replace(
            "def derive_seed(seed: int, *names: str)",
            "def derive_seed(seed: int, *names: str, more: int = 0)",
        ).replace('"seeded"]', '"seeded", "HASH_SEED"]')
    )
    new = public_api.public_api(tmp_path)
    assert new != current()
    assert public_api.breaks(current(), new) == []


def test_there_are_files_to_look_at() -> None:
    assert len(AUTHORS) > 80
    assert len(PUBLIC) > 30
    assert set(PUBLIC) == set(modules())
