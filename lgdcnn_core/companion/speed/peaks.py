"""Measure the peak speeds of a machine: matrix products and copies of memory."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch.utils.benchmark import Timer
from tqdm.auto import tqdm

from lgdcnn_core.companion.speed.counting import products
from lgdcnn_core.companion.speed.scope import Scope
from lgdcnn_core.models import build
from lgdcnn_core.training import Compute, choose, precisions

REPEATS = 3
"""Least number of measurements of each product and copy."""


def best_seconds(function: Callable[[], object], seconds: float) -> float:
    """Measure the shortest time of a call, with torch's current number of threads.

    `torch.utils.benchmark.Timer` warms up, waits for the device, and repeats short calls in blocks whose mean time
    counts.

    Parameters
    ----------
    function
        The function to call.
    seconds
        Least time to measure for; there are at least `REPEATS` measurements in any case.
    """
    timer = Timer("function()", globals={"function": function}, num_threads=torch.get_num_threads())
    times: list[float] = []
    while len(times) < REPEATS:
        times += timer.blocked_autorange(min_run_time=seconds).times
    return min(times)


def measure_products(scope: Scope, device: str | None, progress: bool) -> list[dict[str, str | int | float]]:
    """Measure the speed of matrix products: square ones, and those of the networks.

    Returns
    -------
    list of dict
        ``precision``; ``rows`` (M), ``width_in`` (K), ``width_out`` (N) of (M, K) times (K, N); ``flops``, FLOP/s.
    """
    shapes = [(size, size, size) for size in scope.squares]
    weights = {(each.width_in, each.width_out) for model in scope.models for each in products(build(model, seed=0))}
    shapes += [(rows, *shape) for rows in scope.rows for shape in sorted(weights)]
    pairs = [(precision, shape) for precision in precisions(device) for shape in shapes]
    generator = torch.Generator().manual_seed(0)
    found: list[dict[str, str | int | float]] = []
    for precision, (rows, width_in, width_out) in tqdm(pairs, desc="matrix products", disable=not progress):
        compute = choose(device, precision)
        kind: Any = {"dtype": torch.bfloat16 if compute.bfloat16 else torch.float32, "device": compute.device}
        x = torch.randn(rows, width_in, generator=generator).to(**kind)
        weight = torch.randn(width_out, width_in, generator=generator).to(**kind)
        with torch.inference_mode(), compute.autocast():
            seconds = best_seconds(partial(F.linear, x, weight), scope.product_seconds)
        speed = 2 * rows * width_in * width_out / seconds
        found.append(
            {"precision": precision, "rows": rows, "width_in": width_in, "width_out": width_out, "flops": speed}
        )
    return found


def measure_copies(scope: Scope, compute: Compute, progress: bool) -> list[dict[str, int | float]]:
    """Measure the speed of copying a float32 tensor.

    Returns
    -------
    list of dict
        ``mebibytes`` of the tensor, ``bytes_per_second`` that were read or written: each copy moves twice the tensor's
        size. Small tensors may fit in the caches; the largest one measures the memory.
    """
    found: list[dict[str, int | float]] = []
    for mebibytes in tqdm(scope.copied_mebibytes, desc="copies", disable=not progress):
        source = torch.ones(mebibytes * 2**18, device=compute.device)
        target = torch.zeros_like(source)
        seconds = best_seconds(partial(target.copy_, source), scope.product_seconds)
        found.append({"mebibytes": mebibytes, "bytes_per_second": 2 * mebibytes * 2**20 / seconds})
    return found
