from pathlib import Path

import pytest
from typer.testing import CliRunner

from priorbench.cli import app, main
from priorbench.data.catalogue import registry


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder instead of the network and of the user's cache."""
    monkeypatch.setenv("PRIORBENCH_DATA", str(tmp_path))
    return tmp_path


def test_the_list_shows_every_set_and_what_is_at_hand(folder: Path) -> None:
    (folder / "set5").mkdir()
    (folder / "set5" / "baby.bmp").touch()
    result = CliRunner().invoke(app, ["datasets", "list"])
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.output.splitlines()}
    assert lines.keys() == registry().keys()
    for word in (" 5 ", "228 – 512 pixels", "cszn/DnCNN", "1/5 at hand"):
        assert word in lines["set5"]
    assert "250 – 768 pixels" in lines["set14"]
    assert "500 pixels" in lines["kodak24"]
    assert "0/200 at hand" in lines["bsds500_train"]


def test_an_unknown_set_names_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["priorbench", "datasets", "fetch", "set5", "kodak"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "unknown data set 'kodak'; did you mean 'kodak24'" in capsys.readouterr().err


def test_fetching_verifies_what_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["priorbench", "datasets", "fetch", "set5"])
    with pytest.raises(SystemExit):
        main()
    assert "PRIORBENCH_DATA holds no set5/baby.bmp" in capsys.readouterr().err
