"""Thumbnails, columns and files, each alone."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from priorbench.site.columns import read_columns
from priorbench.site.files import remove_others
from priorbench.site.thumbnails import SIDE, thumbnail
from priorbench.store.files import link


def decoded(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)), dtype=float)


@given(st.integers(1, 700), st.integers(1, 700), st.booleans())
def test_a_thumbnail_has_about_the_wanted_size_and_the_shape_of_the_image(height, width, colour):
    image = np.full((height, width, 3) if colour else (height, width), 0.5, np.float32)
    small = decoded(thumbnail(image))
    assert np.abs(small - 127.5).max() <= 3
    longer = max(height, width)
    assert small.shape[2] == 3
    assert max(small.shape[:2]) == longer if longer < 1.5 * SIDE else max(small.shape) <= 1.5 * SIDE
    factor = longer / max(small.shape[:2])
    assert min(small.shape[:2]) == pytest.approx(min(height, width) / factor, abs=1)


def test_a_thumbnail_is_the_mean_over_squares():
    rows, columns = np.mgrid[0:320, 0:480] / 480
    image = (0.2 + 0.5 * rows + 0.3 * columns).astype(np.float32)
    expected = 255 * image[:318, :480].reshape(106, 3, 160, 3).mean(axis=(1, 3))
    small = decoded(thumbnail(image))[:106, :, 0]
    assert np.abs(small - expected).max() < 4


def test_numbers_of_a_table_are_read_exactly_and_names_stay_text(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("prior,n,value\nNA,8,20.477649997110454\n12,,\nnan,3,1e-300\n")
    found = read_columns(path)
    assert found.rows == [["NA", 8, 20.477649997110454], ["12", None, None], ["nan", 3, 1e-300]]
    assert read_columns(path, ("n",)).rows == [[8], [None], [3]]


def test_a_table_of_another_version_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("prior,n\ntv,8\n")
    with pytest.raises(ValueError, match=r"table\.csv lacks the columns value"):
        read_columns(path, ("prior", "value"))
    path.write_text("prior,n\ntv,eight\n")
    with pytest.raises(ValueError, match=r"table\.csv, line 2: .*eight"):
        read_columns(path)


def test_a_link_replaces_what_was_there_and_leaves_nothing_else(tmp_path):
    source, target = tmp_path / "source", tmp_path / "site" / "target"
    source.write_text("new")
    target.parent.mkdir()
    target.write_text("old")
    for _ in range(2):
        link(source, target)
        assert target.read_text() == "new" and target.samefile(source)
        assert list(target.parent.iterdir()) == [target]


def test_only_what_is_kept_stays(tmp_path):
    kept, other, deep = tmp_path / "a/kept", tmp_path / "a/other", tmp_path / "b/c/d"
    for path in (kept, other, deep):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    remove_others(tmp_path, [kept])
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", kept]
