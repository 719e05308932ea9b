"""A long output as pieces, each a file that appears whole; put together at the end."""

import csv
import json
import multiprocessing
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lgdcnn_core.cli.queues import received
from lgdcnn_core.files import written_whole
from lgdcnn_core.tables import UnreadableTable
from lgdcnn_core.tables.source import COLUMNS, require_package

SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class Output:
    """The output of a long computation, row by row, and the rows that it rejected.

    Attributes
    ----------
    path
        A csv, tsv or parquet file.
    directory
        Directory of the pieces, beside it; it is there until the output is whole.
    """

    path: Path
    directory: Path

    @classmethod
    def at(cls, path: Path, made_from: dict[str, Any]) -> "Output":
        """Return the output, with the pieces that were made before from the same; others are removed.

        Raises
        ------
        UnreadableTable
            If the name of the file is of no kind that can be written.
        OSError
            If nothing can be written there.
        """
        if path.suffix.lower() not in (*SEPARATORS, *COLUMNS):
            raise UnreadableTable(f"{path}: predictions are written as {', '.join((*SEPARATORS, *COLUMNS))}")
        if path.suffix.lower() in COLUMNS:
            require_package(path, "pyarrow")
        directory = path.with_name(f".{path.name}.pieces")
        label = directory / "made_from.json"
        expected = json.dumps(made_from)
        if not label.is_file() or label.read_text(encoding="utf-8") != expected:
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
            label.write_text(expected, encoding="utf-8")
        return cls(path, directory)

    @property
    def rejected(self) -> Path:
        """File of the rejected rows, with their reasons."""
        return self.path.with_name(f"{self.path.stem}.rejected.csv")

    def done(self) -> set[int]:
        """Return the numbers of the pieces that are there."""
        return {int(file.name.partition(".")[0]) for file in self._files(".rejected.csv")}

    def write(self, number: int, table: pd.DataFrame, rejected: pd.DataFrame) -> None:
        """Write a piece; it counts once its rejected rows are there too."""
        with written_whole(self.directory / f"{number:08}{self.path.suffix}") as file:
            if self.path.suffix.lower() in COLUMNS:
                table.to_parquet(file, index=False)
            else:
                table.to_csv(file, sep=SEPARATORS[self.path.suffix.lower()], index=False, header=number == 0)
        with written_whole(self.directory / f"{number:08}.rejected.csv") as file:
            rejected.to_csv(file, index=False, header=number == 0)

    def finish(self) -> int:
        """Put the pieces together, remove them, and return the number of rejected rows."""
        files = self._files(self.path.suffix, but=".rejected.csv")
        with written_whole(self.path) as whole:
            if self.path.suffix.lower() in COLUMNS:
                _join_columns(files, whole)
            else:
                _join_lines(files, whole)
        with written_whole(self.rejected) as whole:
            _join_lines(self._files(".rejected.csv"), whole)
        with self.rejected.open(encoding="utf-8", newline="") as file:
            n_rejected = sum(1 for _ in csv.reader(file)) - 1
        if not n_rejected:
            self.rejected.unlink()
        shutil.rmtree(self.directory)
        return n_rejected

    def _files(self, ending: str, but: str | None = None) -> list[Path]:
        found = sorted(self.directory.glob(f"[0-9]*{ending}"))
        return [file for file in found if but is None or not file.name.endswith(but)]


def _join_lines(files: list[Path], whole: Path) -> None:
    """Join text files; the first one names the columns."""
    with whole.open("wb") as joined:
        for file in files:
            with file.open("rb") as piece:
                shutil.copyfileobj(piece, joined, 2**20)


def _join_columns(files: list[Path], whole: Path) -> None:
    from pyarrow import parquet, unify_schemas

    # A column without a value in a piece has no type there.
    schema = unify_schemas([parquet.read_schema(file) for file in files], promote_options="permissive")
    with parquet.ParquetWriter(whole, schema) as writer:
        for file in files:
            writer.write_table(parquet.read_table(file).cast(schema))


def write_pieces(output: Output, predicted: Any) -> None:
    """Write pieces in a process of its own."""
    for piece in received(predicted, multiprocessing.parent_process()):
        output.write(*piece)
