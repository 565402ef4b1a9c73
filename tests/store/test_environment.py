import json
import re
import shutil
import subprocess
import sys

import pytest

from priorbench.store import environment
from priorbench.store.environment import describe_environment, environment_id, write_environment


def test_the_record_names_what_numbers_depend_on():
    record = describe_environment(threads=3)
    assert record["threads"] == 3
    assert record["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"priorbench", "torch", "numpy", "scikit-image"} <= record["packages"].keys()
    assert "pytest" not in record["packages"]
    assert record["cpu"] and record["cores"] >= 1


def test_the_id_depends_on_every_value_and_not_on_the_order():
    assert environment_id({"a": 1, "b": 2}) == environment_id({"b": 2, "a": 1})
    assert environment_id({"a": 1, "b": 2}) != environment_id({"a": 1, "b": 3})


def test_a_record_is_written_once_and_holds_what_its_id_says(tmp_path):
    name = write_environment(tmp_path)
    assert re.fullmatch("[0-9a-f]{12}", name)
    path = tmp_path / f"{name}.json"
    assert environment_id(json.loads(path.read_text())) == name
    before = path.stat().st_mtime_ns
    assert write_environment(tmp_path) == name
    assert path.stat().st_mtime_ns == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_commit_is_recorded_for_tracked_files_only(tmp_path):
    def git(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e@e", "-C", tmp_path, *arguments],
            check=True,
            capture_output=True,
        )

    module = tmp_path / "__init__.py"
    module.write_text("")
    assert environment._git(tmp_path) is None, "outside a repository"
    git("init")
    assert environment._git(tmp_path) is None, "inside a repository that doesn't track it"
    git("add", "__init__.py")
    git("commit", "-m", "m")
    clean = environment._git(tmp_path)
    assert (
        clean is not None and re.fullmatch("[0-9a-f]{40}", clean["commit"]) and not clean["dirty"]
    )
    module.write_text("changed")
    assert environment._git(tmp_path) == clean | {"dirty": True}


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_plugin_that_git_does_not_know_makes_a_checkout_dirty_and_results_do_not(tmp_path):
    package = tmp_path / "src" / "package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (tmp_path / ".gitignore").write_text("ignored/\n")

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@e"]
        subprocess.run(["git", *identity, "-C", tmp_path, *arguments], check=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "m")
    (tmp_path / "ignored").mkdir()
    (tmp_path / "ignored" / "own.py").write_text("x = 1\n")
    (tmp_path / "out.png").write_bytes(b"")
    assert environment._git(package)["dirty"] is False
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "own.py").write_text("x = 1\n")
    assert environment._git(package)["dirty"] is True


@pytest.mark.slow
def test_results_import_no_torch():
    modules = ["statistics", "gather", "published", "catalogue", "schema"]
    imports = "; ".join(f"import priorbench.results.{module}" for module in modules)
    imports += "; import priorbench.store.environment"
    subprocess.run(
        [sys.executable, "-c", f"{imports}; import sys; assert 'torch' not in sys.modules"],
        check=True,
    )
