import subprocess
import sys

import pytest
import torch

from priorbench.jobs.device import available_device

pytestmark = pytest.mark.slow

TAKE = """
import sys
from pathlib import Path

from priorbench.jobs.device import free_slot

print(*(free_slot(["0", "MIG-GPU-a/1/0", "../2"], Path(sys.argv[1])) for _ in range(2)), flush=True)
input()
"""


def test_each_process_has_a_gpu_of_its_own_until_it_ends(tmp_path):
    def start():
        command = [sys.executable, "-c", TAKE, tmp_path]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    processes = [start() for _ in range(3)]
    # Asked again a process has the same one.
    assert sorted(process.stdout.readline() for process in processes) == ["0 0\n", "1 1\n", "2 2\n"]
    for process in processes:
        process.communicate("\n")
    late = start()
    assert late.communicate("\n")[0] == "0 0\n"


def test_a_job_that_asks_for_none_computes_on_the_processor():
    assert available_device(0) == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_job_that_asks_for_one_gets_it():
    assert available_device(1).type == "cuda"
