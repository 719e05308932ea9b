"""Training recipes, each one frozen value: the paper recipe, the fast recipe and others."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from lgdcnn_core.composition import Order

Optimiser = Literal["LAMB+Lookahead", "AdamW"]
Schedule = Literal["triangular", "one-cycle"]
Averaging = Literal["published", "EMA"]
Loss = Literal["Laplace", "L1"]
Precision = Literal["float32", "tf32", "bfloat16", "auto"]
LearntTargets = Literal["as they are", "asinh of long tails"]
ManyCompounds = Literal["the same", "larger batches"]


class UnknownRecipe(ValueError):
    """No recipe has this name."""


class InvalidRecipe(ValueError):
    """A recipe has an invalid value."""


MANY = 20_000
"""Number of compounds above which a recipe may ask for larger batches."""

LENGTHS: dict[int, dict[str, Any]] = {
    MANY: {"epochs": 30, "batch_size": 512, "lr_max": 1.5e-3},
    100_000: {"epochs": 20, "batch_size": 512, "lr_max": 1e-3},
}
"""Values of `Recipe.sized`, by the number of compounds above which they hold, in increasing order. We chose the first
on validation data, see 12_recipe; the second, a cautious step further, has no trial of its own. Networks with
transformer layers keep their rate, which suits batches of any size."""

_POSITIVE, _NOT_NEGATIVE = math.ulp(0.0), 0.0
_LARGEST = 1e30

RANGES: dict[str, tuple[float, float, str]] = {
    "epochs": (1, _LARGEST, "a whole number from 1"),
    "batch_size": (1, _LARGEST, "a whole number from 1, or None"),
    "lr_max": (_POSITIVE, _LARGEST, "a positive number"),
    "lr_min": (_POSITIVE, _LARGEST, "a positive number"),
    "lr_max_transformer": (_POSITIVE, _LARGEST, "a positive number, or None"),
    "half_cycle": (1, _LARGEST, "a whole number from 1"),
    "weight_decay": (_NOT_NEGATIVE, _LARGEST, "a number from 0"),
    "noise": (_NOT_NEGATIVE, _LARGEST, "a number from 0"),
    "ema_decay": (0, 1, "a number from 0 to 1"),
    "patience": (1, _LARGEST, "a whole number from 1"),
    "val_compounds": (1, _LARGEST, "a whole number from 1, or None"),
    "dropout": (0, 0.99, "a number from 0 to 0.99"),
    "reordered": (0, 1, "a number from 0 to 1"),
}
"""Ranges of a recipe's numbers: the lowest value, the highest, and both in words."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: epochs, optimiser, schedule, averaging, loss, precision.

    Attributes
    ----------
    name
        A key of `RECIPES`, or a name of your own.
    epochs
        Largest number of passes over the training data.
    batch_size
        Compounds in a batch; None takes the paper's formula, see `batch_size_for`.
    optimiser
        ``"LAMB+Lookahead"`` as published (betas 0.9/0.999, eps 1e-6, no bias correction; alpha 0.5, k 6), or
        ``"AdamW"`` (betas 0.9/0.999).
    weight_decay
        Decoupled weight decay of AdamW.
    schedule
        Learning rate, stepped every batch: ``"triangular"`` between `lr_min` and `lr_max`, half a cycle being
        `half_cycle` epochs; or ``"one-cycle"``, up to `lr_max` in the first 30 % and then down by a cosine.
    lr_max, lr_min
        Learning rates of the schedule; only the triangular one uses `lr_min`.
    optimiser_transformer, lr_max_transformer
        `optimiser` and `lr_max` for networks with transformer layers. These layers normalise after the residual
        sum, and diverge at rates that suit recurrent and convolutional layers. None: the same as for other networks.
    half_cycle
        Epochs of half a triangular cycle.
    noise
        Standard deviation of the relative noise on the fractions in training.
    averaging
        Weight averaging: ``"published"`` (in the epochs that end a cycle, governed by the validation error; it also
        stops the training after `patience` such epochs without improvement) or ``"EMA"`` (an exponential moving
        average over batches; with validation data, the average of the best epoch is kept).
    ema_decay
        Largest decay of the EMA per batch; the first batches have a smaller one, see `averaging.ExponentialAverage`.
    patience
        Number of cycle-ending epochs without improvement after which the published averaging stops.
    val_compounds
        Largest number of validation compounds that judge an epoch; of more, the seed draws so many once. None: all.
    loss
        ``"Laplace"`` as published: the negative log-likelihood of a Laplace distribution; or ``"L1"``: the absolute
        error, with the uncertainty learnt beside it, see `losses.absolute_loss`.
    targets
        Scale on which the network learns targets: ``"as they are"``, or ``"asinh of long tails"``, see `Scaling`.
    dropout
        Share of the features that training drops from the embedding and from the input of the head.
    reordered
        Share of the compounds whose elements are put into random order, drawn again in each epoch.
    order
        Order of a compound's elements in the exact setting; in the padded setting, ties keep the order of the formula.
    source
        Data set on which the network is trained first, by the recipe ``"pretraining"`` and with the same seed. This
        training starts from these weights (transfer learning). `JOINT` means the training parts of all extended sets
        together, see `benchmarks.joint_table`. None: random weights.
    many_compounds
        Training on more than `MANY` compounds: ``"the same"``, or in ``"larger batches"``, at a higher rate and for
        fewer epochs, see `sized`.
    precision
        Arithmetic of the matrix products in training: ``"float32"``; ``"tf32"``, in which a GPU rounds the factors of
        float32 products (elsewhere it is float32); ``"bfloat16"`` by autocast; or ``"auto"``, bfloat16 where that
        is faster (`compute.faster_in_bfloat16`), else float32. Weights and optimiser are always float32.

    Raises
    ------
    InvalidRecipe
        If a value has the wrong type, lies outside its range, or is none of the texts above.
    """

    name: str
    epochs: int
    batch_size: int | None
    optimiser: Optimiser
    schedule: Schedule
    lr_max: float
    averaging: Averaging
    lr_min: float = 1e-4
    optimiser_transformer: Optimiser | None = None
    lr_max_transformer: float | None = None
    half_cycle: int = 10
    weight_decay: float = 0.0
    noise: float = 0.02
    ema_decay: float = 0.99
    patience: int = 5
    val_compounds: int | None = None
    loss: Loss = "Laplace"
    targets: LearntTargets = "as they are"
    dropout: float = 0.0
    reordered: float = 0.0
    order: Order = "amount, atomic number"
    source: str | None = None
    many_compounds: ManyCompounds = "the same"
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self)).items():
            object.__setattr__(self, name, _checked(name, getattr(self, name), hint))
        for name, (lowest, highest, said) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value <= highest:
                raise InvalidRecipe(f"{name} is {value:g}; it must be {said}")
        if self.schedule == "triangular" and self.lr_min > self.lr_max:
            raise InvalidRecipe(f"lr_min is {self.lr_min:g}, above lr_max, {self.lr_max:g}")

    @property
    def needs_validation(self) -> bool:
        """Whether the recipe requires validation data."""
        return self.averaging == "published"

    def batch_size_for(self, n_train: int) -> int:
        """Return the compounds per batch; by the paper's formula 2^round(log2(n_train) - 4), from 128 to 4096."""
        if self.batch_size is not None:
            return self.batch_size
        return min(max(2 ** max(round(math.log2(n_train) - 4), 0), 128), 4096)

    def sized(self, n_train: int) -> "Recipe":
        """Return the recipe with the values of `LENGTHS` for so many training compounds, if it asks for them."""
        if self.many_compounds == "the same":
            return self
        fits = [values for more_than, values in LENGTHS.items() if n_train > more_than]
        return self.with_changes(many_compounds="the same", **(fits[-1] if fits else {}))

    def suited(self, transformers: bool) -> "Recipe":
        """Return the recipe with the values for networks with transformer layers, or for those without."""
        return replace(self, **_suited(self.as_dict(), transformers))

    def differing(self, recorded: Mapping[str, Any], transformers: bool) -> list[str]:
        """List the values in which this recipe differs from a recorded one (its `as_dict`); see `differing`."""
        return differing(recorded, self.as_dict(), transformers)

    def with_changes(self, **changes: Any) -> "Recipe":
        """Return this recipe with some values changed.

        Changed epochs, batches or rates hold for any number of compounds: `many_compounds` becomes ``"the same"``.
        """
        if changes.keys() & {"epochs", "batch_size", "lr_max"}:
            changes = {"many_compounds": "the same"} | changes
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for records and saved models."""
        return asdict(self)


def _checked(name: str, value: Any, hint: Any) -> Any:
    """Check a value against its type and return it as a plain value.

    Raises
    ------
    InvalidRecipe
        If it has the wrong type, or is none of the allowed texts.
    """
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and NoneType in kinds:
        return None
    for kind in kinds:
        if get_origin(kind) is Literal and isinstance(value, str) and value in get_args(kind):
            return value
        if kind is str and isinstance(value, str):
            return value
        if kind is int and isinstance(value, Integral) and not isinstance(value, bool):
            return int(value)
        if kind is float and isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    raise InvalidRecipe(f"{name} is {value!r}; it must be {' or '.join(map(_in_words, kinds))}")


def _in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return {int: "a whole number", float: "a finite number", str: "a text", NoneType: "None"}[kind]


def differing(recorded: Mapping[str, Any], other: Mapping[str, Any], transformers: bool) -> list[str]:
    """List the values in which two recipes differ, given as plain values.

    If a recorded recipe predates a value, the value's default is taken, which changes nothing. Values for the other
    kind of network, with or without transformer layers, do not count.
    """
    first, second = _suited(recorded, transformers), _suited(other, transformers)
    return sorted(name for name in first | second if first.get(name) != second.get(name))


def _suited(recorded: Mapping[str, Any], transformers: bool) -> dict[str, Any]:
    """Put the values for networks with transformer layers in their place, or drop them."""
    values = {field.name: field.default for field in fields(Recipe)} | dict(recorded)
    chosen: dict[str, Any] = {}
    for name in ("optimiser", "lr_max"):
        own = values[f"{name}_transformer"]
        chosen |= {name: own if transformers and own is not None else values[name], f"{name}_transformer": None}
    return values | chosen


PAPER = Recipe(
    name="paper",
    epochs=300,
    batch_size=None,
    optimiser="LAMB+Lookahead",
    schedule="triangular",
    lr_max=6e-3,
    lr_min=1e-4,
    averaging="published",
    precision="float32",
)
"""The paper recipe: that of the paper's published implementation."""

