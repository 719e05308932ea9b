"""Predictions of a part of a data set: as a table, and as the file that a record keeps.

The file keeps only the values that the run adds: ``row``, the position of a compound in its part, and in float32
``predicted`` and ``uncertainty``. Formulas, targets and the official ids of Matbench come from the data set.
"""

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import ArrayLike, NDArray

_SCHEMA = pa.schema([("row", pa.int32()), ("predicted", pa.float32()), ("uncertainty", pa.float32())])

# Neighbouring rows differ by one, and floats compress best with their bytes apart.
_ENCODING = {"row": "DELTA_BINARY_PACKED", "predicted": "BYTE_STREAM_SPLIT", "uncertainty": "BYTE_STREAM_SPLIT"}


def table(part: pd.DataFrame, predicted: ArrayLike, uncertainty: ArrayLike) -> pd.DataFrame:
    """Put predictions beside the compounds of a part.

    Parameters
    ----------
    part
        (B,) compounds: columns ``formula`` and ``target``.
    predicted, uncertainty
        (B,).

    Returns
    -------
    DataFrame
        Columns ``formula``, ``actual``, ``predicted``, ``uncertainty``; before them, for Matbench, ``id``.
    """
    columns = {"formula": part["formula"], "actual": part["target"], "predicted": predicted, "uncertainty": uncertainty}
    result = pd.DataFrame(columns, index=part.index)
    # The index of an extended set is a row number; Matbench's is the official id.
    return result.reset_index(drop=bool(pd.api.types.is_integer_dtype(part.index)))


def lean(predictions: pd.DataFrame) -> bytes:
    """Return a Parquet file of the predictions for all compounds of a part, in its order."""
    columns = {
        "row": np.arange(len(predictions), dtype=np.int32),
        "predicted": _float32(predictions["predicted"]),
        "uncertainty": _float32(predictions["uncertainty"]),
    }
    file = io.BytesIO()
    pq.write_table(
        pa.table(columns, schema=_SCHEMA),
        file,
        compression="zstd",
        use_dictionary=False,
        column_encoding=_ENCODING,
        store_schema=False,
    )
    return file.getvalue()


def restored(content: bytes, part: pd.DataFrame) -> pd.DataFrame:
    """Put formulas and targets back beside the predictions of a file that `lean` made; see `table`."""
    kept = pq.read_table(io.BytesIO(content)).to_pandas()
    return table(
        part.iloc[kept["row"].to_numpy()],
        kept["predicted"].to_numpy(dtype=float),
        kept["uncertainty"].to_numpy(dtype=float),
    )


def _float32(values: "pd.Series[float]") -> NDArray[np.float32]:
    return values.to_numpy(dtype=np.float32)
