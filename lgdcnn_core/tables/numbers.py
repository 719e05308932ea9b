"""Numbers as people write them: decimal commas, thousands, gaps."""

import re

import pandas as pd

from lgdcnn_core.tables.errors import UnreadableTable

GAPS = frozenset(("", "-", "--", "?", "n/a", "na", "nan", "nil", "none", "null", "#n/a", "<na>"))
"""Texts, without case, that stand for a missing number. Among formulas they do not: NaN is sodium nitride."""

_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}([. \u00a0\u202f]\d{3})+)(,\d+)?(e[+-]?\d+)?", re.IGNORECASE)
"""A number with a decimal comma, or none, and points or blanks between thousands."""

_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""A comma in it may be decimal, or stand between thousands."""


def with_numbers(column: "pd.Series[str]") -> tuple["pd.Series[float] | pd.Series[str]", bool]:
    """Turn a column of text into numbers, NaN in the gaps, if all of it are numbers.

    Returns
    -------
    column
        float64, or unchanged if it holds other text too.
    commas
        Whether its numbers have decimal commas.

    Raises
    ------
    UnreadableTable
        If every comma in it may be decimal, or stand between thousands.
    """
    text = column.astype(str).str.strip()
    gaps = text.str.casefold().isin(GAPS)
    known = text[~gaps]
    if pd.to_numeric(known, errors="coerce").notna().all():
        return known.astype(float).reindex(column.index), False
    with_comma = known[known.str.contains(",", regex=False)]
    if with_comma.empty or not known.map(lambda each: bool(_COMMA.fullmatch(each))).all():
        return column, False
    if with_comma.map(lambda each: bool(_EITHER.fullmatch(each))).all():
        raise UnreadableTable(
            f"in the column {str(column.name)!r}, numbers such as {with_comma.iloc[0]!r} may have a decimal comma or a "
            "comma between thousands: write them with a decimal point, and without a mark between thousands"
        )
    points = known.str.replace(r"[.\s\u00a0\u202f]", "", regex=True).str.replace(",", ".", regex=False)
    return points.astype(float).reindex(column.index), True
