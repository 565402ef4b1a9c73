"""Time and peak memory of a piece of work, measured inside the process."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from priorbench.store.times import Times

if TYPE_CHECKING:
    from torch import device as Device

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_MEBIBYTE = 1024**2


@dataclass(frozen=True)
class Usage:
    """What a piece of work has used.

    Args:
        seconds: by the clock.
        processor_seconds: of all processors together, see :class:`priorbench.store.times.Times`.
        peak_memory_mb: highest resident memory in MiB.
        device_memory_mb: highest memory of tensors on the GPU in MiB, None for work on the CPU.
    """

    seconds: float
    processor_seconds: float
    peak_memory_mb: float
    device_memory_mb: float | None


class Measure:
    """Measures from its making on.

    Work on a GPU is queued and computed later, so the device is waited for before the clocks are
    read, at the start and at the end.

    On Linux the kernel's high-water mark is reset first, so that the peak belongs to this work
    alone. Elsewhere it is the highest of the whole process so far.

    Args:
        device: where the work computes; None for the CPU.
    """

    def __init__(self, device: Device | None = None) -> None:
        is_gpu = device is not None and device.type == "cuda"
        self._gpu = _Gpu(device) if is_gpu else None
        if self._gpu:
            self._gpu.wait()
            self._gpu.forget_peak()
        try:
            _CLEAR.write_text("5")
        except OSError:
            self._resettable = False
        else:
            self._resettable = True
        self._start = Times.now()

    def usage(self, before: Times | None = None) -> Usage:
        """Return what has been used since the start.

        Args:
            before: times of earlier attempts, which are added; the peaks are of this one.
        """
        if self._gpu:
            self._gpu.wait()
        spent = Times.now() - self._start + (before or Times())
        on_device = self._gpu.peak_memory_mb() if self._gpu else None
        return Usage(spent.wall, spent.processor, self._peak_memory_mb(), on_device)

    def _peak_memory_mb(self) -> float:
        """Return the highest resident memory since the start, in MiB."""
        if self._resettable:
            for line in _STATUS.read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (_MEBIBYTE if sys.platform == "darwin" else 1024)


class _Gpu:
    """A GPU as torch sees it, which is imported only where there is one."""

    def __init__(self, device: Device | None) -> None:
        import torch

        self._cuda, self._device = torch.cuda, device

    def wait(self) -> None:
        """Wait until all that was queued on the device is computed."""
        self._cuda.synchronize(self._device)

    def forget_peak(self) -> None:
        """Let the peak begin again, at what is allocated now."""
        self._cuda.reset_peak_memory_stats(self._device)

    def peak_memory_mb(self) -> float:
        """Return the highest memory of tensors since then, in MiB."""
        return self._cuda.max_memory_allocated(self._device) / _MEBIBYTE
