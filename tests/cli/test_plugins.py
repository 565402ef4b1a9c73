from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from priorbench.cli import app, main
from priorbench.data.folder import SUFFIXES

ROOT = Path(__file__).parents[2]
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
    for word in (
        "no_such_package",
        "'.nowhere:Model' of 'unloadable'",
        "must be a subclass of PatchPrior, Denoiser, Generator or Prior",
    ):
        assert word in result.output


KINDS = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser, Generator, Learned, PatchPrior, Prior

    class P(PatchPrior): log_prob = map_estimate = None
    class D(Denoiser): denoise = None
    class G(Generator): decode = None
    class R(Prior): restore = None
    class L(Prior, Learned): restore = fit = state_dict = load_state_dict = None
    class A(Denoiser): pass
    class C(D):
        def __init__(self, strength): pass

    @hookimpl
    def register_priors():
        for kind in (P, D, G, R):
            yield PriorSpec(name=f"kind-{kind.__name__}", factory=kind, summary="for a test")
        yield PriorSpec(name="learner", factory=L, summary="for a test", learns=True)
        yield PriorSpec(name="unfitted", factory=L, summary="for a test")
        yield PriorSpec(name="unlearned", factory=R, summary="for a test", learns=True)
        yield PriorSpec(name="abstract", factory=A, summary="for a test")
        yield PriorSpec(name="wanting", factory=C, summary="for a test")
"""


def test_every_kind_of_prior_is_known_and_must_learn_as_its_record_says(bench: Any) -> None:
    bench.plugin("mine", KINDS)
    result = CliRunner().invoke(app, ["plugins", "list"])
    lines = {line.split()[1]: line for line in result.output.splitlines() if len(line.split()) > 2}
    for name, kind in (("P", "patch prior"), ("D", "denoiser"), ("G", "generator"), ("R", "prior")):
        assert f" {kind} " in lines[f"kind-{name}"]
        assert " ok " in lines[f"kind-{name}"]
    assert " ok " in lines["learner"]
    for name, word in (
        ("unfitted", "lacks learns=True"),
        ("unlearned", "R is no subclass of Learned"),
        ("abstract", "its class A lacks denoise"),
        ("wanting", "parameters (none), and missing a required argument: 'strength'"),
    ):
        assert "FAILED" in lines[name]
        assert [
            line
            for line in result.output.splitlines()
            if f"the prior '{name}'" in line and word in line
        ]


def test_strict_ends_with_2_for_a_factory_that_cannot_be_used(bench: Any) -> None:
    bench.plugin("mine", SOUND)
    assert CliRunner().invoke(app, ["plugins", "list"]).exit_code == 0
    result = CliRunner().invoke(app, ["plugins", "list", "--strict"])
    assert (result.exit_code, "'.nowhere:Model' of 'unloadable'" in result.output) == (2, True)


def test_show_tells_of_a_prior_its_parameters_and_resources(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    output = CliRunner().invoke(app, ["plugins", "show", "gmm"]).output
    for word in (
        "gmm: prior",
        f"built-in, {ROOT}/plugins/gmm/plugin.py",
        "Gaussian mixture",
        "threads 2",
        "memory_mb 2000",
    ):
        assert word in output
    [row] = [line for line in output.splitlines() if "n_components" in line and "number of" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")][:3] == [
        "n_components",
        "whole number",
        "200",
    ]


def test_show_tells_what_a_source_of_images_takes(bench: Any) -> None:
    output = CliRunner().invoke(app, ["plugins", "show", "folder"]).output
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in output.splitlines()
        if "│" in line
    ]
    assert "folder: data set" in output
    assert [row[:3] for row in rows] == [
        ["path", "text", "required"],
        ["pattern", "list of text", f"[{', '.join(f'*.{suffix}' for suffix in SUFFIXES)}]"],
        ["recursive", "true or false", "false"],
    ]


def test_show_tells_of_all_that_share_a_name_and_of_what_has_no_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    output = CliRunner().invoke(app, ["plugins", "show", "vae"]).output
    assert "vae: prior" in output
    assert "vae: study" in output
    assert "no parameters" in CliRunner().invoke(app, ["plugins", "show", "psnr"]).output


def test_show_answers_an_unknown_name_with_the_nearest(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["priorbench", "plugins", "show", "pnsr"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "'pnsr'; did you mean 'psnr'?" in capsys.readouterr().err


def test_strict_stops_at_a_broken_plugin(
    bench: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.plugin("broken", "import no_such_package\n")
    monkeypatch.setattr("sys.argv", ["priorbench", "plugins", "list", "--strict"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert "plugin 'broken'" in capsys.readouterr().err
