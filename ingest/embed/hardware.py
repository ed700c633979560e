"""What this machine can compute well: which device, and which precision on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def chosen_device(wanted: str) -> str:
    """`auto` → cuda, then mps, then cpu. The first thing that a loader asks, before torch is imported."""
    # OpenMP reads this when torch is first imported. Waiting threads that spin cost two thirds of the speed as soon as
    # anything else wants the cores (measured, 2 busy cores: 20 passages in 1.1 s spinning, 0.36 s sleeping).
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if wanted != "auto":
        return wanted
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def chosen_precision(wanted: str, device: str) -> str:
    """`auto` → bf16 where device or processor computes in it, fp16 on other GPUs, else fp32.

    On a processor with AMX or AVX512-BF16 bf16 is three times as fast as fp32; without, it is emulated and slower.
    """
    if wanted != "auto":
        return wanted
    import torch

    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device == "mps":
        return "fp16"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported() else "fp32"


def torch_dtype(precision: str) -> Any:
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Without transformers' bar over the tensors of a file: it is gone in a second, and spoils a line of output."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
