"""Networks restore with the weights of a file, and nothing is downloaded."""

import hashlib
import urllib.request

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file

from priorbench import NotApplicable
from priorbench_deepinv.network import KINDS, Network, untrained
from priorbench_deepinv.parameters import NetworkParameters

SMALL = {
    "DnCNN": {"depth": 3, "nf": 8},
    "DRUNet": {"nb": 1},
    "FFDNet": {"n_conv_layers": 3, "nf": 8},
    "GSDRUNet": {"nb": 1},
    "Restormer": {"dim": 8},
    "SCUNet": {"dim": 64},
}
"""Every network that needs nothing beside deepinv, as small as its options allow."""


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    def refuse(*arguments, **keywords):
        raise AssertionError("something was downloaded")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)


@pytest.fixture(scope="module", params=SMALL)
def saved(request, tmp_path_factory):
    """Parameters of a network with random weights in a file, and the network."""
    torch.manual_seed(0)
    network = untrained(request.param, 1, SMALL[request.param])
    file = tmp_path_factory.mktemp("weights") / "weights.pth"
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, file)
    given = {
        "model": request.param,
        "weights": str(file),
        "channels": 1,
        "options": SMALL[request.param],
    }
    return given, network


def test_every_network_is_tried_or_needs_another_package():
    assert KINDS.keys() - SMALL.keys() == {"SwinIR"}


def test_a_network_gives_what_deepinv_gives(saved):
    given, network = saved
    x = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = network(x, 0.1)
    torch.testing.assert_close(Network(**given).denoise(x, 0.1), expected)


def test_sides_may_be_odd_and_channels_are_restored_one_by_one(saved):
    given, _ = saved
    x = torch.rand(1, 3, 65, 71, generator=torch.Generator().manual_seed(1))
    prior = Network(**given)
    estimate = prior.denoise(x, 0.1)
    assert estimate.shape == x.shape
    torch.testing.assert_close(estimate[:, [1]], prior.denoise(x[:, [1]], 0.1), rtol=0, atol=1e-4)


def test_blind_networks_say_so(saved):
    given, _ = saved
    prior = Network(**given)
    x = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    same = torch.equal(prior.denoise(x, 0.02), prior.denoise(x, 0.2))
    assert same == prior.blind


@pytest.fixture
def weights(tmp_path):
    """A file with the weights of a small DnCNN, and the parameters that read it."""
    file = tmp_path / "dncnn.safetensors"
    save_file(untrained("DnCNN", 3, SMALL["DnCNN"]).state_dict(), file)
    return {"model": "DnCNN", "weights": str(file), "options": SMALL["DnCNN"]}


def test_safetensors_are_read(weights):
    assert Network(**weights).denoise(torch.zeros(1, 3, 8, 8), 0.1).shape == (1, 3, 8, 8)


def test_a_network_for_colour_refuses_gray_images(weights):
    with pytest.raises(NotApplicable, match="needs colour images"):
        Network(**weights).denoise(torch.zeros(1, 1, 8, 8), 0.1)


def test_the_checksum_of_the_file_is_a_parameter(weights, tmp_path):
    before = NetworkParameters(**weights).sha256
    file = tmp_path / "dncnn.safetensors"
    assert before == hashlib.sha256(file.read_bytes()).hexdigest()
    save_file(untrained("DnCNN", 3, SMALL["DnCNN"]).state_dict(), file)
    assert NetworkParameters(**weights).sha256 != before
    with pytest.raises(ValidationError, match=f"not {before}"):
        NetworkParameters(**weights, sha256=before)


def test_missing_weights_are_an_error_of_the_configuration(tmp_path):
    with pytest.raises(ValidationError, match="do not exist"):
        NetworkParameters(model="DRUNet", weights=str(tmp_path / "none.pth"))


def test_weights_of_another_network_are_refused(weights):
    with pytest.raises(ValueError, match="does not hold the weights of FFDNet"):
        Network(**{**weights, "model": "FFDNet", "options": {}})


def test_a_file_that_holds_no_weights_is_refused(weights, tmp_path):
    for name in ("text.pth", "text.safetensors"):
        (tmp_path / name).write_text("not weights")
        with pytest.raises(ValueError, match=f"{name} holds no weights"):
            Network(**{**weights, "weights": str(tmp_path / name)})


def test_code_in_a_file_does_not_run(weights, tmp_path):
    class Code:
        def __reduce__(self):
            return (print, ("this must not run",))

    file = tmp_path / "code.pth"
    torch.save({"weight": Code()}, file)
    with pytest.raises(ValueError, match="read safely"):
        Network(**{**weights, "weights": str(file)})


def test_an_unknown_option_and_a_download_are_refused(weights):
    with pytest.raises(ValueError, match="no option 'widht'; it has in_channels"):
        Network(**{**weights, "options": {"widht": 3}})
    with pytest.raises(ValidationError, match="would download"):
        NetworkParameters(**{**weights, "options": {"pretrained": "download"}})
