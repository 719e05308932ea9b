"""Throughput of a record's trainings as a table, beside the machine's peak."""

import pandas as pd

from lgdcnn_core.companion.speed import roofline
from lgdcnn_core.companion.speed.record import SpeedRecord
from lgdcnn_core.models import CHAINS
from lgdcnn_core.training import PAPER

CASE = ["dataset", "model", "recipe", "setting", "precision", "batch_size"]
"""Columns that identify a timed training."""


def throughput(record: SpeedRecord) -> pd.DataFrame:
    """Tabulate the throughput of all timed trainings.

    Returns
    -------
    DataFrame
        Columns `CASE`, and: ``step_seconds``; ``tokens_per_second`` (elements of compounds); ``positions_per_second``
        (with the padding that takes part); ``compounds_per_second``; ``flops``, FLOP/s; ``peak`` and ``share``, the
        fastest matrix product of that precision in FLOP/s and the training's share; ``intensity``, FLOP per byte;
        ``bound``, FLOP/s that the roofline allows; ``bound_share``, the share of the peak that it allows;
        ``epoch_seconds``, of the whole training part at that pace. All come from the fastest epoch after the first,
        which warms up.
    """
    peaks, bandwidth = record.peaks(), record.bandwidth()
    rows = []
    for each in record.trainings:
        seconds = min(each["epoch_seconds"][1:])
        peak = peaks[each["precision"]]
        intensity = each["flop"] / each["bytes"]
        bound = roofline.bound(intensity, peak, bandwidth)
        rows.append(
            {name: each[name] for name in CASE}
            | {
                "step_seconds": seconds / each["steps"],
                "tokens_per_second": each["tokens"] / seconds,
                "positions_per_second": each["positions"] / seconds,
                "compounds_per_second": each["compounds"] / seconds,
                "flops": each["flop"] / seconds,
                "peak": peak,
                "share": each["flop"] / seconds / peak,
                "intensity": intensity,
                "bound": bound,
                "bound_share": bound / peak,
                "epoch_seconds": seconds * each["n_train"] / each["compounds"],
            }
        )
    return pd.DataFrame(rows)


def padding_cost(record: SpeedRecord) -> pd.DataFrame:
    """Compare the cost of the padded setting with that of the exact one.

    Returns
    -------
    DataFrame
        A row for each training that was timed in both settings: `CASE` without ``setting``; ``padding``, positions per
        token; ``cost``, its time over that of the exact setting, for the same compounds.
    """
    table = throughput(record)
    table["padding"] = table["positions_per_second"] / table["tokens_per_second"]
    same = [name for name in CASE if name != "setting"]
    exact, published = (table[table["setting"] == setting] for setting in ("exact", "published"))
    both = published.merge(exact, on=same, suffixes=("", "_exact"))
    both["cost"] = both["compounds_per_second_exact"] / both["compounds_per_second"]
    return both[[*same, "padding", "cost"]]


def beside_published_code(record: SpeedRecord, published: pd.DataFrame) -> pd.DataFrame:
    """Compare our timings of the paper recipe in the padded setting with those of the published code on its machine.

    Parameters
    ----------
    record
        The record.
    published
        `benchmarks.published("published_code_speed")`.

    Returns
    -------
    DataFrame
        A row for each row of `published` whose training was timed: ``model``, ``dataset``, ``batch_size``;
        ``published_code_seconds`` an epoch, and ``published_code_share`` of its machine's float32 peak, missing for a
        network that masks padding here and computes with it there; ``epoch_seconds`` and ``share`` of ours.
    """
    table = throughput(record)
    both = table[table["recipe"] == PAPER.name].merge(
        published.rename(columns={"epoch_seconds": "published_code_seconds"}), on=["model", "dataset"]
    )
    epoch_flop = both["flops"] * both["epoch_seconds"]
    shares = epoch_flop / (both["published_code_seconds"] * both["peak_float32"])
    both["published_code_share"] = shares.mask(both["model"].map(lambda name: CHAINS[name].masks_padding))
    columns = ["published_code_seconds", "published_code_share", "epoch_seconds", "share"]
    return both[["model", "dataset", "batch_size", *columns]]
