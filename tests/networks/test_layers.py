from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F
from torch.nn.functional import interpolate

from plugins.dip.network import Hourglass
from plugins.studies.dip_dynamics.architectures import DeepDecoder, Dense, Residual, UNet
from priorbench.networks import layers
from priorbench.networks.fused import bands as sizes
from priorbench.networks.fused import convolution, fuse, joining, modules, normalisation, upsampling
from priorbench.numerics.threads import workers


@pytest.fixture(params=["one band", "many bands"])
def bands(request, monkeypatch):
    """Bands of a few rows, as large maps have, or one for the whole map."""
    if request.param == "many bands":
        monkeypatch.setattr(sizes, "BAND", 60)


def random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64, requires_grad=True)


def as_image(pixels):
    return pixels.permute(2, 0, 1)[None]


def as_pixels(image):
    return image[0].permute(1, 2, 0)


def assert_same(ours, plain, inputs):
    """Assert that two results and their gradients are the same."""
    inputs = [tensor for tensor in inputs if tensor is not None]
    direction = torch.linspace(-1, 1, plain.numel(), dtype=torch.float64).view_as(plain)
    torch.testing.assert_close(ours, plain)
    for one, other in zip(
        torch.autograd.grad((ours * direction).sum(), inputs),
        torch.autograd.grad((plain * direction).sum(), inputs),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


NETWORKS = {
    "hourglass": lambda style: Hourglass(4, 2, [6, 8, 5], [2, 3, 0], style),
    "unet": lambda style: UNet(4, 2, [6, 8, 5], style),
    "residual": lambda style: Residual(4, 2, 6, 2, style),
    "dense": lambda style: Dense(4, 2, (32, 48), 6, 2, style),
    "deep decoder": lambda style: DeepDecoder(4, 2, 6, 2, style),
}


@pytest.mark.usefixtures("bands")
class TestFusedLayersAreTorchs:
    @pytest.mark.parametrize("normalised", [True, False])
    @pytest.mark.parametrize("biased", [True, False])
    @pytest.mark.parametrize(
        ("height", "width", "kernel", "stride"),
        [
            (8, 6, 3, 1),
            (8, 6, 3, 2),
            (9, 7, 1, 1),
            (16, 12, 5, 2),
            (20, 12, 5, 1),
            (2, 2, 3, 1),
            (2, 2, 3, 2),
        ],
    )
    def test_convolution(self, height, width, kernel, stride, biased, normalised):
        u, weight = random(height, width, 3), random(kernel**2, 3, 4, seed=1)
        gamma, beta = (random(3, seed=2), random(3, seed=3)) if normalised else (None, None)
        bias = random(4, seed=4) if biased else None
        x = as_image(u)
        if normalised:
            x = F.leaky_relu(F.batch_norm(x, None, None, gamma, beta, training=True), 0.2)
        if kernel > 1:
            x = F.pad(x, (kernel // 2,) * 4, mode="reflect")
        kernels = weight.view(kernel, kernel, 3, 4).permute(3, 2, 0, 1)
        geometry = convolution.Geometry(height, width, kernel, stride)
        ours = convolution.Convolution.apply(u, gamma, beta, weight, bias, 0.2, geometry, u.dtype)
        assert_same(
            ours, as_pixels(F.conv2d(x, kernels, bias, stride)), [u, gamma, beta, weight, bias]
        )

    @pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (7, 5), (12, 9)])
    @pytest.mark.parametrize("beside", [0, 2])
    def test_a_doubled_map_beside_another_convolved(self, size, beside):
        height, width = size
        a, weight, bias = random(height, width, 3), random(9, 3, 4, seed=1), random(4, seed=2)
        s = random(2 * height, 2 * width, beside, seed=3) if beside else None
        v = random(9, beside, 4, seed=4) if beside else None
        x = interpolate(as_image(a), scale_factor=2, mode="bilinear")
        kernels = weight
        if s is not None:
            x, kernels = torch.cat([x, as_image(s)], dim=1), torch.cat([weight, v], dim=1)
        kernels = kernels.view(3, 3, 3 + beside, 4).permute(3, 2, 0, 1)
        plain = as_pixels(F.conv2d(F.pad(x, (1,) * 4, mode="reflect"), kernels, bias))
        assert_same(
            joining.JoinedConvolution.apply(a, s, weight, v, bias, a.dtype),
            plain,
            [a, s, weight, v, bias],
        )

    @pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5)])
    def test_moments_of_a_doubled_map(self, size):
        a = random(*size, 3)
        doubled = interpolate(as_image(a), scale_factor=2, mode="bilinear")
        plain = torch.stack([doubled.mean((0, 2, 3)), doubled.square().mean((0, 2, 3))])
        assert_same(torch.stack(joining.DoubledMoments.apply(a)), plain, [a])

    @pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5)])
    def test_doubling(self, size):
        a = random(*size, 3)
        assert_same(
            upsampling.DoubleBilinear.apply(a),
            as_pixels(interpolate(as_image(a), scale_factor=2, mode="bilinear")),
            [a],
        )

    @pytest.mark.parametrize("slope", [0.2, 1.0])
    def test_normalisation_and_activation(self, slope):
        u, gamma, beta = random(9, 7, 3), random(3, seed=1), random(3, seed=2)
        plain = F.leaky_relu(
            F.batch_norm(as_image(u), None, None, gamma, beta, training=True), slope
        )
        assert_same(
            normalisation.NormActivate.apply(u, gamma, beta, slope),
            as_pixels(plain),
            [u, gamma, beta],
        )

    @pytest.mark.parametrize(
        "style",
        [
            layers.Style(),
            layers.Style(5, "relu", "reflect", "average", "bilinear"),
            layers.Style(3, "elu", "reflect", "max", "nearest"),
            layers.Style(3, "swish", "zeros", "stride", "bilinear"),
            layers.Style(3, "leaky-relu", "replicate", "stride", "nearest"),
        ],
    )
    @pytest.mark.parametrize("name", NETWORKS)
    def test_a_whole_network(self, name, style):
        torch.manual_seed(0)
        network = NETWORKS[name](style).double()
        fast = fuse(deepcopy(network))
        size = network.input_size(32, 48)
        z = torch.rand(1, 4, *size, generator=torch.Generator().manual_seed(0)).double()
        weights = dict(network.named_parameters())
        image = network(z)
        assert image.shape == (1, 2, 32, 48)
        assert_same(torch.func.functional_call(fast, weights, z), image, list(weights.values()))

    def test_fusing_replaces_every_layer_and_keeps_the_parameters(self):
        network = Hourglass(4, 2, [6, 8], [2, 0])
        plain = set(modules.FAST)
        assert plain == {type(module) for module in network.modules()} & plain
        fast = fuse(deepcopy(network))
        assert not plain & {type(module) for module in fast.modules()}
        for (name, own), (other, value) in zip(
            fast.named_parameters(), network.named_parameters(), strict=True
        ):
            assert name == other
            assert torch.equal(own, value)

    def test_a_batch_takes_the_plain_layers(self):
        network = Hourglass(4, 2, [6, 8], [2, 0])
        z = torch.rand(2, 4, 16, 24, generator=torch.Generator().manual_seed(0))
        assert torch.equal(fuse(deepcopy(network))(z), network(z))


