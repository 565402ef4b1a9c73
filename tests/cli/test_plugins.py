from typing import Any

import pytest
from typer.testing import CliRunner

from priorbench.cli import app, main

SOUND = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser

    class Sound(Denoiser):
        def denoise(self, image, sigma):
            return image

    @hookimpl
    def register_priors():
        yield PriorSpec(name="sound", factory=Sound, summary="changes nothing", tasks=("denoise*",))
        yield PriorSpec(name="unloadable", factory=".nowhere:Model", summary="for a test")
        yield PriorSpec(name="kindless", factory=dict, summary="for a test")
"""


def test_the_list_shows_name_kind_origin_status_and_tasks(bench: Any) -> None:
    bench.plugin("mine", SOUND)
    bench.plugin("broken", "import no_such_package\n")
    result = CliRunner().invoke(app, ["plugins", "list"])
    assert result.exit_code == 0
    lines = {line.split()[1]: line for line in result.output.splitlines() if len(line.split()) > 2}
    for name, words in {
        "sound": ["denoiser", "mine", "folder", "ok", "denoise*", "changes nothing"],
        "unloadable": ["FAILED"],
        "kindless": ["FAILED"],
        "psnr": ["metric", "built-in", "ok"],
        "inpaint": ["task", "built-in", "ok", "inpaint-<missing>"],
        "scikit-image": ["data set", "built-in", "ok"],
    }.items():
        for word in words:
            assert word in lines[name], (name, word)
    assert [line for line in result.output.splitlines() if "broken" in line and "FAILED" in line]
    for word in ("no_such_package", "'.nowhere:Model' of 'unloadable'", "must be a subclass of PatchPrior, Denoiser"):
        assert word in result.output


def test_strict_stops_at_a_broken_plugin(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.plugin("broken", "import no_such_package\n")
    monkeypatch.setattr("sys.argv", ["priorbench", "plugins", "list", "--strict"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "plugin 'broken'" in capsys.readouterr().err
