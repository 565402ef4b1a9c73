"""What makes a result be computed again."""

import os
import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from priorbench.config import parse_experiment
from priorbench.plan import Plan
from tests.conftest import BUILT_IN_PLUGINS
from tests.plan.plans import plan, scikit_images, spec

DECLARATION = """
    from priorbench import Parameters, PriorSpec, Resources, hookimpl

    class MineParameters(Parameters):
        size: int = 3

    @hookimpl
    def register_priors():
        yield PriorSpec(
            name="mine", factory=".model:Model", summary="for a test", parameters=MineParameters, label="one",
            resources=Resources(threads=1),
        )
"""


def folder_plan(folders: Sequence[Path], **parameters: Any) -> Plan:
    data = {
        "experiment": "mine",
        "plugins": {
            "folders": [str(folder) for folder in folders],
            "disable": BUILT_IN_PLUGINS,
            "strict": True,
        },
        "datasets": {"test": scikit_images("camera")},
        "test": ["test"],
        "priors": {"settings": {"mine": {"parameters": parameters}}},
    }
    return Plan(parse_experiment(data))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "plugins" / "mine"
    path.mkdir(parents=True)
    (path / "plugin.py").write_text(textwrap.dedent(DECLARATION))
    (path / "model.py").write_text("class Model:\n    scale = 2\nclass Other:\n    pass\n")
    return path


def reload_with(folder: Path, file: str, old: str, new: str) -> Plan:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    # Python takes a source of the same second and size for unchanged.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    moved = folder.parent.parent / f"again-{os.urandom(4).hex()}"
    shutil.copytree(folder, moved / "plugins" / "mine")
    return folder_plan([moved / "plugins"])


def test_a_prior_is_computed_again_for_its_code_its_parameters_and_its_factory(
    folder: Path,
) -> None:
    before = folder_plan([folder.parent]).prior("mine").fingerprint
    assert folder_plan([folder.parent], size=5).prior("mine").fingerprint != before
    assert folder_plan([folder.parent], size=3).prior("mine").fingerprint == before
    code = reload_with(folder, "model.py", "scale = 2", "scale = 3").prior("mine").fingerprint
    assert code != before
    assert (
        reload_with(folder, "plugin.py", ".model:Model", ".model:Other").prior("mine").fingerprint
        != code
    )


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("plugin.py", 'label="one"', 'label="two"'),
        ("plugin.py", "threads=1", "threads=2"),
        ("plugin.py", "for a test", "for another test"),
        ("model.py", "class Model:\n", "class Model:\n    # a comment\n"),
        ("model.py", "class Model:\n", 'class Model:\n    """A docstring."""\n\n'),
    ],
)
def test_a_prior_is_not_computed_again_for_what_changes_no_result(
    folder: Path, file: str, old: str, new: str
) -> None:
    before = folder_plan([folder.parent]).prior("mine").fingerprint
    assert reload_with(folder, file, old, new).prior("mine").fingerprint == before


def test_a_study_is_no_part_of_the_priors_beside_it(folder: Path) -> None:
    (folder / "studies").mkdir()
    (folder / "studies" / "sweep.py").write_text("answer = 1\n")
    declaration = (folder / "plugin.py").read_text() + textwrap.dedent(
        """
        from priorbench import StudySpec

        @hookimpl
        def register_studies():
            yield StudySpec(name="sweep", factory=".studies.sweep:answer", summary="for a test")
        """
    )
    (folder / "plugin.py").write_text(declaration)

    def fingerprints(plan: Plan) -> tuple[str, str]:
        return plan.prior("mine").fingerprint, plan.fingerprints.study("sweep")

    before = fingerprints(folder_plan([folder.parent]))
    study = fingerprints(reload_with(folder, "studies/sweep.py", "answer = 1", "answer = 2"))
    assert study[0] == before[0]
    assert study[1] != before[1]
    model = fingerprints(reload_with(folder, "model.py", "scale = 2", "scale = 3"))
    assert model[0] != study[0]
    assert model[1] != study[1]


def test_the_code_of_an_installed_package_counts_wherever_it_declares_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package, info = tmp_path / "faraway_priors", tmp_path / "faraway_priors-1.dist-info"
    package.mkdir()
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faraway-priors\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[priorbench]\nfaraway = faraway_priors.declare\n")
    (package / "__init__.py").touch()
    (package / "declare.py").write_text(textwrap.dedent(DECLARATION))
    (package / "model.py").write_text("class Model: pass\n")
    before = folder_plan([]).prior("mine").fingerprint
    (package / "model.py").write_text("class Model: scale = 2\n")
    assert folder_plan([]).prior("mine").fingerprint != before


def test_the_way_images_are_cut_is_part_of_a_data_set_and_its_name_is_not() -> None:
    def fingerprint(**section: Any) -> str:
        made = plan(spec(), datasets={"a": scikit_images("camera", "brick") | section}, test=["a"])
        return made.datasets["a"].fingerprint

    assert fingerprint() == fingerprint(gray=True)
    different = [fingerprint(), fingerprint(gray=False), fingerprint(crop=32), fingerprint(limit=1)]
    assert len(set(different)) == len(different)
