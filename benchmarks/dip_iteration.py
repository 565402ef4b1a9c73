"""Seconds and memory of an iteration of the Deep Image Prior and of the paper's plain loop.

    python benchmarks/dip_iteration.py [--channels 128] [--side 256]

The same architecture on the processor: 5 scales, the given number of channels, skip connections of 4, z of 32
channels, Adam, one image. The peer is the network as the paper's authors build it from torch's own
layers (convolutions with a constant each, padding and normalisation as layers, maps stored channel
by channel), with new noise in each iteration; with ``--compiled`` the same through
``torch.compile`` too. ``mixed`` is ours with ``precision: mixed``. Each measurement is a process of
its own, all in turn; the goal is 0.4 of the peer's seconds and 0.6 of its memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from instructions import add_option, instructions, restrict
from torch import Tensor, nn

from priorbench.numerics.threads import workers
from priorbench.operators import Identity
from priorbench.plugins.manager import load_plugins
from priorbench.problem import Problem

SCALES, SKIP, INPUTS = 5, 4, 32
CLOCK = time.perf_counter
Loop = Callable[[int, int, int], list[float]]
"""From channels, side and rounds to the seconds of each iteration."""


class Beside(nn.Module):
    """Two modules side by side."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> Tensor:
        """Return what both give, one's channels after the other's."""
        return torch.cat([self.first(x), self.second(x)], dim=1)


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride)]


def block(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    tail = [nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)]
    return [*convolution(inputs, outputs, kernel, stride), *tail]


def plain(inputs: int, channels: int, scales: int) -> list[nn.Module]:
    """Return the layers of a scale and of all below it."""
    deep = [*block(inputs, channels, 3, 2), *block(channels, channels, 3)]
    if scales > 1:
        deep += plain(channels, channels, scales - 1)
    deep.append(nn.Upsample(scale_factor=2, mode="bilinear"))
    joined = Beside(nn.Sequential(*block(inputs, SKIP, 1)), nn.Sequential(*deep))
    tail = [*block(channels + SKIP, channels, 3), *block(channels, channels, 1)]
    return [joined, nn.BatchNorm2d(channels + SKIP), *tail]


def peer(channels: int, side: int, rounds: int, compiled: bool = False) -> list[float]:
    """Return the seconds of each iteration of the plain loop."""
    network = nn.Sequential(
        *plain(INPUTS, channels, SCALES), *convolution(channels, 1, 1), nn.Sigmoid()
    )
    forward = torch.compile(network) if compiled else network
    z, y = 0.1 * torch.rand(1, INPUTS, side, side), torch.rand(1, 1, side, side)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    average, seconds = torch.zeros_like(y), []
    for _ in range(rounds):
        began = CLOCK()
        optimiser.zero_grad()
        output = forward(z + torch.randn_like(z) / 30)
        average = 0.99 * average + 0.01 * output.detach()
        loss = nn.functional.mse_loss(output, y)
        torch.autograd.backward(loss)
        optimiser.step()
        seconds.append(CLOCK() - began)
    return seconds


def ours(channels: int, side: int, rounds: int, precision: str = "float32") -> list[float]:
    """Return the seconds of each iteration of the plugin's loop."""
    prior = load_plugins([Path(__file__).parents[1] / "plugins"]).priors["dip"].load()
    parameters = {
        "channels": channels,
        "scales": SCALES,
        "skip": SKIP,
        "input_channels": INPUTS,
        "precision": precision,
    }
    from plugins.dip.run import Run

    problem = Problem(torch.rand(1, 1, side, side), Identity((1, side, side)), 0.1)
    adam = prior(**parameters, optimiser="adam", learning_rate=0.01, stopping="fixed").parameters
    seconds = []
    with workers(torch.get_num_threads()):
        steps = Run(adam, problem, 0, torch.device("cpu")).steps()
        for _ in range(rounds):
            began = CLOCK()
            next(steps)
            seconds.append(CLOCK() - began)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=6, help="iterations of each measurement")
    parser.add_argument("--repeats", type=int, default=2, help="measurements of each")
    parser.add_argument(
        "--compiled", action="store_true", help="torch.compile too, which may compile for minutes"
    )
    parser.add_argument(
        "--only", choices=("peer", "compiled", "ours", "mixed"), help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="seconds of the processor, all threads together, where other programs run beside it",
    )
    add_option(parser)
    arguments = parser.parse_args()
    restrict(arguments)
    if arguments.only:
        global CLOCK
        CLOCK = time.process_time if arguments.processor_time else time.perf_counter
        torch.set_num_threads(arguments.threads)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        loops: dict[str, Loop] = {"peer": peer, "compiled": partial(peer, compiled=True)}
        loops |= {"ours": ours, "mixed": partial(ours, precision="mixed")}
        seconds = loops[arguments.only](arguments.channels, arguments.side, arguments.rounds)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # The first iteration also warms up.
        print(json.dumps([statistics.median(seconds[1:]), peak / 1024, (peak - before) / 1024]))
        return
    names = ("peer", *(["compiled"] if arguments.compiled else []), "ours", "mixed")
    found: dict[str, list[list[float]]] = {name: [] for name in names}
    for _ in range(arguments.repeats):
        for name, results in found.items():
            command = [sys.executable, __file__, "--only", name]
            for option in ("channels", "side", "threads", "rounds"):
                command += [f"--{option}", str(getattr(arguments, option))]
            if arguments.processor_time:
                command.append("--processor-time")
            results.append(
                json.loads(
                    subprocess.run(command, check=True, capture_output=True, text=True).stdout
                )
            )
    best = {
        name: [min(column) for column in zip(*results, strict=True)]
        for name, results in found.items()
    }
    print(f"instructions: {instructions()}; {arguments.threads} threads")
    for name, (seconds_each, peak, growth) in best.items():
        print(
            f"{name}: {seconds_each:.3f} s an iteration, peak {peak:.0f} MiB, "
            f"{growth:.0f} MiB of it by the run"
        )
    for name in ("ours", "mixed"):
        ratios = [one / other for one, other in zip(best[name], best["peer"], strict=True)]
        print(
            f"{name}: {ratios[0]:.2f} in seconds, {ratios[1]:.2f} in peak memory, "
            f"{ratios[2]:.2f} in the run's own"
        )


if __name__ == "__main__":
    main()
