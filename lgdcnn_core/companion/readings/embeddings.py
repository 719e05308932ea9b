"""Embedding readings: maps (UMAP) of elements, compounds and environments, layer by layer, with measures of order."""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pymatgen.core import Element
from sklearn.preprocessing import StandardScaler

from lgdcnn_core.companion.readings import features as layer_features
from lgdcnn_core.companion.readings.chemistry import block, environment, environments_in_order, group
from lgdcnn_core.companion.readings.making import Findings, Stopwatch
from lgdcnn_core.companion.readings.network import Trained
from lgdcnn_core.companion.readings.purity import COMPARED, COMPARED_ELEMENTS, nearest, shares
from lgdcnn_core.companion.readings.record import Reading, ReadingRecord, ReadingStore
from lgdcnn_core.companion.readings.spec import ReadingSpec
from lgdcnn_core.composition import parse

READ, MAPPED = 10_000, 2_000
"""Largest number of compounds read for the elements' means, and largest number mapped."""

RAREST = 5
"""Elements in fewer compounds than this have no mean worth drawing."""

SEED = 0
NEIGHBOURS = 15
MIN_DISTANCE = 0.1
"""UMAP's own defaults (L. McInnes et al., arXiv:1802.03426)."""

ELEMENTS, CORRELATIONS, COMPOUNDS, ENVIRONMENTS, NEIGHBOURS_OF_ATOMS = (
    f"{name}.parquet" for name in ("elements", "correlations", "compounds", "environments", "neighbours")
)


@dataclass(frozen=True, eq=False)
class Embeddings(Reading):
    """Maps of elements, compounds and one element's environments in a network's layers.

    The first layer is the embedding, which maps only elements.

    Attributes
    ----------
    elements
        ``layer``, ``atomic_number``, ``n`` (compounds), ``x``, ``y``.
    compounds
        ``layer``, ``row``, ``formula``, ``target``, ``x``, ``y``.
    environments
        ``layer``, ``row``, ``formula``, ``environment``, ``x``, ``y``.
    """

    elements: pd.DataFrame
    compounds: pd.DataFrame
    environments: pd.DataFrame
    _correlations: pd.DataFrame
    _neighbours: pd.DataFrame

    def named_elements(self) -> pd.DataFrame:
        """Return `elements` with the ``symbol``, ``block`` and ``group`` of each."""
        numbers = self.elements["atomic_number"]
        symbols = [Element.from_Z(number).symbol for number in numbers]
        return self.elements.assign(symbol=symbols, block=numbers.map(block), group=numbers.map(group))

    def in_order(self, layers: Sequence[str]) -> list[str]:
        """Return these layers in the order of the network, from the input to the output.

        Raises
        ------
        KeyError
            If the network has no such layer; the message lists its layers.
        """
        if unknown := [name for name in layers if name not in self.layers]:
            raise KeyError(f"no layer is called {unknown[0]!r}; there are {', '.join(self.layers)}")
        return [name for name in self.layers if name in layers]

    def kinds_of_environments(self) -> list[str]:
        """List all kinds of environments of the focus element, in a fixed order."""
        return environments_in_order(self.record.spec.focus)

    def correlations_by_symbol(self, layer: str) -> pd.DataFrame:
        """Return `correlations` by symbol, in the order of Mendeleev numbers, where similar elements are neighbours."""
        found = self.correlations(layer)
        order = sorted(found.index, key=lambda number: Element.from_Z(number).mendeleev_no)
        symbols = [Element.from_Z(number).symbol for number in order]
        return found.loc[order, order].set_axis(symbols).set_axis(symbols, axis=1)

    def correlation_table(self) -> pd.DataFrame:
        """Return the correlations in the first and the last layer as one table, to three decimals."""
        both = {layer: self.correlations_by_symbol(layer) for layer in (self.layers[0], self.layers[-1])}
        return pd.concat(both, names=["layer", "element"]).round(3).reset_index()

    def correlations(self, layer: str) -> pd.DataFrame:
        """Return Pearson correlations of the elements' mean features, standardised over the elements, (E, E)."""
        numbers = self.elements.loc[self.elements["layer"] == layer, "atomic_number"].to_numpy()
        matrix = np.eye(len(numbers), dtype=np.float32)
        upper = np.triu_indices(len(numbers), k=1)
        matrix[upper] = self._correlations[layer]
        matrix = np.maximum(matrix, matrix.T) + np.minimum(matrix, matrix.T) - np.diag(matrix.diagonal())
        return pd.DataFrame(matrix, index=numbers, columns=numbers)

    def neighbours(self, layer: str) -> NDArray[np.int64] | None:
        """Return the nearest neighbours of the focus element's atoms, (n, k): positions among a layer's `environments`.

        None for the embedding, which does not know the compound.
        """
        if layer not in self._neighbours:
            return None
        return np.stack(self._neighbours[layer].tolist()).astype(np.int64)

    def most_alike(self, layer: str, n: int = 6) -> "pd.Series[float]":
        """Return the focus element's correlations with its n most and n least similar elements, by symbol."""
        focus = self.record.spec.focus
        every = self.correlations(layer)[focus].drop(focus).sort_values(ascending=False)
        ends = every.iloc[[*range(n), *range(-n, 0)]] if len(every) > 2 * n else every
        return ends.rename(index=lambda number: Element.from_Z(number).symbol).rename("correlation")

    def order(self) -> pd.DataFrame:
        """Measure how ordered each layer's features are, in all their dimensions: one row per layer.

        ``same_group``: share of an element's nearest neighbours that are in its group. ``same_environment``: share of
        a focus atom's nearest neighbours that are in the same kind of environment. ``neighbour_error``: mean absolute
        error of predicting a compound's target as the mean of its nearest neighbours' targets, divided by the error of
        predicting the mean of all.
        """
        return pd.DataFrame(self.record.results["order"]).rename_axis("layer")


