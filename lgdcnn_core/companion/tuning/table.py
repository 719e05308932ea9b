"""Records of trials as a table."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from lgdcnn_core.companion.runs.table import MACHINE, machine
from lgdcnn_core.companion.tuning.record import TrialRecord
from lgdcnn_core.companion.tuning.store import TrialStore, committed_trials, local_trials

COLUMNS = [
    *("store", "key", "trial", "dataset", "fold", "seed", "outcome", "val_mae", "last_val_error"),
    *("best_epoch", "epochs", "epochs_run", "seconds", "tokens_per_second"),
    *MACHINE,
    *("undisturbed", "finished"),
]


def load_trials(stores: Iterable[TrialStore] | None = None) -> pd.DataFrame:
    """Read every record of the stores; each is checked.

    Parameters
    ----------
    stores
        The default is both, the committed and the local one.

    Returns
    -------
    DataFrame
        One row a record, `COLUMNS`. ``val_mae`` is of the weights that were kept, ``last_val_error`` of those at the
        end of the training, which validation data have not chosen; both are missing where the training diverged.
        ``epochs`` is the recipe's number. ``undisturbed``: as in `runs.load_records`.

    Raises
    ------
    lgdcnn_core.companion.runs.BrokenRecord
        Naming a record that is not what was written.
    """
    chosen = [each for each in (committed_trials(), local_trials()) if each] if stores is None else stores
    rows = [_row(store.name, record) for store in chosen for record in store.records().values()]
    integers = ["fold", "seed", "best_epoch", "epochs", "epochs_run", "threads"]
    floats = ["val_mae", "last_val_error", "seconds", "tokens_per_second"]
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        dict.fromkeys(integers, "Int64") | dict.fromkeys(floats, "float64") | {"undisturbed": "boolean"}
    )


def _row(store: str, record: TrialRecord) -> dict[str, Any]:
    curve = record.learning_curve["val_error"]
    return {
        "store": store,
        "key": record.key,
        "trial": record.trial.name,
        "dataset": record.dataset,
        "fold": record.fold,
        "seed": record.seed,
        "outcome": record.outcome,
        "val_mae": record.val_mae,
        "last_val_error": curve[-1] if curve else None,
        "best_epoch": record.best_epoch,
        "epochs": record.recipe["epochs"],
        "epochs_run": len(curve),
        "seconds": record.seconds,
        "tokens_per_second": record.tokens_per_second,
        **machine(record.compute, record.platform, record.code),
        "undisturbed": record.undisturbed,
        "finished": record.finished,
    }
