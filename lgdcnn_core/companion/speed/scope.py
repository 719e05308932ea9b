"""Scope of the speed benchmark: its measurements, and the time for each."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lgdcnn_core.models import CHAINS
from lgdcnn_core.training import FAST, PAPER, Recipe, Setting, recipe
from lgdcnn_core.training.recipe import Precision

LARGEST = "OQMD_Bandgap"
"""The largest of the paper's data sets, whose prediction, parsing and memory are measured."""


@dataclass(frozen=True)
class Scope:
    """Measurements to make; the defaults are those of ``make benchmark``.

    Attributes
    ----------
    squares
        Sizes of square matrix products.
    rows
        Rows of the products with the networks' own weights: positions of a batch.
    product_seconds
        Time for each product.
    copied_mebibytes
        Sizes of the tensors that are copied.
    datasets, models, batch_sizes
        Data sets, networks and batch sizes of the timed trainings; a recipe's own batch size is timed as well.
    case_seconds
        Time for each training, unless a few of its steps take longer.
    memory_compounds
        Compounds that a process trains on while its memory is measured: enough for the memory to stop growing.
    rows_at_most
        Rows to read from each part of a data set; None reads all.
    """

    squares: tuple[int, ...] = (1024, 2048, 4096)
    rows: tuple[int, ...] = (512, 4096)
    product_seconds: float = 0.3
    copied_mebibytes: tuple[int, ...] = (32, 128, 512)
    datasets: tuple[str, ...] = ("aflow__ael_bulk_modulus_vrh", "mp_e_hull", LARGEST)
    models: tuple[str, ...] = ("L-G-DCNN", "CrabNet")
    batch_sizes: tuple[int, ...] = (128, 1024)
    case_seconds: float = 6.0
    memory_compounds: int = 40_960
    rows_at_most: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for records."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


FULL = Scope()


@dataclass(frozen=True)
class Case:
    """One training that is timed.

    Attributes
    ----------
    dataset, model, recipe, setting
        As in `lgdcnn_core.companion.runs.RunSpec`.
    precision
        As in `Recipe`.
    batch_size
        Compounds in a batch; None takes the recipe's own for the whole training part.
    """

    dataset: str
    model: str
    recipe: str
    setting: Setting
    precision: Precision
    batch_size: int | None

    def full_recipe(self, n_train: int) -> Recipe:
        """Return the recipe with the precision and batch size of this case."""
        found = recipe(self.recipe).with_changes(precision=self.precision)
        return found.with_changes(batch_size=self.batch_size or found.batch_size_for(n_train))


def cases(scope: Scope, precisions: Sequence[Precision]) -> Iterator[Case]:
    """Yield the trainings to time.

    The fast recipe runs in every precision and setting at every batch size, the paper recipe as it is. A network that
    masks padding does the same work in both settings.

    Parameters
    ----------
    scope
        The measurements to make.
    precisions
        Precisions that the machine has instructions for, see `training.precisions`.
    """
    own = FAST.batch_size
    batch_sizes = [*scope.batch_sizes, *([own] if own not in scope.batch_sizes else [])]
    for dataset in scope.datasets:
        for model in scope.models:
            settings: tuple[Setting, ...] = ("exact",) if CHAINS[model].masks_padding else ("exact", "published")
            for setting in settings:
                for precision in precisions:
                    for batch_size in batch_sizes:
                        yield Case(dataset, model, FAST.name, setting, precision, batch_size)
            yield Case(dataset, model, PAPER.name, "published", PAPER.precision, None)
