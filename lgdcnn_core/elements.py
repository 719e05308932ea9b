"""Element tables by name: one vector per element, from the ElementEmbeddings package or one-hot.

Source of the tables: ElementEmbeddings (MIT), https://github.com/WMD-group/ElementEmbeddings. Its mat2vec is
the table of the paper and of CrabNet (V. Tshitoyan et al., Nature 2019, doi:10.1038/s41586-019-1335-8).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

N_ELEMENTS = 118
ONE_HOT = "onehot"


class UnknownElementTable(ValueError):
    """No element table has the name that was asked for."""


@dataclass(frozen=True, eq=False)
class ElementTable:
    """One vector per element.

    Attributes
    ----------
    name
        Name of the table, such as ``"mat2vec"``.
    vectors
        (119, width) float32, indexed by atomic number; row 0 is padding and zero, as is the row of an element
        that the table does not have.
    known
        (119,) bool: the table has a vector for this atomic number.
    """

    name: str
    vectors: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]

    @property
    def width(self) -> int:
        """Length of an element's vector."""
        return int(self.vectors.shape[1])


def names() -> list[str]:
    """Names of all element tables that `table` can give."""
    from elementembeddings.utils.config import DEFAULT_ELEMENT_EMBEDDINGS  # imported late: it costs seconds

    return sorted([ONE_HOT, *DEFAULT_ELEMENT_EMBEDDINGS])


@lru_cache(maxsize=8)
def table(name: str = "mat2vec") -> ElementTable:
    """Element table of this name.

    Parameters
    ----------
    name
        ``"mat2vec"`` (118 x 200, the paper's), ``"onehot"`` (118 x 118) or another name from `names`; or several, as
        in ``"mat2vec+magpie"``, side by side: every column is then standardised over the elements that its table
        has, others get 0, and the first table decides which elements are known.

    Raises
    ------
    UnknownElementTable
        If there is no such table; the message lists those that exist.
    """
    if name == ONE_HOT:
        vectors = np.zeros((N_ELEMENTS + 1, N_ELEMENTS), dtype=np.float32)
        vectors[1:] = np.eye(N_ELEMENTS, dtype=np.float32)
        known = np.arange(N_ELEMENTS + 1) > 0
        return ElementTable(name, vectors, known)

    if "+" in name:
        return _side_by_side(name)
    if name not in names():
        raise UnknownElementTable(f"no element table is called {name!r}; there are {', '.join(names())}")
    from elementembeddings.core import Embedding
    from pymatgen.core import Element

    by_symbol = Embedding.load_data(name).embeddings
    width = len(next(iter(by_symbol.values())))
    vectors = np.zeros((N_ELEMENTS + 1, width), dtype=np.float32)
    known = np.zeros(N_ELEMENTS + 1, dtype=bool)
    for number in range(1, N_ELEMENTS + 1):
        vector = by_symbol.get(Element.from_Z(number).symbol)
        if vector is not None and np.isfinite(vector).all():
            vectors[number] = vector
            known[number] = True
    return ElementTable(name, vectors, known)


def _side_by_side(name: str) -> ElementTable:
    parts = [table(part) for part in name.split("+")]
    columns = []
    for part in parts:
        known = part.vectors[part.known]
        spread = known.std(axis=0)
        scaled = np.zeros_like(part.vectors)
        scaled[part.known] = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1)
        columns.append(scaled)
    return ElementTable(name, np.concatenate(columns, axis=1), parts[0].known)
