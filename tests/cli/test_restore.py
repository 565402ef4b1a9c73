import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from priorbench.cli import app, main
from priorbench.data.images import read_image
from priorbench.stages.corrupt import corrupt
from priorbench.stages.prepare import prepare
from priorbench.stages.restore import restore as restore_chunk
from priorbench.stages.score import score
from priorbench.store.cell import Cell
from priorbench.store.files import file_sha256, read_json, read_rows, write_json

PRIOR = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Half(Prior):
        def restore(self, problem, context):
            assert context.deadline is None
            context.progress(0.5, loss=0.01234, psnr_y=24.1)
            return Restoration(problem.y / 2)

    @hookimpl
    def register_priors():
        yield PriorSpec(name="half", factory=Half, summary="for a test")
"""

GUIDED = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Guide(Prior):
        def restore(self, problem, context):
            return Restoration(problem.guide.expand_as(problem.y))

    @hookimpl
    def register_priors():
        yield PriorSpec(name="guide", factory=Guide, summary="for a test")
"""


@pytest.fixture
def studio(bench: Any) -> Any:
    """A gray and a colour photograph, a mask, a small image, and a prior that halves what it is
    given.
    """
    random = np.random.default_rng(0)
    bench.image("gray", 0.3 + 0.4 * random.random((16, 20)))
    bench.image("colour", 0.3 + 0.4 * random.random((16, 20, 3)))
    bench.image("mask", (np.arange(320).reshape(16, 20) % 2).astype(float), folder="masks")
    bench.image("small", random.random((8, 9)), folder="small")
    bench.plugin("half", PRIOR)
    bench.plan()
    return bench


def restore(
    photograph: str, *arguments: str, task: str = "denoise", prior: str = "half"
) -> np.ndarray:
    command = [
        "restore",
        f"photos/{photograph}.png",
        "--task",
        task,
        "--prior",
        prior,
        "-o",
        "out.png",
        *arguments,
    ]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, (result.output, result.exception)
    return read_image(Path("out.png"))


@pytest.mark.parametrize("photograph", ["gray", "colour"])
def test_a_photograph_is_corrupted_restored_and_compared(studio: Any, photograph: str) -> None:
    restored = restore(photograph, "--sigma", "25", "--corrupted", "noisy.png")
    clean = read_image(Path(f"photos/{photograph}.png"))
    noisy = read_image(Path("noisy.png"))
    assert restored.shape == clean.shape
    assert 0.7 < (noisy - clean).std() / (25 / 255) < 1.3
    np.testing.assert_allclose(restored, noisy / 2, atol=2e-5)


@pytest.mark.parametrize("photograph", ["gray", "colour"])
def test_an_observed_photograph_is_restored_as_it_is(studio: Any, photograph: str) -> None:
    restored = restore(photograph, "--observed", "--sigma", "25")
    np.testing.assert_allclose(
        restored, read_image(Path(f"photos/{photograph}.png")) / 2, atol=2e-5
    )


@pytest.mark.parametrize("photograph", ["gray", "colour"])
def test_a_mask_says_which_pixels_are_known(studio: Any, photograph: str) -> None:
    arguments = ("--observed", "--mask", "masks/mask.png", "--sigma", "0")
    restored = restore(photograph, *arguments, task="inpaint")
    photo, mask = read_image(Path(f"photos/{photograph}.png")), read_image(Path("masks/mask.png"))
    known = mask if photo.ndim == 2 else mask[:, :, None]
    np.testing.assert_allclose(restored, photo * known / 2, atol=2e-5)


@pytest.mark.parametrize("photograph", ["gray", "colour"])
def test_a_guide_comes_with_the_problem(studio: Any, photograph: str) -> None:
    studio.plugin("guide", GUIDED)
    studio.plan()
    arguments = ("--observed", "--guide", "photos/gray.png", "--sigma", "25")
    restored = restore(photograph, *arguments, task="denoise-guided", prior="guide")
    guide = read_image(Path("photos/gray.png"))
    np.testing.assert_allclose(
        restored, guide if photograph == "gray" else guide[:, :, None].repeat(3, 2), atol=2e-5
    )


def test_a_photograph_that_is_corrupted_gets_a_guide_of_its_own(studio: Any) -> None:
    studio.plugin("guide", GUIDED)
    studio.plan()
    restored = restore("colour", "--sigma", "25", task="denoise-guided", prior="guide")
    assert not np.allclose(restored, read_image(Path("photos/colour.png")), atol=0.05)


