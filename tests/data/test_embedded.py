from __future__ import annotations

from dataclasses import replace

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
    assert {"china", "flower", "aero", "ascent"} <= set(listed)


def test_no_two_packages_have_an_image_of_the_same_name():
    assert len(embedded.PACKAGE_OF) == sum(len(package.files) for package in embedded.PACKAGES)


def test_the_source_scikit_image_lists_its_images_as_the_same_photographs():
    listed = embedded.scikit_image(Parameters())
    assert "camera" in listed
    assert not {"china", "ascent"} & set(listed)
    photographs = embedded.origins(Parameters())
    assert photographs.keys() == embedded.images(Parameters()).keys()
    assert len(set(photographs.values())) == len(photographs)


@pytest.mark.parametrize("name", embedded.PACKAGE_OF)
def test_every_listed_image_is_in_the_wheel_and_is_an_image(name):
    image = load_embedded(Parameters(), name)
    assert image.dtype == np.float32
    assert image.shape[2:] in ((), (3,))
    assert 0 <= image.min() < image.max() <= 1


def test_no_two_images_are_the_same():
    images = [load_embedded(Parameters(), name).tobytes() for name in embedded.PACKAGE_OF]
    assert len(set(images)) == len(images)


def test_the_images_are_those_of_the_packages():
    import pywt.data
    from skimage import data
    from sklearn.datasets import load_sample_image

    expected = {
        "astronaut": data.astronaut(),
        "camera": data.camera(),
        "aero": pywt.data.aero(),
        "ascent": pywt.data.ascent(),
    }
    for name, levels in expected.items():
        assert np.array_equal(np.rint(load_embedded(Parameters(), name) * 255), levels)
    # JPEG: two decoders may round otherwise.
    for name in ("china", "flower"):
        ours = load_embedded(Parameters(), name) * 255
        assert np.abs(ours - load_sample_image(f"{name}.jpg")).max() <= 3


def test_the_camera_of_pywavelets_is_left_out_as_it_is_that_of_scikit_image():
    import pywt.data

    camera = load_embedded(Parameters(), "camera")
    assert np.array_equal(np.rint(camera * 255), pywt.data.camera())
    assert embedded.PACKAGE_OF["camera"] is embedded.SCIKIT_IMAGE


@pytest.mark.parametrize("image", ["camera", "china", "ascent"])
def test_a_wheel_without_an_image_is_answered_with_the_file(monkeypatch, image):
    package = replace(embedded.PACKAGE_OF[image], files={image: "vanished.png"})
    monkeypatch.setitem(embedded.PACKAGE_OF, image, package)
    with pytest.raises(ValueError, match=rf"{package.name} ships no vanished\.png"):
        load_embedded(Parameters(), image)


@pytest.mark.parametrize("image", ["camera", "china", "ascent"])
def test_without_a_package_it_is_named(monkeypatch, image):
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=f"needs the package {embedded.PACKAGE_OF[image].name}"):
        embedded.file_of(image)


@pytest.mark.parametrize(
    "arrays", [{"other": np.zeros((4, 4), np.uint8)}, {"data": np.zeros((4, 4))}]
)
def test_an_archive_without_gray_levels_is_refused(monkeypatch, tmp_path, arrays):
    path = tmp_path / "ascent.npz"
    np.savez(path, **arrays)
    monkeypatch.setattr(embedded, "file_of", lambda image: path)
    with pytest.raises(ValueError, match="holds no array 'data' of 8-bit gray levels"):
        load_embedded(Parameters(), "ascent")
