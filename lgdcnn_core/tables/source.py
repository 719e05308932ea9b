"""A file with a table: find out how it is written, then read it whole or in chunks."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from lgdcnn_core.tables.columns import formula_column, index_columns, plain
from lgdcnn_core.tables.errors import UnreadableTable
from lgdcnn_core.tables.numbers import with_numbers

TEXT, SHEET, COLUMNS = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm"), (".parquet", ".pq")
COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
ENDINGS = (*TEXT, *SHEET, *COLUMNS)

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
LINES_LOOKED_AT = 50

_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""Byte-order marks, and the encodings that they stand for."""


def is_table(name: str) -> bool:
    """Return whether a text is the name of a file of a kind that `Source` reads, and not a formula."""
    return _ending(Path(name)) in ENDINGS


def require_package(path: Path, package: str) -> None:
    """Raise, with the way out, if the package for files of this kind is not installed.

    Raises
    ------
    ImportError
        If it is not.
    """
    try:
        import_module(package)
    except ImportError as error:
        raise ImportError(f"{path}: {path.suffix} files need the package {package}: pip install {package}") from error


@dataclass(frozen=True)
class Source:
    """A file with a table.

    Attributes
    ----------
    path
        The file.
    columns
        Names of its columns, without a saved index.
    formula
        Name of the column of formulas.
    said
        What was assumed about the file, a sentence each; nothing for a plain csv file with a column ``formula``.
    """

    path: Path
    columns: tuple[str, ...]
    formula: str
    said: tuple[str, ...] = ()
    _options: dict[str, Any] = field(default_factory=dict, repr=False)
    _index: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: str | Path, formula: str | None = None) -> "Source":
        """Find out how a file is written.

        Parameters
        ----------
        path
            A csv, tsv or txt file (fields between commas, semicolons, tabs or bars; UTF-8 or UTF-16; perhaps
            compressed), an xlsx file, whose first sheet counts, or a parquet file.
        formula
            Name of the column of formulas, see `formula_column`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        UnreadableTable
            If it is of another kind, or it is not clear how to read it. The message names the file.
        ImportError
            If the package for files of this kind is not installed; the message names it.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"no table at {path}")
        ending = _ending(path)
        if ending not in ENDINGS:
            raise UnreadableTable(f"{path} is none of {', '.join(ENDINGS)}: read it with pandas, and give the table")
        try:
            said, options = _dialect(path, formula) if ending in TEXT else ([], {})
            names = [str(name) for name in _head(path, ending, options).columns]
            index = index_columns(names)
            columns = [name for name in names if name not in index]
            found = str(formula_column(columns, formula))
        except UnreadableTable as error:
            raise UnreadableTable(f"{path}: {error}") from error
        if index:
            said.append("the first column, without a name, is an index and not used")
        if found != "formula" and found != formula:
            said.append(f"formulas are in the column {found!r}")
        return cls(path, tuple(columns), found, tuple(said), options, tuple(map(str, index)))

    def frame(self) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Read the whole table.

        Returns
        -------
        frame
            Formulas as text; other columns as numbers where all of their values are, NaN in gaps, else as text.
        said
            What was assumed about its numbers, a sentence each.

        Raises
        ------
        UnreadableTable
            If numbers can be read in two ways; or if the file is damaged.
        """
        frame = pd.concat(self.chunks())
        said = []
        for name in self.columns:
            if name == self.formula:
                continue
            if pd.api.types.is_numeric_dtype(frame[name]):
                continue
            try:
                frame[name], commas = with_numbers(frame[name])
            except UnreadableTable as error:
                raise UnreadableTable(f"{self.path}: {error}") from error
            if commas:
                said.append(f"numbers in the column {name!r} have decimal commas")
        return frame, tuple(said)

    def n_rows(self) -> int | None:
        """Return the number of rows, if it can be told without parsing; in a text file, of its lines."""
        if self.path.suffix.lower() in TEXT:
            with self.path.open("rb") as file:
                return max(sum(block.count(b"\n") for block in iter(lambda: file.read(2**20), b"")) - 1, 0)
        return int(_parquet(self.path).metadata.num_rows) if _ending(self.path) in COLUMNS else None

    def chunks(self, rows: int | None = None) -> Iterator[pd.DataFrame]:
        """Read the table piece by piece.

        Parameters
        ----------
        rows
            Rows of each piece; None reads all in one.

        Yields
        ------
        DataFrame
            At least one piece; its columns are `columns`, its index counts rows from 0 in the whole file. Text files
            give text, as it is written, "" in gaps; a parquet file gives its own types.
        """
        start = 0
        try:
            for piece in _pieces(self.path, self._options, rows):
                piece = piece.rename(columns=str)[list(self.columns)]
                if self._options:
                    piece = piece.fillna("")  # of rows with fewer fields than the others
                piece.index = pd.RangeIndex(start, start + len(piece))
                start += len(piece)
                yield piece
        except (UnicodeError, csv.Error, pd.errors.ParserError, EOFError, KeyError) as error:
            raise UnreadableTable(f"{self.path} cannot be read as a table: {error}") from error