def across_layers(points: pd.DataFrame, layers: Sequence[str]) -> pd.DataFrame:
    """Lay out maps for a file: one row per point, with its coordinates in each layer, to three decimals.

    Parameters
    ----------
    points
        ``compounds`` or ``environments`` of `Embeddings`.
    layers
        The layers; the embedding, which has neither, is left out.
    """
    drawn = [layer for layer in layers if (points["layer"] == layer).any()]
    chosen = points[points["layer"].isin(drawn)]
    index = [name for name in points.columns if name not in ("layer", "x", "y")]
    wide = chosen.pivot_table(index=index, columns="layer", values=["x", "y"]).swaplevel(axis=1)[drawn]
    return wide.set_axis([": ".join(names) for names in wide.columns], axis=1).round(3).reset_index()


def measure(spec: ReadingSpec, trained: Trained) -> Findings:
    """Read the layers of a trained network and map their features."""
    watch = Stopwatch()
    generator = np.random.default_rng(SEED)
    data, layout = trained.data.reset_index(drop=True), trained.model.layout_
    compositions = parse(data["formula"])
    # A compound that the padded setting would cut is no longer a compound of the data.
    whole = np.flatnonzero(compositions.lengths <= (layout.n_max if layout.setting == "published" else np.inf))
    focal = compositions.containing(spec.focus)
    focal = _some(np.intersect1d(focal[compositions.lengths[focal] > 1], whole), MAPPED, generator)
    mapped = _some(whole, MAPPED, generator)
    kept = np.union1d(focal, mapped)
    others = _some(np.setdiff1d(whole, kept), max(READ - len(kept), 0), generator)
    rows = np.union1d(kept, others)
    with watch.time("layers"):
        read = layer_features.read(
            trained.model,
            data["formula"].to_numpy()[rows],
            spec.focus,
            np.searchsorted(rows, mapped),
            np.searchsorted(rows, focal),
        )
    numbers = np.flatnonzero(read.counts >= RAREST)
    kinds = np.array([environment(compositions[[row]].atomic_numbers.tolist(), spec.focus) for row in focal])
    groups = np.array([group(number) for number in numbers.tolist()])
    targets = data["target"].to_numpy(dtype=float)
    elements, compounds, environments, correlations, neighbours = [], [], [], {}, {}
    order: dict[str, dict[str, float | None]] = {}
    for layer, means in read.elements.items():
        scaled = StandardScaler().fit_transform(means[numbers])
        upper = np.triu_indices(len(numbers), k=1)
        correlations[layer] = np.corrcoef(scaled)[upper].astype(np.float32)
        order[layer] = {"same_group": float(shares(nearest(scaled, COMPARED_ELEMENTS), groups).mean())}
        with watch.time("umap"):
            elements.append(_mapped(scaled, layer, atomic_number=numbers, n=read.counts[numbers]))
        if layer == layer_features.EMBEDDING:
            order[layer] |= {"same_environment": None, "neighbour_error": None}
            continue
        atoms, pooled = (StandardScaler().fit_transform(part[layer]) for part in (read.focus, read.compounds))
        neighbours[layer] = nearest(atoms, COMPARED)
        order[layer] |= {
            "same_environment": float(shares(neighbours[layer], kinds).mean()),
            "neighbour_error": _neighbour_error(pooled, targets[mapped]),
        }
        with watch.time("umap"):
            named = data["formula"].to_numpy()
            compounds.append(_mapped(pooled, layer, row=mapped, formula=named[mapped], target=targets[mapped]))
            environments.append(_mapped(atoms, layer, row=focal, formula=named[focal], environment=kinds))
    return Findings(
        settings={
            "seed": SEED,
            "umap": {"n_neighbors": NEIGHBOURS, "min_dist": MIN_DISTANCE, "metric": "euclidean"},
            "scaling": "each feature to mean 0 and standard deviation 1",
            "rarest": RAREST,
            "compared": COMPARED,
            "compared_elements": COMPARED_ELEMENTS,
        },
        layers=list(read.elements),
        results={
            "compounds_read": len(rows),
            "order": _columns(order),
        },
        files={
            ELEMENTS: _parquet(pd.concat(elements)),
            CORRELATIONS: _parquet(pd.DataFrame(correlations)),
            COMPOUNDS: _parquet(pd.concat(compounds)),
            ENVIRONMENTS: _parquet(pd.concat(environments)),
            NEIGHBOURS_OF_ATOMS: _parquet(
                pd.DataFrame({layer: list(found.astype(np.uint16)) for layer, found in neighbours.items()})
            ),
        },
        seconds=watch.seconds,
    )


