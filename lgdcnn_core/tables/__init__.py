"""Tables as people have them: csv, tsv, xlsx and parquet files to DataFrames of formulas and targets.

`Source` is a file whose separator, encoding and column of formulas are known; it is read whole, with numbers, or in
chunks of text. `formula_column`, `target_columns` and `named` find the columns of a DataFrame. They say what they
assumed, and raise `UnreadableTable` where they would have to guess.
"""

from lgdcnn_core.tables.columns import formula_column, named, target_columns
from lgdcnn_core.tables.errors import UnreadableTable
from lgdcnn_core.tables.source import ENDINGS, Source, is_table

__all__ = ["ENDINGS", "Source", "UnreadableTable", "formula_column", "is_table", "named", "target_columns"]
