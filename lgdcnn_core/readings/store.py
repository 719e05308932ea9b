"""Stores of readings: beside the stores of run records, written and checked in the same way."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lgdcnn_core.benchmarks.location import checkout
from lgdcnn_core.readings.record import ReadingRecord
from lgdcnn_core.readings.spec import Kind, ReadingSpec
from lgdcnn_core.runs import BrokenRecord, Store, local_store, sealed
from lgdcnn_core.runs.store import RECORD, VARIABLE

if TYPE_CHECKING:
    from lgdcnn_core.readings.embeddings import Embeddings
    from lgdcnn_core.readings.environments import Environments


@dataclass(frozen=True)
class ReadingStore:
    """A directory of readings of one kind, ``<dataset>/<run>/<part>_<element>/{record.json,*.parquet}``.

    Attributes
    ----------
    name
        ``"committed"`` or ``"local"``, as of the runs.
    path
        The directory; it need not exist before the first record.
    """

    name: str
    path: Path

    def __contains__(self, key: str) -> bool:
        return (self.path / key / RECORD).is_file()

    def keys(self) -> Iterator[str]:
        """Keys of all records, sorted."""
        for file in sorted(self.path.glob(f"*/*/*/{RECORD}")):
            # A directory with a dot is a record that a killed process did not finish writing.
            if not file.parent.name.startswith("."):
                yield file.parent.relative_to(self.path).as_posix()

    def read(self, key: str) -> tuple[ReadingRecord, dict[str, bytes]]:
        """Record with this key and the bytes of its other files, all checked.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.runs.BrokenRecord
            If any of its files is not what was written; the message names it.
        """
        directory = self.path / key
        name = f"reading {key} of the {self.name} store"
        try:
            text = (directory / RECORD).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise KeyError(f"no {name}") from None
        record = ReadingRecord.from_json(text, name)
        if record.spec.key != key:
            raise BrokenRecord(f"{name} holds the reading {record.spec.key}. {sealed.WAY_OUT}")
        return record, {
            file: sealed.read_checked(directory, file, sha256, name) for file, sha256 in record.outputs.items()
        }

    def write(self, record: ReadingRecord, files: Mapping[str, bytes]) -> None:
        """Add a record and its files: all of it, or after a kill nothing of it.

        Raises
        ------
        lgdcnn_core.runs.RecordExists
            If there is one with its key.
        """
        assert record.outputs == hashes(files)
        sealed.write_directory(self.path / record.spec.key, {**files, RECORD: record.to_json().encode()})

    def discard(self, spec: ReadingSpec) -> None:
        """Remove a record, if it is there, to make it again."""
        shutil.rmtree(self.path / spec.key, ignore_errors=True)


def hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    """sha256 of each file's bytes."""
    return {name: sealed.sha256(content) for name, content in files.items()}


def committed(kind: Kind) -> ReadingStore | None:
    """``data/cecv`` or ``data/embeddings`` of the checkout; None if the package is installed without one."""
    top = checkout()
    return None if top is None else ReadingStore("committed", top / "data" / kind)


def local(kind: Kind) -> ReadingStore:
    """``build/cecv`` or ``build/embeddings``; within the directory that LGDCNN_RUNS names, if it names one."""
    runs = local_store().path
    return ReadingStore("local", (runs if os.environ.get(VARIABLE) else runs.parent) / kind)


def origin(*readings: "Environments | Embeddings") -> dict[str, Any]:
    """Say where a figure of these readings comes from: what `figures.save` takes as ``records`` and ``stores``."""
    stores: dict[str, Store] = {}
    rows = []
    for each in readings:
        kind = each.record.spec.kind
        found = committed(kind) if each.store == "committed" else local(kind)
        assert found is not None
        stores[each.store] = Store(each.store, found.path.parent)
        rows.append((each.store, f"{kind}/{each.record.spec.key}"))
    return {"records": pd.DataFrame(rows, columns=["store", "key"]), "stores": list(stores.values())}
