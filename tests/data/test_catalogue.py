from __future__ import annotations

import os
import re
import zipfile
from collections import Counter
from pathlib import Path

import hatchling.build
import numpy as np
import pytest
from pydantic import ValidationError

from priorbench.data import catalogue, download
from priorbench.data.catalogue import (
    BSDS500Parameters,
    DIPParameters,
    RegisteredFile,
    entries,
    registry,
)
from priorbench.data.image_names import natural_key
from priorbench.data.loaders import load_from_catalogue
from priorbench.data.transform import transform
from priorbench.plugins.manager import load_plugins
from priorbench.specs import NAME

COUNTS = {
    "bsds500_train": 200,
    "bsds500_val": 100,
    "bsds500_test": 200,
    "bsd68": 68,
    "cbsd68": 68,
    "set5": 5,
    "set12": 12,
    "set14": 14,
    "kodak24": 24,
    "color9": 9,
    "gray11": 11,
    "kernels": 2,
}
SOURCES = ("bsds500", "bsd68", "cbsd68", "set5", "set12", "set14", "kodak24", "dip")
IMAGES = [
    entry for name, known in registry().items() if name != "kernels" for entry in known.values()
]


@pytest.fixture
def data() -> Path:
    folder = download.data_folder()
    if folder is None:
        pytest.skip("PRIORBENCH_DATA names no folder with the standard images")
    return folder


def photographs(name: str) -> dict[str, str]:
    return {image: entry.origin for image, entry in entries(name).items()}


def test_the_wheel_holds_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    with zipfile.ZipFile(tmp_path / hatchling.build.build_wheel(str(tmp_path))) as wheel:
        assert "priorbench/data/registry.csv" in wheel.namelist()


def test_every_set_has_its_number_of_images() -> None:
    assert {name: len(known) for name, known in registry().items()} == COUNTS


def test_every_entry_says_where_its_file_is_to_be_had() -> None:
    files = [entry.file.casefold() for known in registry().values() for entry in known.values()]
    assert len(set(files)) == len(files)
    for known in registry().values():
        assert list(known) == sorted(known, key=natural_key)
        for entry in known.values():
            assert entry.file.startswith(f"{entry.set}/") and NAME.fullmatch(entry.image)
            assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    for entry in [*IMAGES, entries("kernels")["levin09-mat"]]:
        assert re.fullmatch(r"[\w-]+/[\w.-]+", entry.repository) and entry.path
        assert re.fullmatch(r"[0-9a-f]{40}", entry.commit)


def test_gray_sets_are_gray_and_every_image_has_a_size_and_a_photograph() -> None:
    channels = {name: {entry.channels for entry in registry()[name].values()} for name in COUNTS}
    assert channels["bsd68"] == channels["set12"] == channels["gray11"] == {1}
    assert channels["set14"] == {1, 3}
    assert (
        channels["bsds500_train"]
        == channels["cbsd68"]
        == channels["kodak24"]
        == channels["color9"]
        == {3}
    )
    assert all(entry.height > 100 and entry.width > 100 and "/" in entry.origin for entry in IMAGES)


def test_equal_files_are_the_same_photograph() -> None:
    known: dict[str, RegisteredFile] = {}
    for entry in IMAGES:
        assert known.setdefault(entry.sha256, entry).origin == entry.origin


def test_bsd68_and_cbsd68_are_the_same_photographs_of_the_validation_split() -> None:
    gray, colour = set(photographs("bsd68").values()), set(photographs("cbsd68").values())
    assert gray == colour and len(gray) == 68
    assert gray < set(photographs("bsds500_val").values())


def test_the_splits_of_bsds500_are_disjoint() -> None:
    counts = Counter(
        origin
        for split in ("train", "val", "test")
        for origin in photographs(f"bsds500_{split}").values()
    )
    assert len(counts) == 500


def test_two_photographs_of_the_training_split_are_in_small_test_sets() -> None:
    learned = set(photographs("bsds500_train").values())
    found = {
        f"{name}/{image}": origin
        for name in COUNTS
        if not name.startswith("bsds500")
        for image, origin in photographs(name).items()
        if origin in learned
    }
    assert found == {"set5/woman": "bsds500/302003", "set12/04_starfish": "bsds500/12003"}