def _ending(path: Path) -> str:
    """Return the ending of a name in lower case, without that of a compression."""
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] in COMPRESSED:
        endings.pop()
    return endings[-1] if endings else ""


def _dialect(path: Path, formula: str | None) -> tuple[list[str], dict[str, Any]]:
    """Return the options with which pandas reads a text file, and what was assumed."""
    with _opened(path) as file:
        start = file.read(4)
    encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), "utf-8")
    try:
        with _opened(path) as file:
            raw = [line for _, line in zip(range(LINES_LOOKED_AT), file, strict=False)] if encoding != "utf-16" else []
            text = file.read().decode(encoding) if encoding == "utf-16" else b"".join(raw).decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableTable(f"it is not in UTF-8 ({error.reason} at byte {error.start}): save it as UTF-8") from error
    lines = [line for line in text.splitlines()[:LINES_LOOKED_AT] if line.strip()]
    if not lines:
        raise UnreadableTable("it is empty")
    separator = _separator(lines, formula)
    header, *rows = csv.reader(lines, delimiter=separator)
    if longer := next((number for number, row in enumerate(rows, 2) if len(row) > len(header)), None):
        raise UnreadableTable(f"line {longer} has more fields than the first line, which names {len(header)} columns")
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        raise UnreadableTable(f"several columns have one name: {', '.join(map(repr, repeated))}")
    said = [f"fields are separated by {SEPARATORS[separator]}"] if separator not in (",", "\t") else []
    if encoding == "utf-16":
        said.append("it is in UTF-16")
    return said, {"sep": separator, "encoding": encoding, "dtype": str, "keep_default_na": False}


def _separator(lines: list[str], formula: str | None) -> str:
    """Return the separator of a text file, given its first lines."""
    fields = {mark: [len(row) for row in csv.reader(lines, delimiter=mark)] for mark in SEPARATORS}
    several = [mark for mark, counts in fields.items() if counts[0] > 1]
    if not several:
        return ","
    # A decimal comma is in rows and not in the header; a comma in the header's text is not in rows.
    even = [mark for mark in several if len(set(fields[mark])) == 1] or several
    if len(even) == 1:
        return even[0]
    telling = []
    for mark in even:
        try:
            formula_column(next(csv.reader(lines[:1], delimiter=mark)), formula)
            telling.append(mark)
        except UnreadableTable:
            continue
    if len(telling) == 1:
        return telling[0]
    may = " or ".join(SEPARATORS[mark] for mark in even)
    raise UnreadableTable(f"its fields may be separated by {may}: put texts that contain any of them in quotes")


def _opened(path: Path) -> Any:
    """Open a file, perhaps compressed, as bytes."""
    from pandas.io.common import get_handle

    return get_handle(path, "rb", compression="infer", is_text=False).handle


def _head(path: Path, ending: str, options: dict[str, Any]) -> pd.DataFrame:
    """Read the names of the columns."""
    if ending in COLUMNS:
        return _parquet(path).schema_arrow.empty_table().to_pandas()
    head = next(_pieces(path, {**options, "nrows": 1} if options else {}, None))
    if ending in TEXT and not any(plain(name) for name in head.columns):
        raise UnreadableTable("its first line names no columns")
    return head


def _pieces(path: Path, options: dict[str, Any], rows: int | None) -> Iterator[pd.DataFrame]:
    ending = _ending(path)
    if ending in COLUMNS:
        file = _parquet(path)
        sizes = {"batch_size": rows} if rows else {"batch_size": max(file.metadata.num_rows, 1)}
        found = False
        for batch in file.iter_batches(**sizes):
            found = True
            yield batch.to_pandas()
        if not found:
            yield file.schema_arrow.empty_table().to_pandas()
        return
    if ending in SHEET:
        whole = _sheet(path)
        for start in range(0, max(len(whole), 1), rows or max(len(whole), 1)):
            yield whole.iloc[start : start + (rows or len(whole))]
        return
    if rows is None:
        yield pd.read_csv(path, **options)
        return
    with pd.read_csv(path, chunksize=rows, **options) as reader:
        yield from reader


def _sheet(path: Path) -> pd.DataFrame:
    require_package(path, "openpyxl")
    try:
        whole = pd.read_excel(path, engine="openpyxl", keep_default_na=False, dtype=object)
    except Exception as error:  # of openpyxl and zipfile, of many kinds
        raise UnreadableTable(f"it is no xlsx file: {error}") from error
    empty = [name for name in whole.columns if re.match(r"Unnamed: \d+$", str(name)) and (whole[name] == "").all()]
    return whole.drop(columns=empty)


def _parquet(path: Path) -> Any:
    require_package(path, "pyarrow")
    from pyarrow import parquet

    try:
        return parquet.ParquetFile(path)
    except Exception as error:  # of pyarrow, of many kinds
        raise UnreadableTable(f"it is no parquet file: {error}") from error
