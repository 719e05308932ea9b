"""A sealed record: its fields, and its form on disk. A subclass declares everything specific to its kind."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Self, get_type_hints

from lgdcnn_core.companion.records import sealed


@dataclass(frozen=True)
class SealedRecord(ABC):
    """A record. Each kind adds its fields: values that JSON has, and specifications, which are dataclasses.

    A specification whose plain values differ from those of `dataclasses.asdict` has a method ``as_dict``. Calling its
    class with the plain values makes the specification again.
    """

    CALLED: ClassVar[str] = "record"
    """Name of a record of this kind in error messages."""
    DIRECTORY: ClassVar[str]
    """Directory of the stores of this kind, beside the directories of other kinds."""
    LEVELS: ClassVar[int] = 2
    """Number of parts of a key."""
    BELOW: ClassVar[int] = 1
    """Number of directories that precede a key in a figure's list of records, so that the list may name two kinds."""
    FORMAT: ClassVar[int] = 1
    """Version of the fields that new records have."""
    SINCE: ClassVar[Mapping[str, int]] = {}
    """Fields that older formats lack, and the format that added each. A record of an older format has None there."""

    @property
    def key(self) -> str:
        """Directory of the record in its store: the key of its ``spec``, unless its kind defines another."""
        key: str = vars(self)["spec"].key
        return key

    @property
    def files(self) -> Mapping[str, str]:
        """sha256 of the bytes of each other file of the record: its field ``outputs``, if it has one."""
        return getattr(self, "outputs", {})

    @property
    def format(self) -> int:
        """Version of the fields of this record."""
        return min([self.FORMAT, *(since - 1 for name, since in self.SINCE.items() if getattr(self, name) is None)])

    def to_json(self) -> str:
        """Return the text of ``record.json``: one line per field, and a sha256 over all of them."""
        return sealed.seal({name: plain(getattr(self, name)) for name in _names(type(self), self.format)}, self.format)

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Make a record from the text of its ``record.json``.

        Parameters
        ----------
        text
            Text from `to_json`.
        name
            Name of the record in error messages.

        Raises
        ------
        lgdcnn_core.companion.runs.BrokenRecord
            If `to_json` did not make the text, or this package does not know its specification.
        """
        versions = {cls.FORMAT, *(since - 1 for since in cls.SINCE.values())}
        content = sealed.unseal(text, name, {version: _names(cls, version) for version in versions})
        try:
            return made(cls, content)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise sealed.BrokenRecord(f"{name} comes from another version of this package: {error}") from error


def _names(kind: type[SealedRecord], version: int) -> list[str]:
    """Return the names of the fields that records of a kind and format have."""
    return [field.name for field in fields(kind) if kind.SINCE.get(field.name, version) <= version]


def plain(value: Any) -> Any:
    """Return a specification, or any other field, as values that JSON has."""
    if not is_dataclass(value) or isinstance(value, type):
        return value
    if hasattr(value, "as_dict"):
        return value.as_dict()
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def made(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """Make a record or a specification again from its `plain` values."""
    nested = {name: made(part, values[name]) for name, part in _specifications(kind).items()}
    return kind(**{**values, **nested})


def _specifications(kind: type[Any]) -> Mapping[str, type[Any]]:
    """Return the fields of a dataclass that are dataclasses themselves, with the class of each."""
    hints = get_type_hints(kind)
    found = {field.name: hints[field.name] for field in fields(kind)}
    return {name: hint for name, hint in found.items() if isinstance(hint, type) and is_dataclass(hint)}
