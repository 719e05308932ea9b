"""Our claim: training uses at least half of what the machine's matrix units can do."""

from collections.abc import Mapping

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict, untested
from lgdcnn_core.companion.speed import SpeedRecord, throughput
from lgdcnn_core.companion.wording import counted, listed, span
from lgdcnn_core.training import FAST

MODEL = "L-G-DCNN"

CLAIM = f"Training {MODEL} reaches half of the machine's peak"

NOTEBOOK = "11_speed"

LARGE = 1024
"""Number of compounds from which on a batch counts as large."""

HALF = 0.5


def shares(record: SpeedRecord, large: int = LARGE) -> "pd.Series[float]":
    """Return the shares of the matrix-product peak that training reaches with large batches, in the fastest precision.

    Parameters
    ----------
    record
        The record.
    large
        Smallest batch that counts, in compounds.

    Returns
    -------
    Series
        One share per data set and batch size, by the fast recipe in the exact setting.
    """
    table = throughput(record)
    of_model = (table["model"] == MODEL) & (table["recipe"] == FAST.name) & (table["setting"] == "exact")
    rows = table[of_model & (table["batch_size"] >= large)]
    pace = rows.groupby("precision")["tokens_per_second"].mean()
    return rows.loc[rows["precision"] == (pace.idxmax() if len(pace) else ""), "share"]


def verdict(records: Mapping[str, SpeedRecord]) -> Verdict:
    """Judge all machines together.

    Parameters
    ----------
    records
        Speed records, by machine.

    Returns
    -------
    Verdict
        Its numbers are the lowest shares, one for each machine: "reproduced" if all are at least one half, "not
        reproduced" if none is, else "in part". A machine is measured once, so there is no interval.
    """
    found = {name: each for name, record in records.items() if len(each := shares(record))}
    if not found:
        return untested(CLAIM, "project", "There is no record of the speed of any machine.", NOTEBOOK)
    fast = {name: each for name, each in found.items() if each.min() >= HALF}
    slow = {name: each for name, each in found.items() if name not in fast}
    outcome = Outcome.IN_PART
    if not slow:
        outcome = Outcome.REPRODUCED
    elif not fast:
        outcome = Outcome.NOT_REPRODUCED
    parts = [(fast, f"on {len(fast)} of {counted(len(found), 'machine')}")] if fast else []
    parts += [(slow, f"on {'the others' if fast else counted(len(slow), 'machine')}")] if slow else []
    said = [f"{_range(machines)} {where}" for machines, where in parts]
    return Verdict(
        claim=CLAIM,
        by="project",
        tested=f"{'; '.join(found)}; batches from {LARGE:,} compounds on",
        quantity="share of the matrix-product peak in the precision that trains fastest, %",
        published=(),
        ours=tuple(Estimate(100 * float(each.min()), len(each), "training") for each in found.values()),
        outcome=outcome,
        sentence=f"With batches of {LARGE:,} compounds or more, it reaches {listed(said)}.",
        notebook=NOTEBOOK,
        form=".0f",
        detail=f"Below one half: {'; '.join(f'{name}, {_range({name: each})}' for name, each in slow.items())}."
        if slow
        else "",
    )


def _range(found: "Mapping[str, pd.Series[float]]") -> str:
    lowest, highest = min(each.min() for each in found.values()), max(each.max() for each in found.values())
    return f"{span(100 * lowest, 100 * highest, '.0f')} %"
