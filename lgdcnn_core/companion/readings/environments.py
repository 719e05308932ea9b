"""CECV readings: the EFMs, clusters and CECVs of the compounds that contain one element, layer by layer."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lgdcnn_core import cecv
from lgdcnn_core.cecv import CECV, RULES, SIZES, THRESHOLDS, LayerEFMs
from lgdcnn_core.companion.readings.making import Findings, Stopwatch
from lgdcnn_core.companion.readings.network import Trained
from lgdcnn_core.companion.readings.record import Reading, ReadingRecord, ReadingStore
from lgdcnn_core.companion.readings.spec import ReadingSpec
from lgdcnn_core.composition import Compositions, parse
from lgdcnn_core.composition.order import electronegativities
from lgdcnn_core.training import Layout

FILE = "environments.parquet"

LABELS_RULE = "published"
"""Rule whose labels are stored. Labels by the other rules follow from the EFMs, but would double the files."""

RowOrder = Literal["amount", "electronegativity", "atomic number"]

_EFM, _CLUSTER = "efm: ", "cluster: "


@dataclass(frozen=True, eq=False)
class Environments(Reading):
    """EFMs, clusters and CECVs of one element's compounds in a network's layers.

    Attributes
    ----------
    compounds
        One row per compound, by size and then in data-set order: ``row`` (position in the data set), ``formula``,
        ``elements`` (atomic numbers in the order of the EFM's rows), ``size``.
    """

    compounds: pd.DataFrame
    _columns: dict[str, NDArray[Any]]

    def cecv(self, layer: str, rule: str = "published") -> CECV:
        """Return the CECV of a layer, from the recorded counts."""
        settings, results = self.record.settings, self.record.results
        return CECV(
            tuple(settings["thresholds"]),
            tuple(settings["sizes"]),
            np.array(results["clusters"][rule][layer], dtype=np.intp),
            np.array(results["compounds"], dtype=np.intp),
            rule,
        )

    def efms(self, layer: str, rows: RowOrder = "amount") -> dict[int, NDArray[np.float32]]:
        """Return the EFMs of a layer by size, (n, N, N), as `cecv.CECV.from_efms` and the bands take them.

        Their rows are the elements by descending amount, as recorded and as in the paper, or else ascending.
        """
        values, sizes, result, start = self._columns[_EFM + layer], self._sizes, {}, 0
        for size in self.record.settings["sizes"]:
            n, upper = int(np.count_nonzero(sizes == size)), np.triu_indices(size, k=1)
            stop = start + n * len(upper[0])
            stack = np.tile(np.eye(size, dtype=np.float32), (n, 1, 1))
            stack[:, *upper] = values[start:stop].reshape(n, len(upper[0]))
            stack[:, *upper[::-1]] = stack[:, *upper]
            result[size], start = stack, stop
        return result if rows == "amount" else {size: self._reordered(stack, rows) for size, stack in result.items()}

    def labels(self, layer: str, threshold: float, rule: str = "published") -> NDArray[np.intp]:
        """Return the cluster of each compound, (B,), numbered 0, 1, ... within its size; in the order of `compounds`.

        Raises
        ------
        lgdcnn_core.cecv.CECVError
            As in `cecv.clusters`.
        """
        thresholds = self.record.settings["thresholds"]
        if rule == LABELS_RULE and threshold in thresholds:
            stored = self._columns[_CLUSTER + layer].reshape(-1, len(thresholds))
            return stored[:, thresholds.index(threshold)].astype(np.intp)
        parts = [cecv.clusters(stack, threshold, rule) for stack in self.efms(layer).values()]
        return np.concatenate(parts)

    def _reordered(self, efms: NDArray[np.float32], rows: RowOrder) -> NDArray[np.float32]:
        """Put the rows and columns of all EFMs of one size, (n, N, N), into another order."""
        size = efms.shape[1]
        elements = np.array(self.compounds.loc[self._sizes == size, "elements"].tolist(), np.intp).reshape(-1, size)
        order = np.argsort(elements if rows == "atomic number" else electronegativities()[elements], axis=1)
        return np.take_along_axis(np.take_along_axis(efms, order[:, :, None], axis=1), order[:, None, :], axis=2)

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        return self.compounds["size"].to_numpy()


def measure(spec: ReadingSpec, trained: Trained) -> Findings:
    """Read the layers of a trained network and cluster their EFMs.

    We compute all counts and labels from the EFMs as they are stored, in float32, so that a reader of the file gets the
    same values.
    """
    watch = Stopwatch()
    formulas = trained.data["formula"].to_numpy()
    with watch.time("layers"):
        # We run no other compounds: in either setting a compound's result does not depend on the others.
        rows = _rows(parse(formulas), spec, trained.model.layout_)
        batches = trained.model.batches(formulas[rows])
        read = cecv.layer_efms(trained.model.network_, batches, spec.focus, SIZES)
    efms = {
        layer: {size: stack.astype(np.float32) for size, stack in by_size.items()}
        for layer, by_size in read.efms.items()
    }
    counts: dict[str, dict[str, Any]] = {}
    for rule in RULES:
        with watch.time(rule):
            counts[rule] = {
                layer: CECV.from_efms(by_size, THRESHOLDS, rule).counts_by_size.tolist()
                for layer, by_size in efms.items()
            }
    return Findings(
        settings={"thresholds": list(THRESHOLDS), "sizes": list(SIZES), "labels_rule": LABELS_RULE},
        layers=list(efms),
        results={"compounds": [len(read.rows[size]) for size in SIZES], "clusters": counts},
        files={FILE: _file(read, rows, formulas, efms)},
        seconds=watch.seconds,
    )


def _rows(compositions: Compositions, spec: ReadingSpec, layout: Layout) -> NDArray[np.int64]:
    """Return the positions of the compounds of `SIZES` that contain the element, in data-set order."""
    rows = compositions.containing(spec.focus)
    rows = rows[np.isin(compositions.lengths[rows], SIZES)]
    if not len(rows):
        raise cecv.CECVError(
            f"no compound of {SIZES[0]} to {SIZES[-1]} elements in the {spec.part} data contains {spec.element}"
        )
    longest = int(compositions.lengths[rows].max())
    if layout.setting == "published" and longest > layout.n_max:
        raise cecv.CECVError(
            f"a compound with {spec.element} has {longest} elements, but this network in the padded setting cuts "
            f"all compounds to {layout.n_max}, the most in its training data: train it on more compounds"
        )
    return rows


def view(record: ReadingRecord, store: ReadingStore, files: dict[str, bytes]) -> Environments:
    """Open the record's files."""
    table = pq.read_table(io.BytesIO(files[FILE]))
    columns: dict[str, NDArray[Any]] = {}
    for name in table.column_names:
        if name.startswith((_EFM, _CLUSTER)):
            columns[name] = table.column(name).combine_chunks().flatten().to_numpy()
    compounds = table.select(["row", "formula", "elements"]).to_pandas()
    compounds["size"] = compounds["elements"].str.len().astype(np.int64)
    return Environments(record, store, compounds, columns)


def _file(
    read: LayerEFMs,
    rows: NDArray[np.int64],
    formulas: NDArray[np.object_],
    efms: dict[str, dict[int, NDArray[np.float32]]],
) -> bytes:
    """Return the bytes of the Parquet file: one row per compound, in the order of sizes."""
    places = np.concatenate([rows[read.rows[size]] for size in SIZES])
    sizes = np.concatenate([np.full(len(read.rows[size]), size) for size in SIZES])
    elements = np.concatenate([read.atomic_numbers[size].ravel() for size in SIZES])
    columns = {
        "row": pa.array(places.astype(np.int32)),
        "formula": pa.array(formulas[places].tolist()),
        "elements": _lists(elements.astype(np.uint8), sizes),
    }
    for layer, by_size in efms.items():
        entries = [stack[:, *np.triu_indices(size, k=1)].ravel() for size, stack in by_size.items()]
        columns[_EFM + layer] = _lists(np.concatenate(entries), sizes * (sizes - 1) // 2)
        labels = [cecv.clusters(by_size[size], THRESHOLDS, LABELS_RULE).T for size in SIZES]
        assert max(len(part) for part in labels) <= np.iinfo(np.uint16).max
        stored = np.concatenate(labels).astype(np.uint16).ravel()
        columns[_CLUSTER + layer] = _lists(stored, np.full(len(sizes), len(THRESHOLDS)))
    table = pa.table(columns)
    # Numbers of full precision compress best when bytes of the same significance lie together.
    split = [f"{name}.list.element" for name in table.column_names if name.startswith(_EFM)]
    plain = ["row", "formula", *(f"{name}.list.element" for name in table.column_names if name.startswith(_CLUSTER))]
    sink = io.BytesIO()
    pq.write_table(
        table, sink, compression="zstd", compression_level=19, use_dictionary=plain, use_byte_stream_split=split
    )
    return sink.getvalue()


def _lists(values: NDArray[Any], lengths: NDArray[np.int64]) -> pa.ListArray:
    """Split values into consecutive Arrow lists of these lengths."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))