FIRST_FAST = Recipe(
    name="fast",
    epochs=60,
    batch_size=128,
    optimiser="AdamW",
    schedule="one-cycle",
    lr_max=1e-3,
    lr_max_transformer=3e-4,
    averaging="EMA",
    weight_decay=0.01,
    precision="auto",
)
"""The first version of the fast recipe. The design study and the study of the fast recipe began with it, and their
records must keep their meaning when `FAST` changes."""

FAST = FIRST_FAST.with_changes(
    order="electronegativity",
    optimiser_transformer="LAMB+Lookahead",
    lr_max_transformer=6e-3,
    many_compounds="larger batches",
)
"""Our fast recipe, the default. We chose it on validation data alone, as the notebook 12_recipe shows."""

PRETRAINING = FAST.with_changes(name="pretraining", epochs=5, batch_size=1024)
"""A few passes over a large data set, for networks from which other trainings start."""

TOGETHER = PRETRAINING.with_changes(name="joint", epochs=12)
"""One network for the properties of all extended sets, to be judged on each of them: an hour on two plain cores."""

TRANSFER = FAST.with_changes(name="transfer", source="OQMD_Formation_Enthalpy")
"""The fast recipe, starting from a network that has learnt formation enthalpies of 210,000 compounds: see 12_recipe."""

