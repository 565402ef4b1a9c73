"""``priorbench restore``: what is written, refused before the work, and reported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from priorbench.cli import app
from priorbench.data.images import read_image, read_picture

HALF = """
    from priorbench import PriorSpec, hookimpl
    from priorbench.priors import Denoiser, Learned, Prior, Restoration

    class Half(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate() / 2)

    class Same(Prior):
        def restore(self, problem, context):
            return Restoration(problem.estimate())

    class Asking(Prior):
        def restore(self, problem, context):
            return Restoration(problem.operator.estimate(problem.y))

    class Keeping(Denoiser):
        def denoise(self, image, sigma):
            return image

    class Learning(Learned, Prior):
        def fit(self, images, context):
            yield {"iteration": 1}

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            return self

        def restore(self, problem, context):
            return Restoration(problem.estimate())

    @hookimpl
    def register_priors():
        yield PriorSpec(name="half", label="Half of it", factory=Half, summary="for a test")
        yield PriorSpec(name="same", factory=Same, summary="for a test")
        yield PriorSpec(name="asking", factory=Asking, summary="for a test")
        yield PriorSpec(name="keeping", factory=Keeping, summary="for a test")
        yield PriorSpec(name="Learning", factory=Learning, summary="for a test", learns=True)
"""

RANDOM = np.random.default_rng(0)
PHOTO = 0.3 + 0.4 * RANDOM.random((16, 20))


@pytest.fixture
def studio(bench: Any) -> Any:
    """Photographs, masks, and an experiment whose sections of data do not exist."""
    bench.image("gray", PHOTO)
    bench.image("colour", 0.3 + 0.4 * RANDOM.random((16, 20, 3)))
    bench.plugin("half", HALF)
    changes = {
        "datasets": {"photos": {"source": "folder", "parameters": {"path": "nowhere"}}},
        "train": "photos",
    }
    (bench.root / "config.yaml").write_text(yaml.safe_dump(bench.configuration(**changes)))
    return bench


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["restore", *map(str, arguments)])
    said = f"{result.output}{result.exception or ''}"
    assert (result.exit_code == 0) == (code == 0), said
    return " ".join(said.split())


def files() -> set[Path]:
    found = {path for path in Path().rglob("*") if path.is_file()}
    return {path for path in found if "__pycache__" not in path.parts}


def refused(*arguments: object) -> str:
    before = files()
    said = run(*arguments, code=1)
    assert files() == before
    return said


GRAY = ("photos/gray.png", "--prior", "same")
DENOISE = (*GRAY, "--task", "denoise", "--sigma", "10")


def save_mask(known: np.ndarray, alpha: bool = False) -> np.ndarray:
    levels = (255 * known).astype(np.uint8)
    shown = np.stack([np.full_like(levels, 255), levels], axis=2) if alpha else levels
    Image.fromarray(shown).save("mask.png")
    return known


@pytest.fixture
def known(studio: Any) -> np.ndarray:
    """Where the mask in mask.png is white."""
    return save_mask(np.arange(320).reshape(16, 20) % 3 > 0)


@pytest.mark.parametrize("photograph", ["gray", "colour"])
def test_what_was_observed_is_kept_with_holes(known: np.ndarray, photograph: str) -> None:
    source = f"photos/{photograph}.png"
    options = ("--task", "inpaint-mask", "--mask", "mask.png", "--prior", "half")
    run(source, *options, "-o", "out.png", "--corrupted", "y.png")
    kept, clean = read_picture(Path("y.png")), read_picture(Path(source))
    assert kept.alpha is not None
    np.testing.assert_array_equal(kept.alpha, known)
    np.testing.assert_allclose(kept.colour, clean.colour * known[..., None], atol=2e-5)
    # What was kept is a photograph with missing pixels: by the mask, and by its transparency alone.
    first = read_image(Path("out.png"))
    run("y.png", "--observed", "--sigma", "0", *options, "-o", "again.png")
    own = ("--task", "inpaint", "--sigma", "0", "--prior", "half", "-o", "alpha.png")
    run("y.png", "--observed", *own)
    for name in ("again.png", "alpha.png"):
        np.testing.assert_allclose(read_image(Path(name)), first, atol=2e-5)


def test_holes_are_black_in_a_jpeg_and_transparent_in_a_tiff(known: np.ndarray) -> None:
    options = (*GRAY, "--task", "inpaint-mask", "--mask", "mask.png", "-o", "out.png")
    run(*options, "--corrupted", "y.jpg")
    run(*options, "--corrupted", "y.tif")
    assert read_image(Path("y.jpg"))[~known].mean() < 0.2
    alpha = read_picture(Path("y.tif")).alpha
    assert alpha is not None
    np.testing.assert_array_equal(alpha, known)


def test_the_observation_of_a_super_resolution_is_small(studio: Any) -> None:
    run(*GRAY, "--task", "sr", "--factor", "4", "-o", "out.png", "--corrupted", "y.png")
    assert read_image(Path("y.png")).shape == (4, 5)
    assert read_image(Path("out.png")).shape == (16, 20)


def test_an_observation_that_is_no_picture_is_shown_as_one(studio: Any) -> None:
    run(*GRAY, "--task", "cs", "-o", "out.png", "--corrupted", "y.png")
    assert read_image(Path("y.png")).shape == (16, 20)


def test_a_transparent_mask_hides_and_one_that_hides_nothing_is_told(studio: Any) -> None:
    options = (*GRAY, "--task", "inpaint-mask", "--mask", "mask.png", "-o", "out.png")
    save_mask(np.arange(320).reshape(16, 20) % 2 > 0, alpha=True)
    assert "hides nothing" not in run(*options, "--corrupted", "y.png")
    assert read_picture(Path("y.png")).alpha is not None
    save_mask(np.ones((16, 20), bool))
    assert "the mask hides nothing" in run(*options)
    assert "goes with --observed, or with the task inpaint-mask" in run(
        *GRAY, "--task", "inpaint", "--mask", "mask.png", "-o", "out.png", code=1
    )


def test_de_blurring_needs_no_download_and_takes_a_kernel_of_one_s_own(
    studio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIORBENCH_CACHE", str(studio.root / "empty"))
    monkeypatch.delenv("PRIORBENCH_DATA", raising=False)
    studio.image("large", np.kron(PHOTO, np.ones((2, 2))))
    run("photos/large.png", "--prior", "same", "--task", "deblur", "-o", "out.png")
    np.save("k.npy", np.array([[0.0, 0, 0], [0, 0, 5], [0, 0, 0]]))
    command = (*GRAY, "--task", "deblur", "--sigma", "0", "-o", "out.png")
    run(*command, "--kernel", "k.npy")
    clean = read_image(Path("photos/gray.png"))
    np.testing.assert_allclose(read_image(Path("out.png")), np.roll(clean, 1, axis=1), atol=2e-5)
    np.save("even.npy", np.ones((4, 4)))
    assert "even.npy is 4 × 4: it needs odd sides" in refused(
        *command[:-1], "o.png", "--kernel", "even.npy"
    )
    np.save("large.npy", np.ones((17, 3)))
    assert "17 × 3 is larger than the image of 16 × 20" in refused(
        *command[:-1], "o.png", "--kernel", "large.npy"
    )
    assert "no.png does not exist" in refused(*command[:-1], "o.png", "--kernel", "no.png")


@pytest.mark.parametrize(
    ("name", "options", "peak", "atol"),
    [
        ("out.png", (), 65535, 0.5 / 65535),
        ("out.png", ("--bits", "8"), 255, 0.5 / 255),
        ("out.tif", (), 65535, 0.5 / 65535),
        ("out.TIFF", ("--bits", "8"), 255, 0.5 / 255),
        ("out.jpg", (), 255, 24 / 255),
    ],
)
@pytest.mark.parametrize("photograph", ["gray", "colour"])
def test_the_suffix_says_the_format(
    studio: Any, photograph: str, name: str, options: tuple[str, ...], peak: int, atol: float
) -> None:
    source = f"photos/{photograph}.png"
    run(source, "--prior", "half", "--task", "denoise-0", "-o", name, *options)
    restored, clean = read_image(Path(name)), read_image(Path(source))
    np.testing.assert_allclose(restored, clean / 2, atol=atol + 1e-6)
    assert abs(restored * peak - np.rint(restored * peak)).max() < 0.01


def test_a_folder_of_photographs_and_several_priors(studio: Any) -> None:
    for name in ("notes.txt", "photos/picture.xcf"):
        Path(name).touch()
    command = ("--task", "denoise-0", "--prior", "half", "--prior", "same")
    said = run("photos", *command, "-o", "restored", "--sheet", "sheet.png")
    assert "passed over: picture.xcf" in said
    names = {f"{photo}-{prior}.png" for photo in ("gray", "colour") for prior in ("half", "same")}
    assert {path.name for path in Path("restored").iterdir()} == names
    clean = read_image(Path("photos/colour.png"))
    np.testing.assert_allclose(read_image(Path("restored/colour-half.png")), clean / 2, atol=2e-5)
    # Two rows of four pictures of 16 × 20 pixels: observed, two priors, clean.
    height, width, channels = read_image(Path("sheet.png")).shape
    assert height > 2 * 16 and width > 4 * 20 and channels == 3
    run("photos/gray.png", "photos/colour.png", *command, "-o", "jpegs", "--format", "jpg")
    assert {path.suffix for path in Path("jpegs").iterdir()} == {".jpg"}
    run("photos/gray.png", *command, "-o", "one.png")
    assert {path.name for path in Path().glob("one*")} == {"one-half.png", "one-same.png"}


def test_the_sheet_holds_the_pictures_side_by_side(studio: Any) -> None:
    run(*DENOISE[:-2], "--sigma", "0", "-o", "out.png", "--sheet", "sheet.png")
    sheet = read_image(Path("sheet.png"))
    clean = np.rint(read_image(Path("photos/gray.png")) * 255) / 255
    found = [
        (row, column)
        for row in range(sheet.shape[0] - 15)
        for column in range(sheet.shape[1] - 19)
        if np.allclose(sheet[row : row + 16, column : column + 20, 0], clean, atol=1e-3)
    ]
    assert len(found) == 3
    assert len({row for row, _ in found}) == 1


def test_of_several_photographs_one_that_can_t_be_read_is_named_and_the_others_are_restored(
    studio: Any,
) -> None:
    Path("photos/broken.png").write_bytes(b"broken")
    said = run("photos", "--task", "denoise-0", "--prior", "same", "-o", "restored", code=1)
    assert "1 of 3 photographs are not restored: photos/broken.png" in said
    assert "its content is not PNG" in said
    assert {path.name for path in Path("restored").iterdir()} == {"gray.png", "colour.png"}


def test_photographs_of_one_name_go_to_different_files(studio: Any) -> None:
    studio.image("gray", PHOTO / 2, folder="other")
    sources = ("photos/gray.png", "other/gray.png")
    run(*sources, "--task", "denoise-0", "--prior", "same", "-o", "restored")
    run(sources[0], *sources, "--task", "denoise-0", "--prior", "same", "-o", "restored")
    images = [read_image(path) for path in sorted(Path("restored").iterdir())]
    assert len(images) == 2
    assert not np.array_equal(*images)


@pytest.mark.parametrize("way", ["name", "detour", "link", "hard link", "of the mask", "folder"])
def test_an_input_is_not_overwritten_by_whatever_path_unless_it_is_forced(
    known: np.ndarray, way: str
) -> None:
    Path("link.png").symlink_to("photos/gray.png")
    os.link("photos/gray.png", "hard.png")
    output = {
        "name": "photos/gray.png",
        "detour": "photos/../photos/gray.png",
        "link": "link.png",
        "hard link": "hard.png",
        "of the mask": "mask.png",
        "folder": "photos",
    }[way]
    before = Path("photos/gray.png").read_bytes()
    command = (*GRAY, "--task", "inpaint-mask", "--mask", "mask.png")
    assert "--force alone overwrites" in refused(*command, "-o", output)
    assert "--force alone overwrites" in refused(*command, "-o", "o.png", "--corrupted", output)
    assert Path("photos/gray.png").read_bytes() == before
    run(*command, "-o", output, "--force")
    assert read_image(Path(output if way != "folder" else "photos/gray.png")).shape == (16, 20)


@pytest.mark.skipif(
    not Path("/proc").exists(),
    reason="only a system of Linux has folders that even root can't write",
)
@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("/proc/out.png", "can't be written"),
        ("photos/gray.png/out.png", "can't be written"),
        ("x" * 300 + ".png", "can't be written"),
    ],
)
def test_an_output_that_can_t_be_written_is_told_before_the_work(
    studio: Any, output: str, words: str
) -> None:
    studio.plugin(
        "slow",
        """
        from priorbench import PriorSpec, hookimpl
        from priorbench.priors import Prior

        class Slow(Prior):
            def restore(self, problem, context):
                raise AssertionError("the work has begun")

        @hookimpl
        def register_priors():
            yield PriorSpec(name="slow", factory=Slow, summary="for a test")
        """,
    )
    command = ("photos/gray.png", "--prior", "slow", "--task", "denoise-0")
    assert words in refused(*command, "-o", output)
    assert words in refused(*command, "-o", "o.png", "--corrupted", output)
    assert words in refused(*command, "-o", "o.png", "--sheet", output)
    twice = refused(*command, "-o", "o.png", "--corrupted", "./o.png")
    assert "would be written twice" in twice


@pytest.mark.parametrize("name", ["half", "HALF", "half OF it"])
def test_a_prior_is_found_by_label_and_whatever_the_case(studio: Any, name: str) -> None:
    run("photos/gray.png", "--task", "denoise-0", "--prior", name, "-o", "out.png")
    clean = read_image(Path("photos/gray.png"))
    np.testing.assert_allclose(read_image(Path("out.png")), clean / 2, atol=2e-5)


def test_a_prior_that_learns_needs_its_training_set_and_others_do_not(studio: Any) -> None:
    assert "the folder nowhere does not exist" in refused(
        "photos/gray.png", "--task", "denoise-0", "--prior", "learning", "-o", "out.png"
    )


@pytest.mark.slow
def test_a_prior_is_trained_the_first_time_it_is_used(studio: Any) -> None:
    studio.image("lesson", PHOTO, folder="lessons")
    lessons = {"source": "folder", "parameters": {"path": "lessons"}}
    configuration = studio.configuration(datasets={"lessons": lessons}, train="lessons")
    # The test set is not needed, and may be missing.
    configuration["datasets"]["photos"] = {"source": "folder", "parameters": {"path": "nowhere"}}
    (studio.root / "config.yaml").write_text(yaml.safe_dump(configuration))
    command = ("photos/gray.png", "--task", "denoise-0", "--prior", "learning", "-o", "out.png")
    said = run(*command)
    assert "Learning is not trained yet: training it on lessons" in said
    assert "is not trained yet" not in run(*command)
    clean = read_image(Path("photos/gray.png"))
    np.testing.assert_allclose(read_image(Path("out.png")), clean, atol=2e-5)


def test_a_task_without_an_operator_tells_who_can_do_it(studio: Any) -> None:
    command = ("photos/gray.png", "--task", "jpeg", "-o", "out.png", "--prior")
    said = refused(*command, "keeping")
    assert "needs a linear operator H, and JPEG compression at quality 10 has none" in said
    assert "half, same can do it" in said
    run(*command, "same")


@pytest.mark.parametrize(
    ("sigma", "words"),
    [("2", "perhaps sigma is more than 2"), ("10", ""), ("40", "sigma is less than 40")],
)
def test_a_wrong_sigma_is_told_by_the_residual(studio: Any, sigma: str, words: str) -> None:
    """The observation is flat but for noise of σ = 10, and the prior gives the flat image."""
    studio.plugin(
        "flat",
        """
        from priorbench import PriorSpec, hookimpl
        from priorbench.priors import Prior, Restoration

        class Flat(Prior):
            def restore(self, problem, context):
                return Restoration(problem.y * 0 + 0.5)

        @hookimpl
        def register_priors():
            yield PriorSpec(name="flat", factory=Flat, summary="for a test")
        """,
    )
    studio.image("noisy", 0.5 + 10 / 255 * RANDOM.standard_normal((64, 64)))
    said = run(
        "photos/noisy.png",
        "--observed",
        "--task",
        "denoise",
        "--sigma",
        sigma,
        "--prior",
        "flat",
        "-o",
        "out.png",
    )
    assert "residual " in said
    assert words in said
    assert bool(words) == ("perhaps" in said or "or the prior" in said)


def test_another_folder_s_experiment_restores_what_lies_here(
    studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    Image.fromarray(np.full((16, 20), 128, np.uint8)).save("mine.png")
    save_mask(np.arange(320).reshape(16, 20) % 2 > 0)
    command = ("mine.png", "--task", "inpaint-mask", "--mask", "mask.png", "--prior", "half")
    run(*command, "-o", "out.png", "-C", studio.root)
    assert {path.name for path in here.iterdir()} == {"mine.png", "mask.png", "out.png"}
    assert Path.cwd() == here


@pytest.mark.parametrize("form", ["WEBP", "GIF", "AVIF", "JPEG2000", "TIFF", "BMP"])
def test_a_photograph_may_have_any_format(studio: Any, form: str) -> None:
    Image.fromarray(np.full((16, 20, 3), 128, np.uint8)).save("mine.xyz", form)
    run("mine.xyz", "--task", "denoise-0", "--prior", "same", "-o", "out.png")
    assert read_image(Path("out.png")) == pytest.approx(np.full((16, 20, 3), 128 / 255), abs=0.02)
