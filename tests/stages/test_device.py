import multiprocessing

import pytest
import torch

from priorbench.stages.device import available_device, free_slot

CONTEXT = multiprocessing.get_context("spawn")


def take(folder, names, places, done):
    places.put((free_slot(names, folder), free_slot(names, folder)))
    done.wait()


def test_each_process_has_a_gpu_of_its_own_until_it_ends(tmp_path):
    places, done = CONTEXT.Queue(), CONTEXT.Event()
    processes = [CONTEXT.Process(target=take, args=(tmp_path, ["0", "1", "2"], places, done)) for _ in range(3)]
    for process in processes:
        process.start()
    taken = [places.get(timeout=120) for _ in processes]
    # Asked again a process has the same one.
    assert sorted(taken) == [(0, 0), (1, 1), (2, 2)]
    done.set()
    for process in processes:
        process.join()
    late = CONTEXT.Process(target=take, args=(tmp_path, ["0", "1", "2"], places, done))
    late.start()
    assert places.get(timeout=120) == (0, 0)
    late.join()


def test_a_job_that_asks_for_none_computes_on_the_processor():
    assert available_device(0) == torch.device("cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_job_that_asks_for_one_gets_it():
    assert available_device(1).type == "cuda"
