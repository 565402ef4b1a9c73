"""deepinv's networks with the weights of a file."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from priorbench import NotApplicable
from priorbench.priors import Denoiser
from priorbench.types import Image

from .library import models
from .parameters import NetworkParameters


@dataclass(frozen=True)
class Kind:
    """What this package knows of a network.

    Args:
        channels: arguments of the class that take the number of channels.
        blind: whether the network is not told σ.
        divisor: what the sides of an image must be multiples of.
    """

    channels: tuple[str, ...]
    blind: bool = False
    divisor: int = 1


KINDS = {
    "DnCNN": Kind(("in_channels", "out_channels"), blind=True),
    "DRUNet": Kind(("in_channels", "out_channels"), divisor=8),
    "FFDNet": Kind(("img_channels",), divisor=2),
    "GSDRUNet": Kind(("in_channels", "out_channels"), divisor=8),
    "Restormer": Kind(("in_channels", "out_channels"), blind=True, divisor=8),
    "SCUNet": Kind(("in_nc",), blind=True, divisor=64),
    "SwinIR": Kind(("in_chans",), blind=True, divisor=8),
}


class Network(Denoiser):
    """A network of deepinv as a denoiser.

    Args:
        **parameters: fields of :class:`NetworkParameters`.

    Raises:
        ValueError: a parameter is wrong, or the weights are those of another network.
    """

    def __init__(self, **parameters: Any) -> None:
        options = NetworkParameters(**parameters)
        kind = KINDS[options.model]
        self.sigma_range = (0.0, options.sigma_max / 255)
        self.blind = kind.blind
        self._channels, self._divisor = options.channels, kind.divisor
        self._network = untrained(options.model, options.channels, options.options)
        file = Path(options.weights).expanduser()
        try:
            self._network.load_state_dict(read_weights(file))
        except RuntimeError as error:
            raise ValueError(
                f"{file} does not hold the weights of {options.model} with {options.channels} "
                f"channel(s) and the options {options.options}: {error}"
            ) from error

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the network's estimate.

        Args:
            image: B × C × H × W, with as many channels as the network, or any number for one of a
                single channel.
            sigma: σ on the scale of [0, 1].

        Raises:
            NotApplicable: a network of three channels gets another number.
        """
        batch, channels, height, width = image.shape
        if self._channels == 3 and channels != 3:
            raise NotApplicable(f"needs colour images, and this one has {channels} channel(s)")
        x = image.reshape(-1, self._channels, height, width)
        below, beside = -height % self._divisor, -width % self._divisor
        padded = F.pad(x, (0, beside, 0, below), mode="replicate")
        network = self._network.to(image.device)
        estimate: Tensor = network(padded, sigma)
        return estimate[..., :height, :width].reshape(batch, channels, height, width)


def untrained(model: str, channels: int, options: Mapping[str, Any]) -> torch.nn.Module:
    """Return a network with random weights; nothing is downloaded.

    Args:
        model: name of the class.
        channels: 1 or 3.
        options: further arguments of the class.

    Raises:
        ValueError: the class has no such argument.
    """
    build = getattr(models, model)
    known = inspect.signature(build).parameters
    for name in options:
        if name not in known:
            raise ValueError(f"deepinv's {model} has no option {name!r}; it has {', '.join(known)}")
    counted = dict.fromkeys(KINDS[model].channels, channels)
    network: torch.nn.Module = build(**{"pretrained": None, **counted, **options})
    return network.eval().requires_grad_(False)


def read_weights(file: Path) -> Mapping[str, Tensor]:
    """Return the tensors in a file of safetensors, or in one that torch wrote.

    Neither way runs code that the file might hold.

    Raises:
        ValueError: the file holds no weights.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, weights_only=True, map_location="cpu")
    except (SafetensorError, pickle.UnpicklingError, EOFError, RuntimeError) as error:
        raise ValueError(f"{file} holds no weights that can be read safely: {error}") from error
    # Files of a training hold the weights beside the optimiser's state.
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(each, Tensor) for each in state.values()):
        raise ValueError(f"{file} holds no weights: it should be a mapping of names to tensors")
    return state
