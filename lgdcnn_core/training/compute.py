"""Choose a device and a precision, and move memory to the device, in one place."""

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.training import host_memory
from lgdcnn_core.training.recipe import Precision

COMPOUNDS_AT_ONCE = 1024
"""Compounds in one pass on the host: enough for full speed, few enough for a batch of 4096 to fit in 4 GiB."""


class UnavailableDevice(ValueError):
    """The named device is not one of this machine."""


@dataclass(frozen=True)
class Compute:
    """A device, and whether matrix products run in bfloat16, or on a GPU in TF32.

    On CUDA, memory is pinned, and the passes of a training's batches are a graph, see `training.graphs`.
    """

    device: torch.device
    bfloat16: bool
    tf32: bool = False

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which a network computes."""
        if self.tf32:
            return _tf32()
        if not self.bfloat16:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def tensor(self, value: Tensor) -> Tensor:
        """Move a tensor from the host to the device; on CUDA from pinned memory, without waiting."""
        if self.device.type == "cuda":
            return value.pin_memory().to(self.device, non_blocking=True)
        return value.to(self.device)

    def packed(self, value: PackedSequence) -> PackedSequence:
        """Move a packed sequence to the device; its batch sizes stay on the host, as torch requires."""
        orders = [None if o is None else self.tensor(o) for o in (value.sorted_indices, value.unsorted_indices)]
        return PackedSequence(self.tensor(value.data), value.batch_sizes, *orders)

    def passes(self, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Split a batch into passes through the network: one on a GPU, several on the host.

        The gradients of the passes add up to that of the batch.
        """
        if self.device.type == "cuda":
            return [rows]
        return [rows[start : start + COMPOUNDS_AT_ONCE] for start in range(0, len(rows), COMPOUNDS_AT_ONCE)]

    @property
    def has_graphs(self) -> bool:
        """Whether passes can be recorded and replayed, see `training.graphs`."""
        return self.device.type == "cuda"

    def memory(self) -> AbstractContextManager[Callable[[], None]]:
        """Return the context of a whole training, in which host memory freed by one step stays for the next.

        It yields a function to call after each step, see `host_memory.kept`.
        """
        return host_memory.kept() if self.device.type == "cpu" else nullcontext(lambda: None)

    def wait(self) -> None:
        """Wait until the device has finished its work, so that measured times are right."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def peak_memory(self) -> dict[str, float]:
        """Return the peak memory of this process so far, in GiB: on the host and, with a GPU, on the device.

        ``"host"`` is missing on platforms that do not report it.
        """
        host = host_memory.peak_bytes()
        peak = {} if host is None else {"host": host / 2**30}
        if self.device.type == "cuda":
            peak["device"] = torch.cuda.max_memory_allocated(self.device) / 2**30
        return peak

    def describe(self) -> dict[str, str | int]:
        """Return device, precision and thread count, for records."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type
        return {
            "device": name,
            "precision": "bfloat16" if self.bfloat16 else "tf32" if self.tf32 else "float32",
            "threads": torch.get_num_threads(),
        }


def choose(device: str | None = None, precision: Precision = "auto") -> Compute:
    """Return the device and precision to compute with.

    Parameters
    ----------
    device
        ``"cuda"``, ``"cuda:1"``, ``"mps"``, ``"cpu"``; None takes the first available of CUDA, MPS and CPU.
    precision
        As in `Recipe`.

    Raises
    ------
    UnavailableDevice
        If this machine has no such device; the message names its devices.
    """
    available = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    try:
        chosen = torch.device(device or available[0])
    except RuntimeError as error:
        raise UnavailableDevice(f"{device!r} is not a device; this machine has {', '.join(available)}") from error
    if chosen.type not in [*available, "meta"]:
        raise UnavailableDevice(f"there is no {device!r} here; this machine has {', '.join(available)}")
    bfloat16 = precision == "bfloat16" or (precision == "auto" and faster_in_bfloat16(chosen))
    return Compute(chosen, bfloat16, tf32=precision == "tf32" and chosen.type == "cuda")


@contextmanager
def _tf32() -> Iterator[None]:
    """Let CUDA round the factors of float32 products to TF32 inside this context."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def precisions(device: str | None = None) -> tuple[Precision, ...]:
    """Return the precisions for which a device, see `choose`, has instructions; the most exact first."""
    chosen = choose(device).device
    reduced: tuple[Precision, ...] = ("tf32", "bfloat16") if chosen.type == "cuda" else ("bfloat16",)
    return ("float32", *(reduced if has_bfloat16(chosen) else ()))


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the processor multiplies in bfloat16 by hardware (AMX or AVX-512 BF16; Ampere or later)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
    return False


def faster_in_bfloat16(device: torch.device) -> bool:
    """Return whether matrix products take less time in bfloat16 than in float32.

    So we measured on every kind of processor at hand (`make benchmark`) that has instructions for bfloat16, except
    Intel's without AMX (virtual machines may hide it): with AVX-512 BF16 alone, they take 1.6 times as long.
    """
    if not has_bfloat16(device):
        return False
    return device.type != "cpu" or bool(torch.cpu._is_amx_tile_supported()) or not _made_by_intel()


@cache
def _made_by_intel() -> bool:
    listed = Path("/proc/cpuinfo")
    return "GenuineIntel" in (listed.read_text(errors="replace") if listed.is_file() else platform.processor())
