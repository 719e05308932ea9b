"""Stores of run records, and of their predictions."""

import io
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

import pandas as pd

from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.runs.parts import held_out
from lgdcnn_core.companion.runs.predictions import restored
from lgdcnn_core.companion.runs.record import PREDICTIONS, VALIDATION, RunRecord


class NoValidation(LookupError):
    """A record has no predictions for validation data."""


class Store(RecordDirectory[RunRecord]):
    """A directory of run records, ``<dataset>/<run>/{record.json,predictions.parquet,validation.parquet}``."""

    kind: ClassVar[type[RunRecord]] = RunRecord

    def predictions(self, key: str) -> pd.DataFrame:
        """Return the predictions of this record for the test part, checked as `read` does.

        Returns
        -------
        DataFrame
            Columns ``formula``, ``actual``, ``predicted``, ``uncertainty`` (standard deviation) in the unit of the
            property, for Matbench ``id`` as well; in classification ``predicted`` is the probability of class 1
            and ``uncertainty`` is missing. A record of format 2 keeps the last two in float32; the others come from
            the data set.

        Raises
        ------
        KeyError, BrokenRecord
            As in `read`.
        DifferentData
            If the data set here differs from the one that the record states.
        """
        record, files = self.read_with_files(key)
        if record.format == 1:
            return pd.read_parquet(io.BytesIO(files[PREDICTIONS]))
        return self._restored(record, files[PREDICTIONS], "test")

    def validation(self, key: str) -> pd.DataFrame:
        """Return the predictions of this record for the validation part, as `predictions` does for the test part.

        Raises
        ------
        NoValidation
            If the record has none: it has format 1, is of a part of the training data, or belongs to a refit, which
            trains on validation data too.
        KeyError, BrokenRecord, DifferentData
            As in `predictions`.
        """
        record, files = self.read_with_files(key)
        if record.spec.refit:
            apart = replace(record.spec, refit=False).key
            raise NoValidation(
                f"{self.title(key)} belongs to a refit, which trains on validation data too; {apart} keeps them apart"
            )
        if VALIDATION not in files:
            if record.format > 1:
                raise NoValidation(f"{self.title(key)} is of a part of the training data: it keeps none for validation")
            raise NoValidation(
                f"{self.title(key)} has format 1, which has no validation predictions: remove its directory and run "
                "again"
            )
        return self._restored(record, files[VALIDATION], "val")

    def _restored(self, record: RunRecord, content: bytes, part: Literal["val", "test"]) -> pd.DataFrame:
        return restored(content, held_out(record.spec, part, record.inputs[part], self.title(record.key)))


committed_store, local_store, both_stores = Store.committed, Store.local, Store.both


def by_name(stores: Iterable[Store] | None) -> dict[str, Store]:
    """Return stores by name; None means both, the committed and the local one."""
    return {store.name: store for store in (both_stores() if stores is None else stores)}