FAST_VAL1000 = FAST.with_changes(name="fast-val1000", val_compounds=1000)
"""The fast recipe for small parts of large data sets, where validation would take longer than training."""

JOINT = "joint"
"""`Recipe.source` of trainings that start from a network trained on all extended sets together."""

JOINT_TRANSFER = FAST.with_changes(name="joint-transfer", source=JOINT)
"""The fast recipe, starting from a network that has learnt 18 properties of 350,000 compounds, this one included: see
12_recipe. On the sets of few compounds, none on which they are judged was among them; on the others, their values of
this property and its kin were masked."""

_ALL = (PAPER, FAST, FAST_VAL1000, PRETRAINING, TOGETHER, TRANSFER, JOINT_TRANSFER)

RECIPES = {recipe.name: recipe for recipe in _ALL}
"""Recipes by name."""


def recipe(name_or_recipe: "str | Recipe") -> Recipe:
    """Return the recipe with this name; a recipe is returned unchanged.

    Raises
    ------
    UnknownRecipe
        If there is no such recipe; the message lists the available ones.
    """
    if isinstance(name_or_recipe, Recipe):
        return name_or_recipe
    if name_or_recipe not in RECIPES:
        raise UnknownRecipe(f"no recipe is called {name_or_recipe!r}; choose from {', '.join(RECIPES)}")
    return RECIPES[name_or_recipe]
