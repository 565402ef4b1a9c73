import re
import sys
import textwrap
from pathlib import Path

import pytest

from priorbench import API_VERSION
from priorbench.config import PluginsSection
from priorbench.plugins import api_version, hookspecs
from priorbench.plugins.discovery import DEFAULT_FOLDER
from priorbench.plugins.manager import load_configured, load_plugins
from priorbench.plugins.registry import HOOKS, PluginError, Registry
from tests.conftest import BUILT_IN_PLUGINS

ROOT = Path(__file__).parents[1]
SOUND = """
    from priorbench import PriorSpec, hookimpl

    @hookimpl
    def register_priors():
        yield PriorSpec(name="{name}", factory=".model:Model", summary="for a test")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "plugins"
    path.mkdir()
    return path


def write(path: Path, source: str, **values: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = textwrap.dedent(source)
    path.write_text(text.format(**values) if values else text)
    return path


def problem_of(registry: Registry, name: str) -> str:
    return next(plugin.problem for plugin in registry.plugins if plugin.name == name)


def test_a_folder_plugin_is_found_and_its_factory_loaded_from_its_own_package(folder: Path) -> None:
    write(folder / "mine" / "plugin.py", SOUND, name="mine")
    write(folder / "mine" / "model.py", "from .helper import VALUE\nclass Model: value = VALUE\n")
    write(folder / "mine" / "helper.py", "VALUE = 7\n")
    registry = load_plugins([folder], strict=True)
    assert registry.priors["mine"].load().value == 7
    assert registry.priors["mine"].plugin.origin == "folder"


def test_loading_a_folder_plugin_does_not_import_its_heavy_part(folder: Path) -> None:
    write(folder / "mine" / "plugin.py", SOUND, name="mine")
    write(folder / "mine" / "model.py", "raise RuntimeError('must not be imported')\n")
    registry = load_plugins([folder], strict=True)
    with pytest.raises(
        PluginError, match=r"'\.model:Model' of 'mine'.*RuntimeError: must not be imported"
    ):
        registry.priors["mine"].load()


def test_a_one_file_plugin_may_hand_over_the_class_itself(folder: Path) -> None:
    write(
        folder / "single.py",
        """
        from priorbench import PriorSpec, hookimpl

        class Model: pass

        @hookimpl
        def register_priors():
            yield PriorSpec(name="single", factory=Model, summary="for a test")
        """,
    )
    assert load_plugins([folder], strict=True).priors["single"].load().__name__ == "Model"


def test_a_plugin_called_like_an_installed_package_clashes_with_nothing(folder: Path) -> None:
    import json

    write(folder / "json" / "plugin.py", SOUND, name="json")
    write(
        folder / "json" / "model.py", "import json\nclass Model: dumps = staticmethod(json.dumps)\n"
    )
    model = load_plugins([folder], strict=True).priors["json"].load()
    assert model.dumps is json.dumps
    assert sys.modules["json"] is json


def test_plugins_in_a_group_are_found_by_their_dotted_names_and_import_each_other(
    folder: Path,
) -> None:
    write(folder / "core" / "plugin.py", SOUND, name="core")
    write(folder / "core" / "model.py", "class Model: value = 3\n")
    for name in ("first", "second"):
        write(folder / "group" / name / "plugin.py", SOUND, name=name)
        write(
            folder / "group" / name / "model.py", "from plugins.core.model import Model as Model\n"
        )
    registry = load_plugins([folder], strict=True)
    assert {"core", "group.first", "group.second"} <= {plugin.name for plugin in registry.plugins}
    assert registry.priors["second"].load() is registry.priors["core"].load()
    assert set(load_plugins([folder], disable=["group"], strict=True).priors) == {"core"}
    assert set(load_plugins([folder], disable=["group.first"], strict=True).priors) == {
        "core",
        "second",
    }


def test_a_folder_is_a_package_of_its_own_name(tmp_path: Path) -> None:
    folder = tmp_path / "my_priors"
    write(folder / "mine" / "plugin.py", SOUND, name="mine")
    write(folder / "mine" / "model.py", "class Model: pass\n")
    model = load_plugins([folder], strict=True).priors["mine"].load()
    assert model.__module__ == "my_priors.mine.model"


@pytest.mark.parametrize("name", ["json", "torch", "code"])
def test_a_folder_with_the_name_of_a_package_is_told_to_be_renamed(
    tmp_path: Path, name: str
) -> None:
    write(tmp_path / name / "mine" / "plugin.py", SOUND, name="mine")
    registry = load_plugins([tmp_path / name])
    problem = problem_of(registry, "mine")
    assert f"{tmp_path}/{name} has the name of a Python package" in problem and "rename" in problem


@pytest.mark.parametrize("name", ["time", "pytest", "email"])
def test_a_name_without_a_file_is_taken_too(tmp_path: Path, name: str) -> None:
    write(tmp_path / name / "mine" / "plugin.py", SOUND, name="mine")
    assert "rename" in problem_of(load_plugins([tmp_path / name]), "mine")


def test_a_folder_whose_name_holds_a_dot_is_told_to_be_renamed(tmp_path: Path) -> None:
    write(tmp_path / "my.plugins" / "mine" / "plugin.py", SOUND, name="mine")
    problem = problem_of(load_plugins([tmp_path / "my.plugins"]), "mine")
    assert "holds a dot: rename it" in problem


def test_a_plugin_keeps_its_own_code_where_another_folder_has_one_of_its_name(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "a" / "plugins", tmp_path / "b" / "plugins"
    for folder, value in ((first, "1"), (second, "2")):
        write(folder / "mine" / "plugin.py", SOUND, name="mine")
        write(folder / "mine" / "model.py", "class Model: value = {value}\n", value=value)
    write(second / "zzz" / "plugin.py", SOUND, name="zzz")
    write(second / "zzz" / "model.py", "class Model: value = 3\n")
    registry = load_plugins([first, second])
    assert registry.priors["mine"].load().value == 1
    assert registry.priors["zzz"].load().value == 3
    [problem] = registry.problems
    assert "its name is taken" in problem


def test_a_file_and_a_group_of_one_name_are_told_apart(folder: Path) -> None:
    write(folder / "net.py", SOUND, name="net")
    write(folder / "net" / "inner" / "plugin.py", SOUND, name="inner")
    assert "rename one" in problem_of(load_plugins([folder]), "net.inner")


def test_plugins_of_one_name_loaded_one_after_the_other_do_not_mix(tmp_path: Path) -> None:
    for value in ("1", "2"):
        write(tmp_path / value / "mine" / "plugin.py", SOUND, name="mine")
        write(tmp_path / value / "mine" / "model.py", "class Model: value = {value}\n", value=value)
    for value in (1, 2, 1):
        assert (
            load_plugins([tmp_path / str(value)], strict=True).priors["mine"].load().value == value
        )


def test_a_file_and_a_folder_of_one_name_loaded_one_after_the_other_do_not_mix(
    tmp_path: Path,
) -> None:
    write(tmp_path / "file" / "mine.py", SOUND, name="file")
    write(tmp_path / "folder" / "mine" / "plugin.py", SOUND, name="folder")
    write(tmp_path / "again" / "plugins" / "mine.py", SOUND, name="again")
    write(tmp_path / "last" / "plugins" / "mine" / "plugin.py", SOUND, name="last")
    for name in ("file", "folder", "file"):
        assert set(load_plugins([tmp_path / name], strict=True).priors) == {name}
    for name in ("again", "last", "again"):
        assert set(load_plugins([tmp_path / name / "plugins"], strict=True).priors) == {name}


def test_hidden_and_private_entries_and_other_files_are_no_plugins(folder: Path) -> None:
    for name in (".hidden/plugin.py", "_private/plugin.py", "__pycache__/x.pyc", "README.md"):
        write(folder / name, "raise RuntimeError\n")
    assert [
        plugin.name
        for plugin in load_plugins([folder], strict=True).plugins
        if plugin.origin == "folder"
    ] == []


def test_a_folder_that_does_not_exist_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path / "nowhere", Path("nowhere")):
        with pytest.raises(
            PluginError, match=rf"^plugins\.folders: the folder {tmp_path}/nowhere does not exist"
        ):
            load_plugins([folder])


def test_the_default_folder_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PluginsSection().folders == [str(DEFAULT_FOLDER)]
    monkeypatch.chdir(tmp_path)
    registry = load_plugins([DEFAULT_FOLDER], strict=True)
    assert "scikit-image" in registry.datasets
    assert registry.problems == []
    write(tmp_path / "mine" / "sound.py", SOUND, name="sound")
    assert set(load_plugins([DEFAULT_FOLDER, Path("mine")], strict=True).priors) == {"sound"}


def test_the_built_in_plugins_are_there_in_every_folder_and_loaded_once_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def origins() -> dict[str, str]:
        registry = load_configured(PluginsSection(), strict=True)
        return {plugin.name: plugin.origin for plugin in registry.plugins}

    monkeypatch.chdir(ROOT)
    built_in = origins()
    # Of a group there are its plugins.
    groups = {name.partition(".")[0] for name in built_in}
    assert {"priorbench", *BUILT_IN_PLUGINS} <= groups
    assert {name for name in built_in if name.startswith("studies.")}
    assert set(built_in.values()) == {"built-in"}
    monkeypatch.chdir(tmp_path)
    assert origins() == built_in
    write(tmp_path / "plugins" / "mine" / "plugin.py", SOUND, name="mine")
    assert origins() == built_in | {"mine": "folder"}
    disabled = load_configured(PluginsSection(disable=["gmm", "studies"]), strict=True)
    names = {plugin.name for plugin in disabled.plugins}
    assert "mine" in names
    assert not {name for name in names if name == "gmm" or name.startswith("studies")}


def test_a_plugin_in_a_folder_replaces_the_built_in_one_for_all_that_import_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "gmm" / "plugin.py", SOUND, name="gmm")
    write(folder / "gmm" / "model.py", "class GMM: value = 3\nModel = GMM\n")
    write(folder / "studies" / "mine" / "plugin.py", SOUND, name="mine")
    write(folder / "studies" / "mine" / "model.py", "from plugins.gmm.model import GMM as Model\n")
    monkeypatch.chdir(folder.parent)
    registry = load_configured(PluginsSection(), strict=True)
    [gmm] = [plugin for plugin in registry.plugins if plugin.name == "gmm"]
    assert (gmm.origin, gmm.location) == ("folder", "plugins/gmm/plugin.py")
    # The group is one, although its plugins lie in two folders.
    assert {"studies.mine", "studies.mixtures"} <= {plugin.name for plugin in registry.plugins}
    assert registry.priors["mine"].load().value == 3
    assert registry.priors["gmm"].load() is registry.priors["mine"].load()
    assert registry.studies["vae"].load().__module__ == "plugins.studies.autoencoders.study"


def test_a_plugin_with_the_name_of_a_built_in_group_is_told_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "studies.py", SOUND, name="mine")
    monkeypatch.chdir(folder.parent)
    registry = load_configured(PluginsSection())
    assert "mine" in registry.priors
    assert "the plugin plugins/studies.py has the name of the group" in problem_of(
        registry, "studies.likelihood"
    )


def test_a_plugin_that_is_a_folder_is_found_before_a_file_of_its_name_elsewhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "mine" / "plugin.py", SOUND, name="mine")
    write(tmp_path / "elsewhere" / "plugins" / "mine.py", SOUND, name="other")
    # As a folder of plugins that an earlier experiment of this process has searched.
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    monkeypatch.chdir(folder.parent)
    assert "mine" in load_configured(PluginsSection(), strict=True).priors


def test_a_folder_of_plugins_may_be_a_package_beside_the_built_in_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "__init__.py", "")
    write(folder / "mine" / "plugin.py", SOUND, name="mine")
    monkeypatch.chdir(folder.parent)
    monkeypatch.delitem(sys.modules, "plugins")
    monkeypatch.syspath_prepend(folder.parent)
    assert {"mine", "gmm"} <= set(load_configured(PluginsSection(), strict=True).priors)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{api_version.NAME} = {API_VERSION}", []),
        (f"{api_version.NAME} = {API_VERSION + 1}", [f"version {API_VERSION + 1}", "a newer"]),
        (f"{api_version.NAME} = 0", ["version 0", "adapt it, or install an older"]),
        (f"{api_version.NAME} = 'one'", ["must be a whole number", "'one'"]),
    ],
)
@pytest.mark.parametrize("place", ["folder", "package"])
def test_a_plugin_that_asks_for_another_interface_is_left_out_before_it_is_imported(
    folder: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: list[str], place: str
) -> None:
    missing = "from priorbench import NotThereYet" if words else ""
    source = f"{line}\n{missing}\n{textwrap.dedent(SOUND).format(name='mine')}"
    write(folder / "mine" / "plugin.py", source)
    if place == "package":
        monkeypatch.syspath_prepend(folder.parent)
        write(folder.parent / "elsewhere" / "__init__.py", "")
        write(folder.parent / "elsewhere" / "declare.py", source)
        installed(folder.parent, "mine = elsewhere.declare")
    registry = load_plugins([folder] if place == "folder" else [])
    assert ("mine" in registry.priors) == (not words)
    for word in [*words, *([str(API_VERSION)] if words else [])]:
        assert word in problem_of(registry, "mine")


BROKEN = {
    "syntax": ("def broken(:\n", ["SyntaxError", "line 1"]),
    "raises": (
        "import no_such_package_at_all\n",
        ["ModuleNotFoundError", "no_such_package_at_all", "line 1"],
    ),
    "exits": ("import sys\nsys.exit('giving up')\n", ["SystemExit: giving up"]),
    "misspelt": (
        "from priorbench import hookimpl\n@hookimpl\ndef register_prior():\n    yield\n",
        ["unknown hook 'register_prior'", "did you mean 'register_priors'?", "register_tasks"],
    ),
    "undecorated": (
        "def register_priors():\n    yield\n",
        ["register_priors", "@priorbench.hookimpl"],
    ),
    "hookless": ("x = 1\n", ["no hook", *HOOKS]),
    "wrong-spec": (
        """
        from priorbench import MetricSpec, hookimpl
        @hookimpl
        def register_priors():
            yield MetricSpec(name="m", factory=".m:m", summary="for a test")
        """,
        ["register_priors must yield PriorSpec", "MetricSpec"],
    ),
    "returns": (
        """
        from priorbench import PriorSpec, hookimpl
        @hookimpl
        def register_priors():
            return PriorSpec(name="p", factory=".m:m", summary="for a test")
        """,
        ["register_priors must yield"],
    ),
    "midway": (
        """
        from priorbench import PriorSpec, hookimpl
        @hookimpl
        def register_priors():
            yield PriorSpec(name="half", factory=".m:m", summary="for a test")
            raise RuntimeError("half way")
        """,
        ["RuntimeError: half way", "line 6"],
    ),
    "twice": (
        """
        from priorbench import PriorSpec, hookimpl
        @hookimpl
        def register_priors():
            yield PriorSpec(name="same", factory=".m:m", summary="for a test")
            yield PriorSpec(name="same", factory=".m:m", summary="for a test")
        """,
        ["the prior 'same' is registered already", "another name"],
    ),
    "bad-name": (
        """
        from priorbench import PriorSpec, hookimpl
        @hookimpl
        def register_priors():
            yield PriorSpec(name="a/b", factory=".m:m", summary="for a test")
        """,
        ["'a/b'", "letters"],
    ),
    "bad-factory": (
        """
        from priorbench import PriorSpec, hookimpl
        @hookimpl
        def register_priors():
            yield PriorSpec(name="p", factory="model.Model", summary="for a test")
        """,
        ["'model.Model'", "'.module:attribute'"],
    ),
    "bad-pattern": (
        """
        from priorbench import PriorSpec, hookimpl
        @hookimpl
        def register_priors():
            yield PriorSpec(name="p", id="p-{size}", factory=".m:m", summary="for a test")
        """,
        ["'p-{size}'", "unknown parameter 'size'"],
    ),
    "unknown-argument": (
        "from priorbench import hookimpl\n@hookimpl\ndef register_priors(registry):\n    yield\n",
        ["register_priors", "registry"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_reported_and_left_out_whole_and_stops_no_other(
    folder: Path, name: str
) -> None:
    source, words = BROKEN[name]
    file = write(folder / name / "plugin.py", source)
    write(folder / "aaa-first" / "plugin.py", SOUND, name="first")
    write(folder / "zzz-last" / "plugin.py", SOUND, name="last")
    registry = load_plugins([folder])
    assert set(registry.priors) == {"first", "last"}
    [problem] = registry.problems
    for word in (repr(name), str(file), *words):
        assert word in problem
    assert "priorbench/plugins.py" not in problem  # the user's own frames only
    with pytest.raises(PluginError, match=re.escape(name)):
        load_plugins([folder], strict=True)


def test_a_folder_without_a_declaration_or_with_a_dot_says_what_to_do(folder: Path) -> None:
    (folder / "empty").mkdir()
    write(folder / "v1.2" / "plugin.py", SOUND, name="dotted")
    registry = load_plugins([folder])
    assert "plugin.py is missing" in problem_of(registry, "empty")
    assert "rename" in problem_of(registry, "v1.2")
    assert not registry.priors


def test_a_spec_that_another_plugin_has_is_refused_to_the_second(folder: Path) -> None:
    first = write(folder / "a" / "plugin.py", SOUND, name="same")
    write(folder / "b" / "plugin.py", SOUND, name="same")
    registry = load_plugins([folder])
    assert registry.priors["same"].plugin.name == "a"
    assert str(first) in problem_of(registry, "b")


def test_plugins_of_one_name_in_two_folders(tmp_path: Path) -> None:
    first = write(tmp_path / "one" / "mine" / "plugin.py", SOUND, name="first")
    second = write(tmp_path / "two" / "mine.py", SOUND, name="second")
    registry = load_plugins([tmp_path / "one", tmp_path / "two"])
    assert set(registry.priors) == {"first"}
    [problem] = registry.problems
    assert str(first) in problem
    assert str(second) in problem
    assert "rename" in problem


def test_a_disabled_plugin_is_left_out_without_a_word(folder: Path) -> None:
    write(folder / "broken" / "plugin.py", "raise RuntimeError\n")
    registry = load_plugins([folder], disable=["broken"], strict=True)
    assert registry.problems == []
    assert [plugin.name for plugin in registry.plugins if plugin.origin == "folder"] == []


def test_disabling_a_plugin_that_there_is_not_names_the_nearest(folder: Path) -> None:
    write(folder / "median" / "plugin.py", SOUND, name="median")
    with pytest.raises(
        PluginError, match=r"unknown plugin in plugins\.disable 'medain'; did you mean 'median'"
    ):
        load_plugins([folder], disable=["medain"])


def installed(site: Path, entry: str) -> None:
    """Make what pip leaves of an installed package."""
    info = site / "elsewhere-1.0.dist-info"
    write(info / "METADATA", "Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    write(info / "entry_points.txt", f"[priorbench]\n{entry}\n")


def test_an_installed_package_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "elsewhere" / "__init__.py", "")
    write(tmp_path / "elsewhere" / "declare.py", SOUND, name="remote")
    write(tmp_path / "elsewhere" / "model.py", "class Model: value = 3\n")
    installed(tmp_path, "remote = elsewhere.declare")
    registry = load_plugins([], strict=True)
    assert registry.priors["remote"].plugin.origin == "package"
    assert registry.priors["remote"].load().value == 3


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("remote = elsewhere.missing", "ModuleNotFoundError"),
        ("remote = elsewhere:function", "must name a module"),
        ("remote = elsewhere", "no hook"),
    ],
)
def test_a_broken_installed_package_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, words: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "elsewhere" / "__init__.py", "def function(): pass\n")
    installed(tmp_path, entry)
    [problem] = load_plugins([]).problems
    assert words in problem
    assert "'remote'" in problem
    assert entry.partition(" = ")[2] in problem


@pytest.mark.parametrize("source", ["raise RuntimeError('no')", "import sys; sys.exit(1)", "x = 1"])
def test_a_factory_that_cannot_be_loaded_says_whose_it_is(folder: Path, source: str) -> None:
    file = write(folder / "mine" / "plugin.py", SOUND, name="mine")
    write(folder / "mine" / "model.py", source)
    entry = load_plugins([folder]).priors["mine"]
    with pytest.raises(PluginError, match=re.escape(f"'mine', {file}")):
        entry.load()


def example_of(hook: str) -> str:
    """Return the code block of a hook's docstring."""
    documentation = getattr(hookspecs, hook).__doc__
    assert "Example::" in documentation, f"{hook} has no example"
    return textwrap.dedent(documentation.partition("Example::")[2])


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_of_each_hook_is_a_plugin_that_works(folder: Path, hook: str) -> None:
    write(
        folder / "example" / "plugin.py",
        example_of(hook).replace("{", "{{").replace("}", "}}"),
        unused="",
    )
    registry = load_plugins([folder], strict=True)
    specs = list(registry.specs_of("example"))
    assert specs
    assert all(isinstance(spec, HOOKS[hook]) for spec in specs)


def test_each_hook_specification_is_known_and_documented() -> None:
    specified = {
        name for name, value in vars(hookspecs).items() if hasattr(value, "priorbench_spec")
    }
    assert specified == set(HOOKS)
    page = (ROOT / "docs" / "reference" / "plugins.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### `?(\w+)`?$", page, re.MULTILINE)
    assert set(headings) == set(HOOKS)
