"""Instruction set of the processor that matrix products may use."""

import os
import platform
import re

import torch

VARIABLE = "ONEDNN_MAX_CPU_ISA"
"""Environment variable that limits the instructions of oneDNN, which computes torch's bfloat16 products on the CPU."""

WITHOUT_AMX = "AVX512_CORE_BF16"
"""Value of `VARIABLE` that switches AMX off."""

_SETS = {
    "AVX512_CORE_AMX": "amx_bf16",
    WITHOUT_AMX: "avx512_bf16",
    "AVX512_CORE": "avx512_bw",
    "AVX2": "avx2",
}
"""oneDNN's names of instruction sets, widest first, each with torch's name of the capability."""


def instruction_set() -> str:
    """Return oneDNN's name of the widest instruction set that the processor has and the environment allows.

    Where torch knows none of them (ARM), return the kind of machine.
    """
    limit = os.environ.get(VARIABLE, "ALL").upper()
    if limit not in (*_SETS, "ALL", "DEFAULT"):
        return limit
    allowed = list(_SETS)[list(_SETS).index(limit) :] if limit in _SETS else list(_SETS)
    capabilities = torch.cpu.get_capabilities()
    return next((name for name in allowed if capabilities.get(_SETS[name])), platform.machine())


def slug(text: str) -> str:
    """Turn a text into part of a directory's name: ``Intel(R) Xeon(R) Processor`` into ``intel-xeon-processor``."""
    plain = re.sub(r"\((r|tm|c)\)", " ", text.lower())
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "unknown"
