from __future__ import annotations

import json
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priorbench.store import files

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


def test_missing_folders_are_made_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a" / "b" / "text.txt"
    files.write_atomically(path, "σ = 25")
    assert path.read_text(encoding="utf-8") == "σ = 25"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, step):
    path = tmp_path / "file.bin"
    files.write_atomically(path, b"old")

    def fail(*args, **options):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    files.write_atomically(path, b"old")

    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(path, b"new")
    assert [(file, file.read_bytes()) for file in tmp_path.iterdir()] == [(path, b"old")]


def test_a_file_open_for_reading_keeps_its_old_content(tmp_path):
    path = tmp_path / "file.bin"
    files.write_atomically(path, b"old")
    with path.open("rb") as reader:
        files.write_atomically(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_permissions_follow_the_umask_as_for_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        files.write_atomically(tmp_path / "atomic", b"")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    atomic, plain = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("atomic", "plain"))
    assert atomic == plain


@pytest.mark.slow
@given(
    value=json_values,
    rows=st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=3),
)
def test_json_and_rows_come_back_as_they_were(tmp_path_factory, value, rows):
    folder = tmp_path_factory.mktemp("json")
    files.write_json(folder / "value.json", value)
    files.write_rows(folder / "rows.jsonl", rows)
    assert files.read_json(folder / "value.json") == value
    assert files.read_rows(folder / "rows.jsonl") == rows


@pytest.mark.parametrize(
    "text", ["a\u2028b", "a\x85b", "a\nb\r", "name \udcff of undecodable bytes"]
)
def test_text_that_looks_like_the_end_of_a_line_or_is_no_unicode_survives(tmp_path, text):
    path = tmp_path / "rows.jsonl"
    files.write_rows(path, [{"reason": text}, {}])
    assert files.read_rows(path) == [{"reason": text}, {}]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused_and_the_old_file_stays(tmp_path, number):
    path = tmp_path / "value.json"
    files.write_json(path, 1)
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(path, {"score": number})
    with pytest.raises(ValueError, match="JSON"):
        files.write_rows(path, [{"score": number}])
    assert json.loads(path.read_text()) == 1


@pytest.mark.parametrize("read", [files.read_json, files.read_rows])
@pytest.mark.parametrize("content", [b'{"a": 1', b"\xff\xfe", b"no json"])
def test_a_file_that_is_no_json_is_named(tmp_path, read, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content if read is files.read_json else files.sealed(content))
    with pytest.raises(ValueError, match=r"broken\.json is not valid JSON"):
        read(path)


def test_the_hash_is_that_of_the_content(tmp_path):
    (tmp_path / "one").write_bytes(b"abc")
    (tmp_path / "two").write_bytes(b"abd")
    # The test vector of FIPS 180-2.
    assert (
        files.file_sha256(tmp_path / "one")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert files.file_sha256(tmp_path / "one") != files.file_sha256(tmp_path / "two")


@given(
    rows=st.lists(st.dictionaries(st.text(max_size=3), json_values, max_size=2), max_size=3),
    data=st.data(),
)
def test_rows_that_were_cut_off_or_changed_are_refused(tmp_path_factory, rows, data):
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    files.write_rows(path, rows)
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    for damaged in (content[:place], bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"rows\.jsonl is cut off or damaged.*verify --repair"):
            files.read_rows(path)