@pytest.mark.parametrize("task", ["denoise", "denoise-blind"])
def test_sigma_is_estimated_where_nobody_knows_it_and_printed(studio: Any, task: str) -> None:
    pixels = 0.5 + 10 / 255 * np.random.default_rng(0).normal(size=(48, 48))
    studio.image("noisy", pixels)
    told = ["--sigma", "auto"] if task == "denoise" else []
    command = ["restore", "photos/noisy.png", "--observed", "--prior", "half", "-o", "out.png"]
    result = CliRunner().invoke(app, [*command, "--task", task, *told])
    assert result.exit_code == 0, result.output
    line = next(line for line in result.stderr.splitlines() if "σ is estimated as" in line)
    assert float(line.split()[-1]) == pytest.approx(10, rel=0.15)


def test_the_order_of_options_does_not_matter_and_an_id_is_a_task(studio: Any) -> None:
    first = restore("gray", "--sigma", "25")
    command = [
        "restore",
        "--sigma",
        "25",
        "--task",
        "denoise",
        "photos/gray.png",
        "-o",
        "again.png",
        "--prior",
        "half",
    ]
    assert CliRunner().invoke(app, command).exit_code == 0
    np.testing.assert_array_equal(read_image(Path("again.png")), first)
    assert restore("gray", task="denoise-0").shape == first.shape


