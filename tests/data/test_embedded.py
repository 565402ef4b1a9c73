from __future__ import annotations

import numpy as np
import pytest

from priorbench.data import embedded
from priorbench.data.loaders import load_embedded
from priorbench.specs import NAME, Parameters


def test_the_names_are_safe_and_no_file_is_watched():
    listed = embedded.images(Parameters())
    assert all(NAME.fullmatch(name) for name in listed)
    assert set(listed.values()) == {None}
    assert {"camera", "astronaut", "coffee", "chelsea", "rocket", "brick", "motorcycle"} <= set(
        listed
    )


@pytest.mark.parametrize("name", embedded.FILES)
def test_every_listed_image_is_in_the_wheel_and_is_an_image(name):
    image = load_embedded(Parameters(), name)
    assert image.dtype == np.float32
    assert image.shape[2:] in ((), (3,))
    assert 0 <= image.min() < image.max() <= 1


def test_the_images_are_those_of_scikit_image():
    from skimage import data

    assert np.array_equal(np.rint(load_embedded(Parameters(), "astronaut") * 255), data.astronaut())
    assert np.array_equal(np.rint(load_embedded(Parameters(), "camera") * 255), data.camera())


def test_a_wheel_without_an_image_is_answered_with_the_file(monkeypatch):
    monkeypatch.setitem(embedded.FILES, "camera", "vanished.png")
    with pytest.raises(ValueError, match=r"ships no vanished\.png"):
        load_embedded(Parameters(), "camera")


def test_without_scikit_image_the_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="needs the package scikit-image"):
        embedded.file_of("camera")
