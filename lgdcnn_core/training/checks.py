"""Check columns that belong to formulas: as many values as formulas, and each of the kind that is wanted."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lgdcnn_core.composition import Compositions
from lgdcnn_core.composition.compositions import CASES_SHOWN, Labels, listed, quoted, row_name, shortened
from lgdcnn_core.training.targets import BadTrainingData


def require_as_many(compositions: Compositions, n_values: int, role: str, called: str = "targets") -> None:
    """Raise unless there are as many values as formulas, and at least one.

    Raises
    ------
    BadTrainingData
        If there are not; the message has both numbers.
    """
    if n_values != len(compositions):
        raise BadTrainingData(f"the {role} data have {len(compositions)} formulas but {n_values} {called}")
    if not n_values:
        raise BadTrainingData(f"the {role} data are empty")


def require_right(
    compositions: Compositions,
    wrong: NDArray[np.bool_],
    as_given: "pd.Series[Any]",
    kind: str,
    where: str,
    labels: Labels,
    called: str = "targets",
) -> None:
    """Raise if values are wrong.

    Parameters
    ----------
    compositions
        B compounds.
    wrong
        (B,): which values are wrong.
    as_given
        The B values as given.
    kind, where, called
        What the values should be, whose they are, and what they are called, for the message.
    labels
        Index labels of the rows.

    Raises
    ------
    BadTrainingData
        If any value is wrong; the message counts them and names the first rows.
    """
    rows = np.flatnonzero(wrong)
    if len(rows):
        values = as_given.astype(object)
        first = (
            f"{row_name(int(row), labels)} ({shortened(compositions.formulas[row])}): {quoted(values.iloc[row])}"
            for row in rows[:CASES_SHOWN]
        )
        raise BadTrainingData(f"{len(rows)} {called} of {where} are not {kind}: {listed(first, count=len(rows))}")
