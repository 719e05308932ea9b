"""Tables as `runs.summarise` and `runs.ensembles` give them, from a few made-up numbers."""

import pandas as pd

from lgdcnn_core.companion.runs.table import GROUP


def summary(*rows):
    """Table as of `runs.summarise`, from (dataset, fold, model, mean, std, n) and changes of the other columns."""
    common = {"store": "committed", "recipe": "paper", "setting": "published", "epochs": 300}
    common |= {"train_fraction": 1.0, "refit": False}
    names = ("dataset", "fold", "model", "mean", "std", "n")
    table = pd.DataFrame(
        [common | dict(zip(names, row[:6], strict=True)) | (row[6] if len(row) > 6 else {}) for row in rows],
        columns=[*GROUP, "mean", "std", "n"],
    )
    return table.astype({"fold": "Int64", "epochs": "Int64", "mean": float, "std": float})


def ensembles(*rows):
    """Table as of `runs.ensembles`, from rows as `summary` takes them, without a spread."""
    return summary(*rows).drop(columns="std").rename(columns={"mean": "mae"}).assign(mae_low=0.0)