def view(record: ReadingRecord, store: ReadingStore, files: dict[str, bytes]) -> Embeddings:
    """Open the record's files."""
    tables = {name: pd.read_parquet(io.BytesIO(content)) for name, content in files.items()}
    return Embeddings(
        record,
        store,
        tables[ELEMENTS],
        tables[COMPOUNDS],
        tables[ENVIRONMENTS],
        tables[CORRELATIONS],
        tables[NEIGHBOURS_OF_ATOMS],
    )


def _some(rows: NDArray[np.int64], n: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return all rows, or n of them drawn at random, in order."""
    return rows if len(rows) <= n else np.sort(generator.choice(rows, n, replace=False))


def _mapped(scaled: NDArray[np.float64], layer: str, **columns: Any) -> pd.DataFrame:
    """Map points into the plane; return their coordinates with the given columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that the seed needs a single thread
        from umap import UMAP  # imported late: it costs seconds

        fitted = UMAP(
            n_neighbors=min(NEIGHBOURS, len(scaled) - 1), min_dist=MIN_DISTANCE, random_state=SEED, n_jobs=1
        ).fit_transform(scaled)
    x, y = np.asarray(fitted, dtype=np.float32).T
    return pd.DataFrame({"layer": layer, **columns, "x": x, "y": y})


def _neighbour_error(scaled: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    """Return the mean absolute error of the nearest neighbours' mean target, divided by that of the mean of all."""
    predicted = targets[nearest(scaled, COMPARED)].mean(axis=1)
    return float(np.abs(predicted - targets).mean() / np.abs(targets - targets.mean()).mean())


def _columns(order: dict[str, dict[str, float | None]]) -> dict[str, dict[str, float | None]]:
    """Turn rows by layer into columns by measure."""
    names = list(next(iter(order.values())))
    return {name: {layer: row[name] for layer, row in order.items()} for name in names}


def _parquet(table: pd.DataFrame) -> bytes:
    content: bytes = table.to_parquet(index=False, compression="zstd")
    return content
