"""Tabulate the cost of readings: seconds by step, and memory."""

from collections.abc import Mapping

import pandas as pd

from lgdcnn_core.companion.readings.environments import Environments
from lgdcnn_core.companion.wording import rule_name


def cost_table(readings: Mapping[tuple[str, str], Environments]) -> pd.DataFrame:
    """Tabulate the seconds that it took to read all layers of a network and to cluster with each rule.

    Parameters
    ----------
    readings
        By data set and element.

    Returns
    -------
    DataFrame
        One row per reading (index: data set, element): ``compounds``; seconds to read the ``layers``, and to cluster
        all sizes and thresholds with each rule; ``peak memory`` of the process in GiB.
    """
    rows = [
        {"compounds": sum(each.record.results["compounds"])}
        | {f"{rule_name(step)} (s)": seconds for step, seconds in each.record.seconds.items()}
        | {"peak memory (GiB)": each.record.peak_memory["host"]}
        for each in readings.values()
    ]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(list(readings), names=["data set", "element"]))
