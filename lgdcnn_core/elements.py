"""Element tables by name: one vector per element, from the ElementEmbeddings package or one-hot.

Source of the tables: ElementEmbeddings (MIT), https://github.com/WMD-group/ElementEmbeddings. The paper and
CrabNet use its mat2vec table (V. Tshitoyan et al., Nature 2019, doi:10.1038/s41586-019-1335-8).
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from elementembeddings.utils.config import DEFAULT_ELEMENT_EMBEDDINGS

N_ELEMENTS = 118
ONE_HOT = "onehot"
AS_PUBLISHED = ("mat2vec", ONE_HOT)
"""Tables that keep their published values, as in the paper."""


class UnknownElementTable(ValueError):
    """No element table has this name."""


@dataclass(frozen=True, eq=False)
class ElementTable:
    """One vector per element.

    Attributes
    ----------
    name
        Name of the table, such as ``"mat2vec"``.
    vectors
        (119, width) float32, indexed by atomic number. Row 0 (padding) and the rows of elements that the table
        lacks are zero.
    known
        (119,) bool: whether the table has a vector for this atomic number.
    """

    name: str
    vectors: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]

    @property
    def width(self) -> int:
        """Length of an element's vector."""
        return int(self.vectors.shape[1])

    @property
    def is_one_hot(self) -> bool:
        """Whether each vector is a single 1 among zeros."""
        return bool(np.isin(self.vectors, (0, 1)).all() and (self.vectors[self.known].sum(axis=1) == 1).all())


def names() -> list[str]:
    """List the names of all element tables that `table` can return."""
    return sorted([ONE_HOT, *DEFAULT_ELEMENT_EMBEDDINGS])


@lru_cache(maxsize=8)
def table(name: str = "mat2vec") -> ElementTable:
    """Return the element table with this name.

    Each column is standardised to mean 0 and standard deviation 1 over the elements of its table, because networks
    learn from columns of similar size. mat2vec and one-hot vectors keep their published values.

    Parameters
    ----------
    name
        ``"mat2vec"`` (118 x 200, the paper's), ``"onehot"`` (118 x 118) or another name from `names`. Several names,
        as in ``"mat2vec+magpie"``, put tables side by side. All their columns are then standardised, an element that a
        later table lacks has zeros there, and the first table decides which elements are known.

    Raises
    ------
    UnknownElementTable
        If there is no such table; the message lists the available ones.
    """
    parts = [_as_stored(part) for part in name.split("+")]
    if len(parts) > 1:
        vectors = np.concatenate([_standardised(part) for part in parts], axis=1)
        return ElementTable(name, vectors, parts[0].known)
    if name in AS_PUBLISHED or parts[0].is_one_hot:
        return parts[0]
    return ElementTable(name, _standardised(parts[0]), parts[0].known)


def _as_stored(name: str) -> ElementTable:
    """Read one table with the values in its file."""
    if name == ONE_HOT:
        vectors = np.zeros((N_ELEMENTS + 1, N_ELEMENTS), dtype=np.float32)
        vectors[1:] = np.eye(N_ELEMENTS, dtype=np.float32)
        return ElementTable(name, vectors, np.arange(N_ELEMENTS + 1) > 0)
    if name not in DEFAULT_ELEMENT_EMBEDDINGS:
        raise UnknownElementTable(f"no element table is called {name!r}; choose from {', '.join(names())}")
    from pymatgen.core import Element  # imported late because it is slow

    stored = _read(DEFAULT_ELEMENT_EMBEDDINGS[name])
    by_number = {n: stored[symbol] for n in range(1, N_ELEMENTS + 1) if (symbol := Element.from_Z(n).symbol) in stored}
    if np.ndim(next(iter(by_number.values()))) == 0:
        # Each element's position on a scale encodes a one-hot vector. Elements without a position have helium's.
        first = {place: number for number, place in reversed(by_number.items())}
        vector_at = np.eye(len(first))
        by_number = {number: vector_at[place] for place, number in first.items()}
    vectors = np.zeros((N_ELEMENTS + 1, len(next(iter(by_number.values())))), dtype=np.float32)
    known = np.zeros(N_ELEMENTS + 1, dtype=bool)
    for number, vector in by_number.items():
        if np.isfinite(vector).all():
            vectors[number] = vector
            known[number] = True
    return ElementTable(name, vectors, known)


def _read(file: str) -> dict[str, Any]:
    """Read vectors, or positions on a scale, by symbol; ElementEmbeddings' own reader would import umap and seaborn."""
    path = resources.files("elementembeddings").joinpath("data", "element_representations", file)
    with path.open(encoding="utf-8") as text:
        if file.endswith(".json"):
            return dict(json.load(text))
        frame = pd.read_csv(text)
        return dict(zip(frame["element"], frame.drop(columns="element").to_numpy(), strict=True))


def _standardised(table: ElementTable) -> npt.NDArray[np.float32]:
    """Scale each column to mean 0 and standard deviation 1 over the known elements; a constant column becomes 0."""
    known = table.vectors[table.known]
    spread = known.std(axis=0)
    scaled = np.zeros_like(table.vectors)
    scaled[table.known] = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return scaled
