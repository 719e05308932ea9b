"""The specification of one reading: the trained network, the compounds and the focus element."""

from dataclasses import dataclass
from typing import Literal, get_args

from pymatgen.core import Element

from lgdcnn_core.companion.runs import InvalidSpec, RunSpec

Kind = Literal["cecv", "embeddings"]
Part = Literal["train", "val", "test"]


@dataclass(frozen=True)
class ReadingSpec:
    """The specification of one reading.

    Attributes
    ----------
    kind
        ``"cecv"``: EFMs, clusters and CECVs of the compounds that contain the element. ``"embeddings"``: maps of
        elements, compounds and the element's environments.
    run
        The training whose network is read.
    element
        Symbol of the focus element.
    part
        Part of the run's data: ``"test"``, ``"val"`` or ``"train"`` (as used in the training).
    trained
        False: the network is read with its initial weights, of the run's seed: what the layers do before they learn.

    Raises
    ------
    InvalidSpec
        The message lists the possible values.
    """

    kind: Kind
    run: RunSpec
    element: str = "Si"
    part: Part = "test"
    trained: bool = True

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidSpec(f"no reading is called {self.kind!r}; there are {', '.join(get_args(Kind))}")
        if self.part not in get_args(Part):
            raise InvalidSpec(f"part is {self.part!r}; it is one of {', '.join(get_args(Part))}")
        if not Element.is_valid_symbol(self.element):
            raise InvalidSpec(f"{self.element!r} is not the symbol of an element, such as 'Si'")
        if not self.trained and self.run.source is not None:
            raise InvalidSpec(f"{self.run.key} starts from a trained network: it has no untrained one to read")

    @property
    def key(self) -> str:
        """Directory of the record in a store of its kind: the key of the run, then what is read."""
        return f"{self.run.key}/{self.part}_{self.element}{'' if self.trained else '_untrained'}"

    @property
    def focus(self) -> int:
        """Atomic number of the focus element."""
        return int(Element(self.element).Z)
