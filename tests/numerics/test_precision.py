"""Products in bfloat16 are used where torch may use instructions for them."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import torch
from priorbench.numerics.precision import multiplies_bfloat16
print(multiplies_bfloat16(torch.device("cpu")))
"""


def test_torch_kept_from_avx512_multiplies_no_bfloat16():
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": "avx2"}
    command = [sys.executable, "-c", PROGRAM]
    ended = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "False"
