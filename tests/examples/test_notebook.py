"""The notebook runs from the first cell to the last, and its priors restore."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "notebook.ipynb"
MOST_BYTES = 400_000


@pytest.fixture(scope="session")
def executed(make_project: Any, require: Any) -> Any:
    """The notebook after a run in a copy of the checkout that has no models."""
    try:
        import ipykernel  # noqa: F401
        import nbclient
        import nbformat
    except ImportError as error:
        require("notebook", False, f"{error.name} is not installed: pip install -e '.[test]'")
    folder = make_project().root / "examples"
    folder.mkdir()
    shutil.copy(NOTEBOOK, folder)
    notebook = nbformat.read(folder / NOTEBOOK.name, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=900, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    assert (folder.parent / "results/default/models/gmm-K50").is_dir()
    return notebook


def outputs(notebook: Any, source: str) -> list[Any]:
    """What the only cell with this text has put out."""
    [cell] = [cell for cell in notebook.cells if source in cell.source]
    return list(cell.outputs)


def test_it_runs_and_its_prior_restores(executed: Any) -> None:
    [scores] = outputs(executed, "pb.score")
    assert ast.literal_eval(scores.data["text/plain"])["psnr"] > 25


def test_figures_and_tables_are_shown_once_each(executed: Any) -> None:
    for source in ("pb.show(problem", "pb.show(holes"):
        results = [
            each for each in outputs(executed, source) if each.output_type == "execute_result"
        ]
        assert ["image/png" in each.data for each in results] == [True]
    [table] = outputs(executed, "pb.tasks().head")
    assert "<table" in table.data["text/html"]


def test_a_bar_is_gone_when_the_work_is_done(executed: Any) -> None:
    shown = [
        output.data.get("text/html", "")
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if output.output_type == "display_data"
    ]
    assert shown
    assert "".join(shown) == ""


def test_what_is_kept_in_the_repository_has_its_outputs_and_is_small(executed: Any) -> None:
    import nbformat

    kept = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(kept)
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    for cell, again in zip(kept.cells, executed.cells, strict=True):
        if cell.cell_type == "code":
            kinds = [each.output_type for each in again.outputs if each.output_type != "stream"]
            own = [each.output_type for each in cell.outputs if each.output_type != "stream"]
            assert "error" not in own
            assert [kind for kind in own if kind == "execute_result"] == [
                kind for kind in kinds if kind == "execute_result"
            ]
