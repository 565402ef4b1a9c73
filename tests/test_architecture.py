"""docs/explanation/architecture.md shows the code as it is."""

import re

import pytest

from docs import make_architecture as architecture


def test_table_and_picture_are_those_of_the_code() -> None:
    text = architecture.PAGE.read_text()
    again = "is stale; run `python docs/make_architecture.py`"
    assert architecture.page(text) == text, f"docs/explanation/architecture.md {again}"
    assert architecture.picture() == architecture.PICTURE.read_text(), f"layers.svg {again}"


def test_every_room_is_in_one_layer_of_the_contract() -> None:
    named = [room for layer in architecture.layers() for room in layer]
    assert sorted(named) == sorted(architecture.rooms())
    assert architecture.contract()["exhaustive"]


def test_every_import_goes_down() -> None:
    """The picture would leave out the others."""
    level = {room: n for n, layer in enumerate(architecture.layers()) for room in layer}
    up = {
        (room, other)
        for room, file in architecture.modules()
        for other in architecture.rooms_imported(file)
        if other != room and level[other] <= level[room]
    }
    assert not up


def test_every_room_says_what_it_holds() -> None:
    silent = [name for name, file in architecture.rooms().items() if not architecture.summary(file)]
    assert not silent


@pytest.mark.parametrize("name", re.findall(r"`(\w+(?:/\w+)*\.py)`", architecture.PAGE.read_text()))
def test_a_file_that_the_page_names_is_there(name: str) -> None:
    assert (architecture.PACKAGE / name).is_file() or (architecture.ROOT / name).is_file()
