"""Records of trials as a table."""

from collections.abc import Iterable

import pandas as pd

from lgdcnn_core.companion.records.table import MACHINE, held, table
from lgdcnn_core.companion.tuning.record import TrialStore

_PATHS = {
    "trial": "trial.name",
    **{name: name for name in ("dataset", "fold", "seed", "outcome", "val_mae", "last_val_error", "best_epoch")},
    "epochs": "recipe.epochs",
    **{name: name for name in ("epochs_run", "seconds", "tokens_per_second")},
    **MACHINE,
    **{name: name for name in ("undisturbed", "finished")},
}
_TYPES = {
    **dict.fromkeys(("fold", "seed", "best_epoch", "epochs", "epochs_run", "threads"), "Int64"),
    **dict.fromkeys(("val_mae", "last_val_error", "seconds", "tokens_per_second"), "float64"),
    "undisturbed": "boolean",
}

COLUMNS = ["store", "key", *_PATHS]
"""Columns of `load_trials`."""


def load_trials(stores: Iterable[TrialStore] | None = None) -> pd.DataFrame:
    """Read all records of trials into one table, and check each record.

    Parameters
    ----------
    stores
        The default is both, the committed and the local one.

    Returns
    -------
    DataFrame
        One row per record, `COLUMNS`. ``val_mae`` belongs to the weights that were kept, ``last_val_error`` to those at
        the end of the training, which validation data did not choose; both are missing where the training diverged.
        ``epochs`` is the recipe's number. ``undisturbed`` is as in `runs.load_records`.

    Raises
    ------
    lgdcnn_core.companion.runs.BrokenRecord
        If a record is not as it was written; the message names it.
    """
    return table(held(TrialStore.both() if stores is None else stores), _PATHS, _TYPES)
