"""The data step of a circular blur, 1024 × 1024, against the Fourier transforms that it needs: two
there, one back.

python benchmarks/data_step.py --threads 1
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from priorbench.operators import Blur

SIDE = 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    kernel = torch.rand(19, 19)
    operator = Blur(kernel / kernel.sum(), (1, SIDE, SIDE))
    y, v = torch.rand(2, 1, 1, SIDE, SIDE)
    spectrum = torch.fft.rfft2(y)

    def step() -> None:
        operator.data_step(y, v, fidelity=1e4, penalty=1e2)

    def transforms() -> None:
        torch.fft.rfft2(y)
        torch.fft.rfft2(v)
        torch.fft.irfft2(spectrum, s=(SIDE, SIDE))

    ours, bare = [], []
    for _ in range(arguments.rounds):
        ours.append(seconds(step))
        bare.append(seconds(transforms))
    # The least of many alternating rounds: what disturbs a measurement only makes it longer.
    step_ms, bare_ms = 1e3 * min(ours), 1e3 * min(bare)
    print(
        f"data step {step_ms:.1f} ms, its transforms {bare_ms:.1f} ms: {step_ms / bare_ms:.2f} times"
    )


def seconds(work: Callable[[], None]) -> float:
    """Return how long the work took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
