"""Sentences that describe a speed record, computed from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from lgdcnn_core.companion.speed.counting import training_flop
from lgdcnn_core.companion.speed.record import SpeedRecord
from lgdcnn_core.companion.speed.table import padding_cost, throughput
from lgdcnn_core.models import build
from lgdcnn_core.training import FAST

MODEL = "L-G-DCNN"

SCREENED = 30.36e6
"""Candidates that the authors' follow-up screened with this network."""


def answers(record: SpeedRecord, small: int = 128, large: int = 1024) -> list[str]:
    """Describe a speed record in sentences, each computed from its numbers.

    Parameters
    ----------
    record
        The record.
    small, large
        The batch size that counts as small, and the smallest one that counts as large.
    """
    table = throughput(record)
    exact = table[(table["model"] == MODEL) & (table["recipe"] == FAST.name) & (table["setting"] == "exact")]
    of_token = training_flop(build(MODEL, seed=0), np.ones(1, dtype=np.int64), zeros=True)
    peaks = ", ".join(f"{peak / 1e9:,.0f} GFLOP/s in {name}" for name, peak in record.peaks().items())
    said = [] if record.load is None else [f"The load average was {record.load:.1f} when the measurement began."]
    said += [f"The fastest matrix product reaches {peaks}; copies move {record.bandwidth() / 1e9:.1f} GB/s."]
    if "bfloat16" not in record.peaks():
        said.append("No bfloat16: the machine has no instructions for it.")
    for precision in reversed(record.peaks()):
        rows = exact[exact["precision"] == precision]
        batches = {f"from {large} on": rows["batch_size"] >= large, f"of {small}": rows["batch_size"] == small}
        said += [_shares(rows[chosen], precision, size, of_token) for size, chosen in batches.items() if chosen.any()]
    said += _padding(padding_cost(record))
    said += [_prediction(record), _parsing(record)]
    said += [_memory(each) for each in record.memory]
    return said


def _shares(rows: pd.DataFrame, precision: str, size: str, of_token: int) -> str:
    n = rows["dataset"].nunique()
    with_zeros = rows["tokens_per_second"] * of_token / rows["peak"]
    return (
        f"Training {MODEL} (exact setting, {precision}) with batches {size} runs at {_range(rows['share'])} of the "
        f"{precision} peak over {n} data set{'s' if n != 1 else ''} ({_range(with_zeros)} with a convolution's zeros "
        f"beyond the ends of compounds counted, {of_token / 1e6:.0f} MFLOP a token); the roofline allows "
        f"{_range(rows['bound_share'])}. That is {_span(rows['tokens_per_second'])} tokens/s."
    )


def _padding(costs: pd.DataFrame) -> list[str]:
    return [
        f"Padding ({dataset}): {rows['padding'].iloc[0]:.2f} positions per token, and the padded setting takes "
        f"{_span(rows['cost'], '.2f')} times the time of the exact one for the same compounds."
        for dataset, rows in costs.groupby("dataset", sort=False)
    ]


def _prediction(record: SpeedRecord) -> str:
    found = record.prediction
    network_flops = found["flop"] / found["network_seconds"]
    share = found["flop"] / found["seconds"] / record.peaks()["float32"]
    hours = SCREENED * found["seconds"] / found["compounds"] / 3600
    return (
        f"Predicting {found['compounds']:,} compounds ({found['dataset']}, test part) takes {found['seconds']:.1f} s, "
        f"{found['compounds'] / found['seconds']:,.0f} compounds/s including the reading of formulas; the network "
        f"alone takes {found['network_seconds']:.1f} s, {network_flops / 1e9:,.0f} GFLOP/s. From text to "
        f"numbers that is {share:.0%} of the float32 peak, and the {SCREENED / 1e6:.2f} million candidates of the "
        f"authors' follow-up would take {hours:.2g} h."
    )


def _parsing(record: SpeedRecord) -> str:
    found = record.parsing
    return (
        f"Reading {found['formulas']:,} formulas takes {found['seconds']:.1f} s, "
        f"{found['formulas'] / found['seconds']:,.0f} formulas/s."
    )


def _memory(found: dict[str, Any]) -> str:
    said = " and ".join(f"{gib:.2f} GiB on the {where}" for where, gib in found["peak"].items())
    # Older records have the steps.
    compounds = found["compounds"] if "compounds" in found else found["steps"] * found["batch_size"]
    setting = "padded" if found["setting"] == "published" else "exact"
    return (
        f"Training {found['model']} on {found['dataset']} ({found['recipe']} recipe, {setting} setting, "
        f"batches of {found['batch_size']}) takes at most {said} over {compounds:,} "
        "compounds, counting the whole process."
    )


def _range(shares: pd.Series) -> str:
    return _span(100 * shares, ".0f") + " %"


def _span(values: pd.Series, form: str = ",.0f") -> str:
    low, high = format(values.min(), form), format(values.max(), form)
    return low if low == high else f"{low} to {high}"
