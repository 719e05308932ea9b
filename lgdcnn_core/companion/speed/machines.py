"""Compare machines: a table with one row per machine, and a few sentences on all of them."""

import re
from collections.abc import Mapping

import pandas as pd

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.records.places import named
from lgdcnn_core.companion.speed.record import SpeedRecord, both
from lgdcnn_core.companion.speed.table import beside_published_code, throughput
from lgdcnn_core.training import FAST

MODEL = "L-G-DCNN"

PRECISIONS = ("float32", "bfloat16")
"""Precisions that are tabulated; TF32, which only GPUs have, lies between them."""

_INSTRUCTIONS = {"AVX512_CORE_AMX": "AMX", "AVX512_CORE_BF16": "AVX-512", "AVX512_CORE": "AVX-512", "AVX2": "AVX2"}
"""Names that people use for the instruction sets of `speed.processor`."""


def machines(stores: str = "both") -> dict[str, SpeedRecord]:
    """Read the records of all machines, by names that people use.

    Parameters
    ----------
    stores
        ``"committed"``, ``"local"`` or ``"both"``.

    Returns
    -------
    dict of str to SpeedRecord
        Processors first, then GPUs. The names of local records end in "(this machine)".
    """
    found = {
        machine_name(record) + ("" if store.name == "committed" else " (this machine)"): record
        for store in named(both(), stores)
        for record in store.records().values()
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].device != "cpu"))


def machine_name(record: SpeedRecord) -> str:
    """Name a machine as people do, such as "Intel Xeon with AMX, 2 threads" or "NVIDIA H200"."""
    if record.device != "cpu":
        return record.device
    processor, comma, family = str(record.platform["processor"]).partition(", ")
    named = " ".join(re.sub(r"\((R|TM|C)\)|\b(Processor|CPU)\b", " ", processor).split())
    instructions = _INSTRUCTIONS.get(record.instruction_set, record.instruction_set)
    threads = f"{record.threads} thread{'' if record.threads == 1 else 's'}"
    return f"{named}{f' ({family})' if comma else ''} with {instructions}, {threads}"


def machine_table(
    records: Mapping[str, SpeedRecord], dataset: str = "OQMD_Bandgap", small: int = 128, large: int = 1024
) -> pd.DataFrame:
    """Tabulate the speed that each machine reaches with L-G-DCNN, trained in the exact setting.

    Parameters
    ----------
    records
        From `machines`; at least one.
    dataset
        Data set of the trainings.
    small, large
        Batch sizes.

    Returns
    -------
    DataFrame
        One row per machine. Columns of two levels: the fastest matrix product in GFLOP/s, by precision; by batch size
        and precision, the compounds trained on per second and the share of that product's speed; the compounds
        predicted per second; and the peak host memory of the timed trainings in GiB. Missing where a machine lacks a
        precision; columns that all machines lack are left out.
    """
    cases = [(size, precision) for size in (small, large) for precision in PRECISIONS]
    headings = {"compounds_per_second": "training (compounds/s)", "share": "training (share of product)"}
    columns = [("matrix product (GFLOP/s)", precision) for precision in PRECISIONS]
    columns += [(heading, _case(*case)) for heading in headings.values() for case in cases]
    columns += [("prediction", "compounds/s"), ("memory", "GiB")]
    rows = []
    for record in records.values():
        timed = _fast_trainings(record).query("dataset == @dataset").set_index(["batch_size", "precision"])
        row = {(columns[0][0], precision): peak / 1e9 for precision, peak in record.peaks().items()}
        for case in timed.index.intersection(cases):
            row |= {(headings[name], _case(*case)): timed.loc[case, name] for name in headings}
        row["prediction", "compounds/s"] = record.prediction["compounds"] / record.prediction["seconds"]
        row["memory", "GiB"] = max((each["peak"]["host"] for each in record.memory), default=float("nan"))
        rows.append(row)
    table = pd.DataFrame([[row.get(column) for column in columns] for row in rows], index=list(records), dtype=float)
    table.columns = pd.MultiIndex.from_tuples(columns)
    return table.dropna(axis=1, how="all")


