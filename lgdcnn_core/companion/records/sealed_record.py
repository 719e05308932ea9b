"""A sealed record: named fields, and their form on disk. Its class declares all that is special to its kind."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Self, get_type_hints

from lgdcnn_core.companion.records import sealed


@dataclass(frozen=True)
class SealedRecord(ABC):
    """A record; each kind adds its fields: plain values, as JSON has them, and specifications, which are dataclasses.

    A specification may have ``as_dict``, where its plain values are not those of `dataclasses.asdict`; it is made again
    by calling its class with them.
    """

    CALLED: ClassVar[str] = "record"
    """Name of a record of this kind in error messages."""
    DIRECTORY: ClassVar[str]
    """Directory of the stores of this kind, beside those of others."""
    LEVELS: ClassVar[int] = 2
    """Parts of a key."""
    BELOW: ClassVar[int] = 1
    """Directories of its store that stand before a key in a figure's list of records, so that it may name two kinds."""
    FORMAT: ClassVar[int] = 1
    """Version of the fields that new records have."""
    SINCE: ClassVar[Mapping[str, int]] = {}
    """Fields that older formats lack, and the format that added each; in a record of an older one the field is None."""

    @property
    def key(self) -> str:
        """Directory of the record in its store: the key of its ``spec``, where its kind does not say otherwise."""
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
        """Text of ``record.json``: one line a field, and a sha256 over all of them."""
        return sealed.seal({name: plain(getattr(self, name)) for name in _names(type(self), self.format)}, self.format)

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Record from the text of its ``record.json``.

        Parameters
        ----------
        text
            What `to_json` made.
        name
            Name of the record in error messages.

        Raises
        ------
        lgdcnn_core.companion.runs.BrokenRecord
            If it is not what `to_json` made, or this package does not know its specification.
        """
        versions = {cls.FORMAT, *(since - 1 for since in cls.SINCE.values())}
        content = sealed.unseal(text, name, {version: _names(cls, version) for version in versions})
        try:
            return made(cls, content)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise sealed.BrokenRecord(f"{name} is of another version of this package: {error}") from error


def _names(kind: type[SealedRecord], version: int) -> list[str]:
    """Names of the fields that records of a kind and format have."""
    return [field.name for field in fields(kind) if kind.SINCE.get(field.name, version) <= version]


def plain(value: Any) -> Any:
    """Values that JSON has, of a specification or of any other field."""
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
    """Fields of a dataclass that are dataclasses in turn, and which."""
    hints = get_type_hints(kind)
    found = {field.name: hints[field.name] for field in fields(kind)}
    return {name: hint for name, hint in found.items() if isinstance(hint, type) and is_dataclass(hint)}
