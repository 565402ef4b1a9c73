"""Which arithmetic a device has instructions for."""

from __future__ import annotations

import torch

__all__ = ["multiplies_bfloat16"]


def multiplies_bfloat16(device: torch.device) -> bool:
    """Return whether a GPU or an x86 processor has instructions for products of bfloat16.

    Without them, or where torch is kept from using them, such products are slower than others.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # ATEN_CPU_CAPABILITY keeps torch from instructions that the processor has.
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return False
    # Older versions of torch can't tell.
    known = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(known.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
