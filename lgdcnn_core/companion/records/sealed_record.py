"""A sealed record: named fields, and their form on disk; what the records of all kinds share."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

from lgdcnn_core.companion.records import sealed


class Plain(Protocol):
    """What can be made of plain values again: a specification within a record."""

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Make it of plain values."""


@dataclass(frozen=True)
class SealedRecord(ABC):
    """A record; each kind adds its fields, all of which JSON has or which are named in `_nested`."""

    FORMAT: ClassVar[int] = 1
    """Version of the fields that new records have."""
    SINCE: ClassVar[Mapping[str, int]] = {}
    """Fields that older formats lack, and the format that added each; in a record of an older one the field is None."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Directory of the record in its store."""

    @property
    def files(self) -> Mapping[str, str]:
        """sha256 of the bytes of each other file of the record: its field ``outputs``, if it has one."""
        return getattr(self, "outputs", {})

    @property
    def format(self) -> int:
        """Version of the fields of this record."""
        return min([self.FORMAT, *(since - 1 for name, since in self.SINCE.items() if getattr(self, name) is None)])

    @classmethod
    def _fields(cls, version: int) -> list[str]:
        """Names of the fields that records of a format have."""
        return [field.name for field in fields(cls) if cls.SINCE.get(field.name, version) <= version]

    @classmethod
    def _nested(cls) -> Mapping[str, type[Plain]]:
        """Fields that are no plain values, and what they are."""
        return {}

    def to_json(self) -> str:
        """Text of ``record.json``: one line a field, and a sha256 over all of them."""
        content = {name: getattr(self, name) for name in self._fields(self.format)}
        plain = {name: content[name].as_dict() for name in self._nested()}
        return sealed.seal(content | plain, self.format)

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Record from the text of its ``record.json``.

        Parameters
        ----------
        text
            What `to_json` made.
        name
            What an error calls the record.

        Raises
        ------
        lgdcnn_core.companion.runs.BrokenRecord
            If it is not what `to_json` made.
        """
        versions = {cls.FORMAT, *(since - 1 for since in cls.SINCE.values())}
        content = sealed.unseal(text, name, {version: cls._fields(version) for version in versions})
        made = {field: kind.from_dict(content[field]) for field, kind in cls._nested().items()}
        return cls(**content | made)
