"""A directory of sealed records, one subdirectory each: what the stores of all kinds of records share."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

RECORD = "record.json"


@dataclass(frozen=True)
class RecordDirectory:
    """A directory of records; a record's key is the path of its subdirectory.

    Attributes
    ----------
    name
        ``"committed"``: what the project stands for; ``"local"``: what was made on this machine.
    path
        The directory; it need not exist before the first record.
    """

    levels: ClassVar[int] = 2
    """Parts of a key."""
    holds: ClassVar[str] = "record"
    """What an error calls a record."""

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
