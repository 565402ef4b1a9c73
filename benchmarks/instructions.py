"""An option of benchmarks: the instructions of a processor without AVX-512.

``--without-avx512`` runs the benchmark again in a process whose libraries read variables of the
environment: ``ATEN_CPU_CAPABILITY`` for torch's own loops, which
:func:`priorbench.numerics.precision.multiplies_bfloat16` follows, ``ONEDNN_MAX_CPU_ISA`` for its
convolutions and products in bfloat16, ``MKL_ENABLE_INSTRUCTIONS`` for its products in float32,
``OPENBLAS_CORETYPE`` and ``NPY_DISABLE_CPU_FEATURES`` for NumPy. MKL obeys on processors by Intel
only; on those by AMD it has products of its own, which use AVX2 in both cases.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import torch

from priorbench.numerics.precision import multiplies_bfloat16

AVX512 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR"
WITHOUT_AVX512 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": AVX512,
}


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--without-avx512``."""
    parser.add_argument(
        "--without-avx512",
        action="store_true",
        help="use the instructions of a processor without AVX-512 and bfloat16",
    )


def restrict(arguments: argparse.Namespace) -> None:
    """Run this program again without AVX-512, if that is asked for, and end with its exit code."""
    if arguments.without_avx512 and not WITHOUT_AVX512.items() <= os.environ.items():
        command = [sys.executable, *sys.argv]
        sys.exit(subprocess.run(command, env={**os.environ, **WITHOUT_AVX512}).returncode)


def instructions() -> str:
    """Return which instructions this process uses."""
    bfloat16 = "with" if multiplies_bfloat16(torch.device("cpu")) else "without"
    return f"{torch.backends.cpu.get_cpu_capability()}, {bfloat16} products in bfloat16"