def findings(records: Mapping[str, SpeedRecord], small: int = 128, large: int = 1024) -> list[str]:
    """Say for each kind of machine how fast it is, and how much of its speed the training uses.

    Parameters
    ----------
    records
        From `machines`.
    small, large
        The batch size that counts as small, and the smallest one that counts as large.
    """
    if not records:
        return ["No machine has been measured yet: `make benchmark` measures this one in a quarter of an hour."]
    said = []
    for kind, members in _kinds(records).items():
        timed = pd.concat([_fast_trainings(record) for record in members])
        if timed.empty:
            continue
        precision = next(each for each in reversed(PRECISIONS) if each in set(timed["precision"]))
        timed = timed[timed["precision"] == precision]
        in_large = timed[timed["batch_size"] >= large]
        trained = _range(in_large["compounds_per_second"])
        share = _range(100 * timed.loc[timed["batch_size"] == small, "share"])
        predicted = pd.Series([each.prediction["compounds"] / each.prediction["seconds"] for each in members])
        said.append(
            f"On {kind}, {MODEL} trains on {trained} compounds a second in {precision}, with "
            f"batches of {large:,} or more, and predicts {_range(predicted)} a second. The training runs at "
            f"{_range(100 * in_large['share'])} % of the speed of the machine's fastest matrix product; batches of "
            f"{small:,} reach {share} %."
        )
    return said


def published_code_table(records: Mapping[str, SpeedRecord], published: pd.DataFrame) -> pd.DataFrame:
    """Compare the paper recipe in the padded setting with the published code, which ran on another machine.

    Parameters
    ----------
    records
        From `machines`.
    published
        `benchmarks.published("published_code_speed")`.

    Returns
    -------
    DataFrame
        One row per network and data set (index). Columns of two levels: for the published code and for each kind of
        machine, the seconds an epoch takes and the share of the fastest float32 product in percent, as text. Several
        machines give a range. The share of the published CrabNet is "-": it computes with padding that ours leaves out.
    """
    rows: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
    for kind, members in _kinds(records).items():
        beside = pd.concat([beside_published_code(record, published) for record in members])
        for (model, dataset), group in beside.groupby(["model", "dataset"], sort=False):
            row = rows.setdefault((str(model), benchmarks.card(str(dataset)).label), {})
            for heading, seconds, share in (
                ("published code, another machine", "published_code_seconds", "published_code_share"),
                (f"ours, {kind}", "epoch_seconds", "share"),
            ):
                row[heading, "epoch (s)"] = _range(group[seconds], ".3g")
                row[heading, "share (%)"] = _range(100 * group[share])
    table = pd.DataFrame.from_dict(rows, orient="index").fillna("-")
    if len(table):
        table.index = pd.MultiIndex.from_tuples(table.index, names=["network", "data set"])
        table.columns = pd.MultiIndex.from_tuples(map(tuple, table.columns))
    return table


def _fast_trainings(record: SpeedRecord) -> pd.DataFrame:
    """Select the timed trainings of L-G-DCNN by the fast recipe in the exact setting."""
    table = throughput(record)
    return table[(table["model"] == MODEL) & (table["recipe"] == FAST.name) & (table["setting"] == "exact")]


def _kinds(records: Mapping[str, SpeedRecord]) -> dict[str, list[SpeedRecord]]:
    """Group machines by kind and count them; a matrix unit raises the peak so much that it makes a kind of its own."""
    kinds: dict[str, list[SpeedRecord]] = {}
    for record in records.values():
        amx = record.instruction_set == "AVX512_CORE_AMX"
        kind = "GPU" if record.device != "cpu" else "processor with AMX" if amx else "processor"
        kinds.setdefault(kind, []).append(record)
    return {_count(len(members), kind): members for kind, members in kinds.items()}


def _count(n: int, kind: str) -> str:
    noun, with_, what = kind.partition(" with ")
    return f"{n} {noun}{'' if n == 1 else 's'}{with_}{what}"


def _case(size: int, precision: str) -> str:
    return f"{size:,}, {precision}"


def _range(values: pd.Series, form: str = ",.0f") -> str:
    if values.isna().any() or values.empty:
        return "-"
    low, high = format(values.min(), form), format(values.max(), form)
    return low if low == high else f"{low} to {high}"
