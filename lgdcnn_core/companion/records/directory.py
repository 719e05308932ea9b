"""Read and write stores of sealed records: a directory with one subdirectory per record, for every kind of record."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import pandas as pd

from lgdcnn_core.companion.records import places, sealed
from lgdcnn_core.companion.records.sealed import RECORD, WAY_OUT, BrokenRecord
from lgdcnn_core.companion.records.sealed_record import SealedRecord

R = TypeVar("R", bound=SealedRecord)


class Keyed(Protocol):
    """A record or the specification of one: anything with a place in a store."""

    @property
    def key(self) -> str:
        """Path of its subdirectory."""


@dataclass(frozen=True)
class RecordDirectory(Generic[R]):
    """A directory of records, written atomically and never overwritten, read with every hash checked.

    A record's key is the path of its subdirectory, which holds ``record.json`` and the other files. The record states
    the hash of each other file. Each kind of record has its own subclass, which names the record's class as ``kind``.

    Attributes
    ----------
    name
        ``"committed"`` for the records of this repository, ``"local"`` for records made on this machine.
    path
        The directory; it need not exist before the first record.
    """

    # The class is R, but the type of a class variable cannot say so.
    kind: ClassVar[type[Any]] = SealedRecord
    """Class of the records."""

    name: str
    path: Path

    @classmethod
    def committed(cls, *within: str) -> Self | None:
        """Return the committed store, in ``data/`` of the checkout; None if the package is installed without one.

        Parameters
        ----------
        *within
            Subdirectories of the kind's directory, where one kind has several stores.
        """
        path = places.committed(cls._directory(within))
        return None if path is None else cls("committed", path)

    @classmethod
    def local(cls, *within: str) -> Self:
        """Return this machine's store, see `places.local`; the parameters are as in `committed`."""
        return cls("local", places.local(cls._directory(within)))

    @classmethod
    def both(cls, *within: str) -> list[Self]:
        """Return the committed store, if there is one, and this machine's; the parameters are as in `committed`."""
        found = cls.committed(*within)
        return [*([] if found is None else [found]), cls.local(*within)]

    @classmethod
    def _directory(cls, within: Iterable[str]) -> str:
        return "/".join(filter(None, [cls.kind.DIRECTORY, *within]))

    def __contains__(self, key: str) -> bool:
        return _occupied(self.path / key)

    def keys(self) -> Iterator[str]:
        """Yield the keys of all records, sorted."""
        for file in sorted(self.path.glob(f"{'*/' * self.kind.LEVELS}{RECORD}")):
            key = file.parent.relative_to(self.path)
            # A directory whose name begins with a dot is a record that a killed process left unfinished.
            if not key.name.startswith(".") and key.parts[0] not in places.OTHERS:
                yield key.as_posix()

    def title(self, key: str) -> str:
        """Name a record for an error message."""
        return f"{self.kind.CALLED} {key} of the {self.name} store"

    def text(self, key: str) -> str:
        """Return the text of a record's JSON file.

        Raises
        ------
        KeyError
            If there is no such record.
        BrokenRecord
            If its file cannot be read.
        """
        try:
            return sealed.read(self.path / key / RECORD, self.title(key)).decode()
        except FileNotFoundError:
            if key in self:
                raise BrokenRecord(f"{self.title(key)} has no {RECORD}. {WAY_OUT}") from None
            raise KeyError(f"no {self.title(key)}") from None
        except UnicodeDecodeError as error:
            raise BrokenRecord(f"{RECORD} of {self.title(key)} is not UTF-8 text ({error}). {WAY_OUT}") from error

    def read(self, key: str) -> R:
        """Return the record with this key, after checking its other files against it.

        Raises
        ------
        KeyError
            If there is none.
        lgdcnn_core.companion.runs.BrokenRecord
            If any of its files has changed since it was written; the message names the file.
        """
        return self.read_with_files(key)[0]

    def read_with_files(self, key: str) -> tuple[R, dict[str, bytes]]:
        """Return the record with this key and the bytes of its other files, checked as `read` does."""
        name = self.title(key)
        found: R = self.kind.from_json(self.text(key), name)
        if found.key != key:
            raise BrokenRecord(f"{name} holds the {self.kind.CALLED} {found.key}. {WAY_OUT}")
        return found, {
            file: sealed.read_checked(self.path / key, file, sha256, name) for file, sha256 in found.files.items()
        }

    def records(self) -> dict[str, R]:
        """Read all records, by key."""
        return {key: self.read(key) for key in self.keys()}

    def write(self, record: R, files: Mapping[str, bytes] | None = None) -> None:
        """Add a record and its other files in one step: a killed process leaves none of these files.

        Parameters
        ----------
        record
            The record; it holds the hashes of `files`.
        files
            Bytes of each other file, by name.

        Raises
        ------
        lgdcnn_core.companion.runs.RecordExists
            If the store already has a record with this key.
        """
        files = files or {}
        assert record.files == sealed.hashes(files)
        sealed.write_directory(self.path / record.key, {**files, RECORD: record.to_json().encode()})

    def keep(self, record: R, files: Mapping[str, bytes] | None = None) -> R:
        """Add a record as `write` does, unless another process added it first; return the record in the store."""
        with suppress(sealed.RecordExists):
            self.write(record, files)
        return self.read(record.key)

    def discard(self, record: Keyed | str) -> None:
        """Remove a record, if there is one, so that it can be made again; takes a key, record or specification."""
        shutil.rmtree(self.path / _key(record), ignore_errors=True)

    def origin(self, records: Iterable[Keyed | str]) -> dict[str, Any]:
        """Return the origin of a figure of these keys, records or specifications; see `origin`."""
        return origin((self, each) for each in records)


def origin(records: Iterable[tuple[RecordDirectory[Any], Keyed | str]]) -> dict[str, Any]:
    """Return the origin of a figure of these records: ``records`` and ``stores``, as `figures.save` takes them.

    Each key begins with the directory of its kind, so that one figure may use records of two kinds.
    """
    stores: dict[str, RecordDirectory[Any]] = {}
    rows = []
    for store, record in records:
        place = store.path / _key(record)
        top = [store.path, *store.path.parents][store.kind.BELOW]
        stores[store.name] = RecordDirectory(store.name, top)
        rows.append((store.name, place.relative_to(top).as_posix()))
    return {"records": pd.DataFrame(rows, columns=["store", "key"]), "stores": list(stores.values())}


def _occupied(place: Path) -> bool:
    """Tell whether anything is there except an empty directory, which a new record may replace."""
    try:
        return any(place.iterdir())
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        return True


def _key(record: Keyed | str) -> str:
    return record if isinstance(record, str) else record.key