PHOTO = ["photos/gray.png", "--prior", "half", "-o", "out.png"]
DENOISE = [*PHOTO, "--task", "denoise"]
GUIDE = [*PHOTO, "--task", "denoise-guided", "--sigma", "5"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([*DENOISE, "--observed"], ["--sigma", "0-255"]),
        ([*DENOISE, "--sigma", "auto"], ["sigma is auto only", "denoise-blind"]),
        ([*DENOISE, "--sgma", "25"], ["parameter of denoise 'sgma'", "did you mean 'sigma'"]),
        ([*DENOISE, "--sigma"], ["--sigma needs a value"]),
        ([*DENOISE, "--sigma", "-5"], ["sigma", "greater than or equal to 0"]),
        ([*DENOISE, "--sigma", "much"], ["sigma", "number"]),
        ([*DENOISE, "photos/colour.png", "--sigma", "5"], ["several photographs need a folder"]),
        ([*DENOISE, "--mask", "masks/mask.png"], ["--observed"]),
        (
            [*DENOISE, "--observed", "--sigma", "5", "--mask", "masks/mask.png"],
            ["denoise takes no mask", "inpaint"],
        ),
        ([*PHOTO, "--task", "inpaint", "--observed", "--sigma", "0"], ["needs a mask"]),
        ([*GUIDE, "--guide", "photos/colour.png"], ["a guide goes with --observed"]),
        ([*GUIDE, "--observed"], ["needs a guide"]),
        (
            [*GUIDE, "--observed", "--guide", "small/small.png"],
            ["guide is 8 × 9 but the image 16 × 20"],
        ),
        ([*GUIDE, "--observed", "--guide", "nowhere.png"], ["nowhere.png"]),
        (
            [*DENOISE, "--observed", "--sigma", "5", "--guide", "photos/colour.png"],
            ["denoise takes no guide"],
        ),
        (
            [*PHOTO, "--task", "denoize"],
            ["unknown task 'denoize'", "did you mean 'denoise'", "inpaint"],
        ),
        (
            ["photos/gray.png", "--task", "denoise", "--prior", "halv", "-o", "o.png"],
            ["'halv'", "mean 'half'"],
        ),
        (
            ["photos/gray.png", "--task", "denoise", "--prior", "half", "-o", "out.jpx"],
            ["out.jpx: end the name in .png, .tif"],
        ),
        (
            [*DENOISE, "--sigma", "5", "--corrupted", "y.jpg", "--bits", "16"],
            ["y.jpg: JPEG has 8 bits"],
        ),
        (
            [*PHOTO, "--task", "denoise-50"],
            ["unknown task 'denoise-50'", "--task denoise --sigma 50"],
        ),
        ([*PHOTO, "--task", "denoise-poisson-40"], ["--task denoise-poisson --peak 40"]),
        ([*PHOTO, "--task", "deblur-box-5"], ["--task deblur --kernel box --sigma 5"]),
        (["photos/gray.png", "--task", "denoise", "--prior", "half"], ["Missing option", "-o"]),
        (["nowhere.png", "--task", "denoise", "--prior", "half", "-o", "out.png"], ["nowhere.png"]),
        (
            ["config.yaml", "--task", "denoise", "--prior", "half", "-o", "out.png"],
            ["config.yaml", "image"],
        ),
        (
            ["--task", "denoise-0", "--prior", "half", "-o", "out.png"],
            ["Missing argument", "PHOTO"],
        ),
        (
            ["--task", "denoise", "--prior", "half", "-o", "out.png", "--sigma", "5"],
            ["name a photograph"],
        ),
    ],
)
def test_what_cannot_be_done_is_one_message(
    studio: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: list[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["priorbench", "restore", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    message = capsys.readouterr().err
    assert end.value.code == 2
    assert "Traceback" not in message
    for word in words:
        assert word in message
    assert not Path("out.png").exists()


@pytest.mark.slow
def test_a_chunk_of_an_experiment_has_a_command_of_its_own(studio: Any) -> None:
    plan = studio.plan(tasks={"run": ["denoise"]})
    prepare(plan, "photos")
    corrupt(plan, "photos", "denoise-25")
    chunk = ["--dataset", "photos", "--prior", "half"]
    result = CliRunner().invoke(app, ["restore-chunk", *chunk])
    assert result.exit_code == 0, (result.output, result.exception)
    rows = read_rows(plan.layout.runs(plan.chunk("photos", "half", 0)))
    assert {row["image"] for row in rows} == {"gray", "colour"}


RAISING = """
    from priorbench import NotApplicable, Parameters, PriorSpec, hookimpl
    from priorbench.priors import Denoiser

    class Which(Parameters):
        where: str

    class Raising(Denoiser):
        def __init__(self, where):
            self.where = where
            if where == "build":
                helper()

        def denoise(self, image, sigma):
            if self.where == "limit":
                raise NotApplicable("gray images only")
            helper()

    def helper():
        raise KeyError("weights")

    @hookimpl
    def register_priors():
        yield PriorSpec(name="raising", id="raising-{where}", factory=Raising, parameters=Which, summary="for a test")
"""


@pytest.mark.parametrize("where", ["build", "denoise", "limit"])
def test_a_prior_that_raises_is_one_message_with_its_own_frames_only(
    studio: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    studio.plugin("raising", RAISING)
    settings = {"raising": {"parameters": {"where": ["build", "denoise", "limit"]}}}
    studio.plan(priors={"settings": settings})
    command = [
        "photos/gray.png",
        "--task",
        "denoise",
        "--sigma",
        "5",
        "--prior",
        f"raising-{where}",
        "-o",
        "out.png",
    ]
    monkeypatch.setattr("sys.argv", ["priorbench", "restore", *command])
    with pytest.raises(SystemExit) as end:
        main()
    message = capsys.readouterr().err
    assert end.value.code == 2
    if where == "limit":
        assert message.endswith("priorbench: gray images only\n")
        return
    assert (
        f"priorbench: the prior raising-{where} (plugin 'raising', plugins/raising.py) raises KeyError:"
        in message
    )
    assert message.endswith("KeyError: 'weights'\n")
    assert message.count('  File "') == 2
    assert message.count('raising.py", line') == 2
    assert "Traceback" not in message


def test_the_noise_depends_on_the_task_not_on_how_it_was_asked_for(studio: Any) -> None:
    settings = {"denoise": {"parameters": {"sigma": [25, 10]}}}
    studio.plan(tasks={"run": ["denoise"], "settings": settings})
    by_id = restore("gray", task="denoise-25")
    by_name = restore("gray", "--sigma", "25", task="denoise")
    changed = restore("gray", "--sigma", "25", task="denoise-10")
    other = restore("gray", task="denoise-10")
    np.testing.assert_array_equal(by_name, by_id)
    np.testing.assert_array_equal(changed, by_id)
    clean = read_image(Path("photos/gray.png"))
    drawn = [(2 * image - clean).ravel() for image in (by_id, other)]
    assert abs(np.corrcoef(*drawn)[0, 1]) < 0.5  # Another task draws other noise.


RANDOM = """
    import random
    import numpy as np
    import torch
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Random(Prior):
        def restore(self, problem, context):
            own = torch.rand(problem.y.shape, generator=context.generator)
            other = (random.random() + np.random.rand() + torch.rand(problem.y.shape)) / 3
            return Restoration((own + other) / 2)

    @hookimpl
    def register_priors():
        yield PriorSpec(name="random", factory=Random, summary="for a test")
"""


def test_what_a_prior_draws_is_the_same_in_each_call_and_another_for_another_photograph(
    studio: Any,
) -> None:
    studio.plugin("random", RANDOM)
    studio.image("other", np.full((16, 20), 0.5))
    studio.plan()
    first = restore("gray", "--sigma", "25", prior="random")
    np.testing.assert_array_equal(restore("gray", "--sigma", "25", prior="random"), first)
    assert np.abs(restore("other", "--sigma", "25", prior="random") - first).max() > 0.1


OBSERVED = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Prior, Restoration

    class Observed(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    @hookimpl
    def register_priors():
        yield PriorSpec(name="observed", factory=Observed, summary="for a test")
"""


@pytest.mark.slow
@pytest.mark.parametrize("photograph", ["gray", "colour"])
@pytest.mark.parametrize(
    ("task", "identifier", "parameters"),
    [("denoise", "denoise-25", {"sigma": 25}), ("sr", "sr-x4", {"factor": 4})],
)
def test_the_printed_psnr_is_the_one_that_the_workflow_writes(
    studio: Any, photograph: str, task: str, identifier: str, parameters: dict[str, int]
) -> None:
    """The problem and the restoration of the command, put where the workflow's are, get the score
    that was printed.
    """
    settings = {task: {"parameters": parameters}}
    studio.plugin("baseline", OBSERVED)
    photos = {"source": "folder", "parameters": {"path": "photos"}, "gray": False}
    plan = studio.plan(
        datasets={"photos": photos}, tasks={"run": [task], "settings": settings}, metrics=["psnr"]
    )
    prepare(plan, "photos")
    corrupt(plan, "photos", identifier)
    cell, chunk = Cell("photos", identifier, "observed"), plan.chunk("photos", "observed", 0)
    restore_chunk(plan, chunk)
    command = [f"photos/{photograph}.png", "--prior", "observed", "--task", identifier]
    result = CliRunner().invoke(app, ["restore", *command, "-o", "out.png"])
    assert result.exit_code == 0, (result.output, result.exception)
    kept = plan.layout.restored(cell, f"{photograph}.png")
    shutil.copy("out.png", kept)
    record = kept.with_suffix(".json")
    write_json(record, {**read_json(record), "sha256": {kept.name: file_sha256(kept)}})
    score(plan, chunk)
    rows = read_rows(plan.layout.scores(chunk))
    (value,) = (row["value"] for row in rows if row["image"] == photograph)
    assert f"→ {value:.2f} dB" in result.output
    assert ("of the luma" in result.output) == (task == "sr" and photograph == "colour")


def test_a_border_that_leaves_nothing_of_a_photograph_is_said_after_it_was_written(
    studio: Any,
) -> None:
    studio.image("tiny", np.full((16, 16), 0.5))
    command = ["restore", "photos/tiny.png", "--task", "sr", "--factor", "8", "--prior", "observed"]
    studio.plugin("baseline", OBSERVED)
    studio.plan()
    result = CliRunner().invoke(app, [*command, "-o", "out.png"])
    assert result.exit_code == 0, (result.output, result.exception)
    assert "leaves nothing of 16 × 16" in " ".join(result.output.split())
    assert Path("out.png").exists()


def test_a_parameter_of_a_photograph_has_one_value(studio: Any) -> None:
    command = ["restore", "photos/gray.png", "--task", "denoise", "--sigma", "[5, 25]"]
    result = CliRunner().invoke(app, [*command, "--prior", "half", "-o", "out.png"])
    assert "one value" in str(result.exception)


def test_a_photograph_is_restored_the_same_again_and_the_callers_generators_go_on(
    studio: Any,
) -> None:
    studio.plugin("random", RANDOM)
    torch.manual_seed(1)
    expected = float(torch.rand(()))
    torch.manual_seed(1)
    first = restore("gray", prior="random")
    assert float(torch.rand(())) == expected
    assert np.array_equal(first, restore("gray", prior="random"))
