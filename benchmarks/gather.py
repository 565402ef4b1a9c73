"""Seconds and peak memory to gather 10⁶ rows of scores; they must come together in less than 10 s.

    OMP_NUM_THREADS=1 python benchmarks/gather.py

20 priors, 500 chunks each, 100 rows a chunk, written as the stage ``score`` writes them. The peer
is pandas on the same files: ``read_json`` for each, ``concat``, ``to_parquet``;
it checks nothing. Each runs in a process of its own, so that peak memory is its own. Linux only.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from priorbench.results.gather import gathered, read_table, write_table
from priorbench.results.schema import SCORES
from priorbench.store.files import write_rows

METRICS = ("psnr", "ssim", "ms-ssim", "psnr-y", "rmse")
TASKS = ("denoise-25", "deblur-levin1", "inpaint-50", "sr-2", "cs-25")
LIMIT_SECONDS = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--priors", type=int, default=20)
    parser.add_argument("--chunks", type=int, default=500, help="files of each prior")
    parser.add_argument("--rows", type=int, default=100, help="rows of each file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write_chunks(Path(folder), arguments.priors, arguments.chunks, arguments.rows)
        size = sum(file.stat().st_size for file in files) / 2**20
        rows = arguments.priors * arguments.chunks * arguments.rows
        print(f"{rows} rows, {size:.0f} MiB in {len(files)} files")
        ours = measured("priorbench", gather, files, Path(folder))
        theirs = measured("pandas", gather_with_pandas, files, Path(folder))
        compare(Path(folder))
    print(f"{ours / theirs:.3f} of pandas' time; limit {LIMIT_SECONDS:g} s")
    if ours > LIMIT_SECONDS:
        raise SystemExit("over the limit")


def write_chunks(folder: Path, priors: int, chunks: int, rows: int) -> list[Path]:
    """Write the files of all priors; every twentieth restoration has failed."""
    generator = np.random.default_rng(0)
    files: list[Path] = []
    for prior in range(priors):
        for chunk in range(chunks):
            task, first = TASKS[chunk % len(TASKS)], (chunk // len(TASKS)) * rows
            failed, values = generator.random(rows) < 0.05, generator.normal(28, 3, rows)
            content = [
                {
                    "experiment": "benchmark",
                    "dataset": "bsds500_test",
                    "image": f"image-{(first + row) // len(METRICS):05d}",
                    "task": task,
                    "prior": f"gmm-K{prior}",
                    "source": "measured",
                    "metric": METRICS[row % len(METRICS)],
                    "value": None if failed[row] else float(values[row]),
                    "status": "failed" if failed[row] else "ok",
                    "reason": "RuntimeError: the covariance is singular" if failed[row] else "",
                    "fingerprint": "0123456789abcdef" * 2,
                    "note": "",
                }
                for row in range(rows)
            ]
            files.append(folder / str(prior) / f"{chunk}.jsonl")
            write_rows(files[-1], content)
    return files


def gather(files: Sequence[Path], folder: Path) -> None:
    """Gather as the stage does."""
    write_table(gathered(files, SCORES), folder / "priorbench.parquet")


def gather_with_pandas(files: Sequence[Path], folder: Path) -> None:
    """Do what a script would."""
    # The last line is the checksum of those before it.
    frames = [pd.read_json(file, lines=True).iloc[:-1] for file in files]
    pd.concat(frames)[SCORES.schema.names].to_parquet(folder / "pandas.parquet")


def compare(folder: Path) -> None:
    """Fail unless both have found the same."""
    ours, theirs = (
        read_table(folder / "priorbench.parquet"),
        pd.read_parquet(folder / "pandas.parquet"),
    )
    if len(ours) != len(theirs) or not np.isclose(ours["value"].sum(), theirs["value"].sum()):
        raise SystemExit("the two tables differ")


def measured(name: str, work: Callable[[Sequence[Path], Path], None], *arguments: object) -> float:
    """Run in a process of its own, print seconds and peak memory, return the seconds."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, processor, before, after = pool.apply(_measure, (work, arguments))
    memory = f"peak {after:.0f} MiB, of which {before:.0f} MiB are the imported libraries"
    print(
        f"{name}: {seconds:.1f} s, {processor:.1f} s of them on the processor, {memory}", flush=True
    )
    return seconds


def _measure(
    work: Callable[..., None], arguments: tuple[object, ...]
) -> tuple[float, float, float, float]:
    before, began, processor = _peak_mb(), time.perf_counter(), time.process_time()
    work(*arguments)
    return time.perf_counter() - began, time.process_time() - processor, before, _peak_mb()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
