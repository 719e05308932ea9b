"""A directory of sealed records, one subdirectory each: what the stores of all kinds of records share."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pandas as pd

from lgdcnn_core.companion.records import sealed
from lgdcnn_core.companion.records.sealed import WAY_OUT, BrokenRecord
from lgdcnn_core.companion.records.sealed_record import SealedRecord

RECORD = "record.json"

R = TypeVar("R", bound=SealedRecord)


class Keyed(Protocol):
    """What has a place in a store: a record, or the specification of one."""

    @property
    def key(self) -> str:
        """Path of its subdirectory."""


@dataclass(frozen=True)
class RecordDirectory(Generic[R]):
    """A directory of records, written atomically and never overwritten, read with every hash checked.

    A record's key is the path of its subdirectory, in which there is ``record.json`` and each file that the record
    states the hash of.

    Attributes
    ----------
    name
        ``"committed"``: what the project stands for; ``"local"``: what was made on this machine.
    path
        The directory; it need not exist before the first record.
    """

    # Of R, which a class variable cannot say.
    record: ClassVar[type[Any]] = SealedRecord
    """Class of the records."""
    levels: ClassVar[int] = 2
    """Parts of a key."""
    below: ClassVar[int] = 1
    """Directories between that of all stores of this name and this one's records."""
    holds: ClassVar[str] = "record"
    """What an error calls a record."""
    of: ClassVar[str] = "the record"
    """What an error calls that which a record's key names."""

    name: str
    path: Path

    def __contains__(self, key: str) -> bool:
        return (self.path / key / RECORD).is_file()

    def keys(self) -> Iterator[str]:
        """Keys of all records, sorted."""
        for file in sorted(self.path.glob(f"{'*/' * self.levels}{RECORD}")):
            # A directory with a dot is a record that a killed process did not finish writing.
            if not file.parent.name.startswith("."):
                yield file.parent.relative_to(self.path).as_posix()

    def title(self, key: str) -> str:
        """Give what an error calls this record."""
        return f"{self.holds} {key} of the {self.name} store"

    def text(self, key: str) -> str:
        """Text of a record's JSON file, as it stands there.

        Raises
        ------
        KeyError
            If there is no such record.
        """
        try:
            return (self.path / key / RECORD).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise KeyError(f"no {self.title(key)}") from None

    def read(self, key: str) -> R:
        """Record with this key, its other files checked against it.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.companion.runs.BrokenRecord
            If any of its files is not what was written; the message names it.
        """
        return self.read_with_files(key)[0]

    def read_with_files(self, key: str) -> tuple[R, dict[str, bytes]]:
        """Record with this key and the bytes of its other files, checked like `read`."""
        name = self.title(key)
        found: R = self.record.from_json(self.text(key), name)
        if found.key != key:
            raise BrokenRecord(f"{name} holds {self.of} {found.key}. {WAY_OUT}")
        return found, {
            file: sealed.read_checked(self.path / key, file, sha256, name) for file, sha256 in found.files.items()
        }

    def records(self) -> dict[str, R]:
        """Read all records, by key."""
        return {key: self.read(key) for key in self.keys()}

    def write(self, record: R, files: Mapping[str, bytes] | None = None) -> None:
        """Add a record and its other files: all of it, or after a kill nothing of it.

        Parameters
        ----------
        record
            The record; it holds the hashes of `files`.
        files
            Bytes of each other file, by name.

        Raises
        ------
        lgdcnn_core.companion.runs.RecordExists
            If there is one with its key.
        """
        files = files or {}
        assert record.files == sealed.hashes(files)
        sealed.write_directory(self.path / record.key, {**files, RECORD: record.to_json().encode()})

    def discard(self, record: Keyed | str) -> None:
        """Remove a record, if it is there, to make it again; given by its key, or by what has one."""
        shutil.rmtree(self.path / _key(record), ignore_errors=True)

    def origin(self, records: Iterable[Keyed | str]) -> dict[str, Any]:
        """Say where a figure of these comes from, given by their keys or by what has one; see `origin`."""
        return origin((self, each) for each in records)


def origin(records: Iterable[tuple[RecordDirectory[Any], Keyed | str]]) -> dict[str, Any]:
    """Say where a figure of these records comes from: ``records`` and ``stores``, as `figures.save` takes them.

    Their keys begin with the directory of their kind, so that records of two kinds may be in one figure.
    """
    stores: dict[str, RecordDirectory[Any]] = {}
    rows = []
    for store, record in records:
        place = store.path / _key(record)
        top = [store.path, *store.path.parents][store.below]
        stores[store.name] = RecordDirectory(store.name, top)
        rows.append((store.name, place.relative_to(top).as_posix()))
    return {"records": pd.DataFrame(rows, columns=["store", "key"]), "stores": list(stores.values())}


def _key(record: Keyed | str) -> str:
    return record if isinstance(record, str) else record.key
