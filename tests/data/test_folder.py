from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from priorbench.data.folder import FolderParameters, expand, images, passed_over
from priorbench.data.images import write_image
from priorbench.data.loaders import load_from_folder
from priorbench.specs import NAME


def listed(folder: Path | str, **options: object) -> dict[str, Path | None]:
    return images(FolderParameters(path=str(folder), **options))


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_images_are_found_by_suffix_whatever_its_case_and_sorted_naturally(tmp_path):
    touch(
        tmp_path,
        "i10.png",
        "i9.PNG",
        "i1.JPeG",
        "i2.tif",
        "i3.TIFF",
        "i4.bmp",
        "i5.jpg",
        "notes.txt",
        "png",
        ".hidden.png",
    )
    (tmp_path / "folder.png").mkdir()
    found = listed(tmp_path)
    assert list(found) == ["i1", "i2", "i3", "i4", "i5", "i9", "i10"]
    assert found["i9"] == tmp_path / "i9.PNG"


def test_folders_inside_are_entered_on_request_only(tmp_path):
    touch(tmp_path, "a.png", "sub/b.png", "sub/deep/c.png", ".git/d.png")
    assert list(listed(tmp_path)) == ["a"]
    assert set(listed(tmp_path, recursive=True)) == {"a", "sub-b", "sub-deep-c"}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (["A*.png"], {"a1", "a2"}),
        (["*1.*", "*2.webp"], {"a1", "b2"}),
        (["sub/*.png"], {"sub-c"}),
        (["*.png"], {"a1", "a2", "sub-c"}),
    ],
)
def test_patterns_choose_files_by_name_or_with_a_slash_by_path(tmp_path, pattern, found):
    touch(tmp_path, "a1.png", "a2.PNG", "b2.webp", "sub/c.png")
    assert set(listed(tmp_path, pattern=pattern, recursive=True)) == found


def test_names_that_would_harm_a_path_or_a_shell_are_made_safe(tmp_path):
    names = [
        "a b;rm -rf $HOME.png",
        "日本.png",
        "x" * 200 + ".png",
        "-n.png",
        "a\nb.png",
        "{wildcard}.png",
        "q'\".png",
    ]
    touch(tmp_path, *names)
    found = listed(tmp_path)
    assert {path.name for path in found.values() if path} == set(names)
    assert all(NAME.fullmatch(name) for name in found)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX file names may hold any bytes")
def test_a_name_that_is_no_unicode_is_listed_too(tmp_path):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).touch()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    (name,) = listed(tmp_path)
    assert NAME.fullmatch(name)


def test_links_to_images_count_and_broken_ones_do_not(tmp_path):
    touch(tmp_path, "real/a.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "real" / "a.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere.png")
    assert list(listed(tmp_path)) == ["link"]


def test_variables_and_home_are_expanded(tmp_path, monkeypatch):
    touch(tmp_path, "set/a.png")
    monkeypatch.setenv("PRIORBENCH_TEST_ROOT", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("$PRIORBENCH_TEST_ROOT/set", "${PRIORBENCH_TEST_ROOT}/set", "~/set"):
        assert list(listed(path)) == ["a"]
    assert expand("costs 5 $") == Path("costs 5 $")


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(monkeypatch, value):
    monkeypatch.delenv("PRIORBENCH_TEST_ROOT", raising=False)
    if value is not None:
        monkeypatch.setenv("PRIORBENCH_TEST_ROOT", value)
    with pytest.raises(
        ValueError, match=r"environment variable PRIORBENCH_TEST_ROOT .* is not set"
    ):
        listed("$PRIORBENCH_TEST_ROOT/bsd68")


def test_a_missing_folder_a_file_and_an_empty_folder_are_told_apart(tmp_path):
    with pytest.raises(ValueError, match="absent does not exist"):
        listed(tmp_path / "absent")
    touch(tmp_path, "file.txt")
    with pytest.raises(ValueError, match=r"file\.txt is not a folder"):
        listed(tmp_path / "file.txt")
    with pytest.raises(ValueError, match=r"holds no image matching \*\.png, .*\*\.bmp"):
        listed(tmp_path)


def test_unknown_parameters_are_refused():
    with pytest.raises(ValidationError, match="recursiv"):
        FolderParameters(path=".", recursiv=True)


def test_an_image_is_loaded_by_its_listed_name(tmp_path):
    array = np.random.default_rng(0).integers(0, 65536, (3, 4)) / 65535
    write_image(tmp_path / "an image.png", array)
    loaded = load_from_folder(FolderParameters(path=str(tmp_path)), "an-image")
    np.testing.assert_allclose(loaded, array, atol=1e-6)


def test_an_unknown_image_and_a_broken_one_are_named(tmp_path):
    touch(tmp_path, "empty.png")
    parameters = FolderParameters(path=str(tmp_path))
    with pytest.raises(ValueError, match="no image called 'emty'"):
        load_from_folder(parameters, "emty")
    with pytest.raises(ValueError, match=r"empty\.png is empty"):
        load_from_folder(parameters, "empty")


def test_what_is_passed_over_is_named(tmp_path):
    touch(tmp_path, "a.png", "b.heic", "c.xcf", "notes.txt", ".hidden", "sub/d.png", "sub/e.raw")
    parameters = FolderParameters(path=str(tmp_path))
    assert set(images(parameters)) == {"a", "b"}
    assert passed_over(parameters) == ["c.xcf", "notes.txt", "sub/"]
    deep = FolderParameters(path=str(tmp_path), recursive=True, pattern=("*.png",))
    assert passed_over(deep) == ["b.heic", "c.xcf", "notes.txt", "sub/e.raw"]
