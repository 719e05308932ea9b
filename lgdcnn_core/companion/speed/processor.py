"""Which of the processor's instructions matrix products may use."""

import os
import platform
import re

import torch

VARIABLE = "ONEDNN_MAX_CPU_ISA"
"""Environment variable that keeps oneDNN, which makes torch's bfloat16 products on the CPU, from wider instructions."""

WITHOUT_AMX = "AVX512_CORE_BF16"
"""Value of it that switches AMX off."""

_SETS = {
    "AVX512_CORE_AMX": "amx_bf16",
    WITHOUT_AMX: "avx512_bf16",
    "AVX512_CORE": "avx512_bw",
    "AVX2": "avx2",
}
"""oneDNN's names of instruction sets, widest first, and what torch calls the capability that tells them."""


def instruction_set() -> str:
    """Widest instruction set that there is and that the environment allows, as oneDNN calls it.

    Where torch knows none of them (ARM), the kind of machine.
    """
    limit = os.environ.get(VARIABLE, "ALL").upper()
    if limit not in (*_SETS, "ALL", "DEFAULT"):
        return limit
    allowed = list(_SETS)[list(_SETS).index(limit) :] if limit in _SETS else list(_SETS)
    capabilities = torch.cpu.get_capabilities()
    return next((name for name in allowed if capabilities.get(_SETS[name])), platform.machine())


def slug(text: str) -> str:
    """Text as part of a directory's name: ``Intel(R) Xeon(R) Processor`` is ``intel-xeon-processor``."""
    plain = re.sub(r"\((r|tm|c)\)", " ", text.lower())
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "unknown"