@pytest.mark.parametrize("name", SOURCES)
def test_every_set_is_registered_and_lists_its_images_without_files(name: str) -> None:
    entry = load_plugins([]).datasets[name]
    parameters = entry.spec.parameters()
    listed = entry.spec.images(parameters)
    assert listed and set(listed.values()) == {None}
    assert entry.spec.origins is not None and entry.spec.origins(parameters).keys() == listed.keys()
    assert entry.load() is load_from_catalogue


def test_parts_are_chosen_by_parameters() -> None:
    assert (
        len(catalogue.images(BSDS500Parameters()))
        == len(catalogue.images(BSDS500Parameters(split="test")))
        == 200
    )
    assert len(catalogue.images(BSDS500Parameters(split="val"))) == 100
    assert len(catalogue.images(DIPParameters())) == 11
    assert "f16" in catalogue.images(DIPParameters(group="color9"))
    with pytest.raises(ValidationError, match="'train', 'val' or 'test'"):
        BSDS500Parameters(split="all")


def test_an_unknown_set_and_an_unknown_image_name_the_nearest() -> None:
    with pytest.raises(ValueError, match="unknown data set 'set11'; did you mean 'set1"):
        entries("set11")
    with pytest.raises(
        ValueError, match="data set color9: unknown image 'babon'; did you mean 'baboon'"
    ):
        load_from_catalogue(DIPParameters(group="color9"), "babon")


@pytest.mark.parametrize(
    "name", ["set5", "set12", "set14", "bsd68", "color9", "gray11", "bsds500_train"]
)
def test_the_images_have_the_size_and_colour_of_the_registry(data: Path, name: str) -> None:
    if not (data / name).is_dir():
        pytest.skip(f"PRIORBENCH_DATA holds no {name}")
    parameters = next(
        parameters
        for source in SOURCES
        for parameters in parts(source)
        if parameters.set_name() == name
    )
    for image, entry in list(entries(name).items())[:20]:
        array = load_from_catalogue(parameters, image)
        assert array.shape == (
            (entry.height, entry.width, 3) if entry.channels == 3 else (entry.height, entry.width)
        )
        assert array.dtype == np.float32


def parts(source: str) -> list[catalogue.StandardParameters]:
    model = load_plugins([]).datasets[source].spec.parameters
    values = {
        "bsds500": ("split", ["train", "val", "test"]),
        "dip": ("group", ["color9", "gray11"]),
    }
    key, choices = values.get(source, ("", [None]))
    return [model(**({key: choice} if choice else {})) for choice in choices]


def test_bsd68_is_the_gray_version_of_what_the_registry_says(data: Path) -> None:
    """The pairs are found again in the pixels, where the folder has the validation split too."""
    if not (data / "bsds500_val").is_dir():
        pytest.skip("PRIORBENCH_DATA holds no bsds500_val")
    colour = {
        f"bsds500/{image}": load_from_catalogue(BSDS500Parameters(split="val"), image)
        for image in entries("bsds500_val")
    }
    (parameters,) = parts("bsd68")
    for image, origin in photographs("bsd68").items():
        gray = load_from_catalogue(parameters, image)
        assert np.abs(gray - transform(colour[origin], gray=True)).max() < 0.02, (image, origin)


def test_the_starfish_is_cut_from_the_training_image(data: Path) -> None:
    star = load_from_catalogue(parts("set12")[0], "04_starfish")
    whole = transform(load_from_catalogue(BSDS500Parameters(), "12003"), gray=True)
    assert np.abs(whole[7 : 7 + 256, 109 : 109 + 256] - star).max() < 0.02


@pytest.mark.skipif(not os.environ.get("PRIORBENCH_DATA"), reason="PRIORBENCH_DATA names no folder")
def test_the_folder_holds_what_the_registry_says(data: Path) -> None:
    for name in COUNTS:
        for entry in download.needed(name) if (data / name).is_dir() else ():
            assert download.fetch(entry) == data / entry.file