class TestLayers:
    def test_threads_change_nothing(self, monkeypatch):
        monkeypatch.setattr(sizes, "BAND", 5000)
        network = fuse(Hourglass(4, 1, [8, 8], [4, 4]))
        z = torch.rand(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))
        results = []
        for threads in (1, 2, 3):
            with workers(threads):
                image = network(z)
                results.append(
                    [image, *torch.autograd.grad(image.square().sum(), list(network.parameters()))]
                )
        for one, two, three in zip(*results, strict=True):
            assert torch.equal(one, two)
            assert torch.equal(one, three)

    @pytest.mark.parametrize("fused", [True, False])
    def test_products_in_bfloat16_round_and_nothing_else(self, fused):
        z = torch.rand(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))
        results = []
        for products in (None, torch.bfloat16):
            torch.manual_seed(0)
            network = Hourglass(4, 1, [8, 8], [4, 4], layers.Style(products=products))
            image = (fuse(network) if fused else network)(z)
            gradients = torch.autograd.grad(image.square().sum(), list(network.parameters()))
            results.append((image, torch.cat([gradient.flatten() for gradient in gradients])))
        for (exact, rounded), most in zip(zip(*results, strict=True), (0.01, 0.1), strict=True):
            assert rounded.dtype == torch.float32
            assert 0 < (rounded - exact).norm() < most * exact.norm()

    @pytest.mark.parametrize("activation", ["leaky-relu", "relu", "elu", "swish"])
    @pytest.mark.parametrize("padding", ["reflect", "replicate", "zeros"])
    @pytest.mark.parametrize("down", ["stride", "average", "max"])
    @pytest.mark.parametrize("up", ["bilinear", "nearest"])
    def test_every_style_makes_an_image(self, activation, padding, down, up):
        style = layers.Style(3, activation, padding, down, up)
        network = Hourglass(3, 1, [5, 5], [2, 2], style)
        image = network(torch.rand(1, 3, 16, 24))
        assert image.shape == (1, 1, 16, 24)
        assert 0 < image.min() < image.max() < 1

    def test_normalisation_is_of_each_image_of_a_batch(self):
        norm = layers.Norm(3)
        u = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(norm(u), torch.cat([norm(u[:1]), norm(u[1:])]))
