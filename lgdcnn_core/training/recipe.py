"""Recipes: everything that decides how a network is trained, as one frozen value."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from lgdcnn_core.composition import Order

Optimiser = Literal["LAMB+Lookahead", "AdamW"]
Precision = Literal["float32", "tf32", "bfloat16", "auto"]
LearntTargets = Literal["as they are", "asinh of long tails"]


class UnknownRecipe(ValueError):
    """No recipe has the name that was asked for."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    name
        A key of `RECIPES`, or a name of your own.
    epochs
        Passes over the training data, at most.
    batch_size
        Compounds in a batch; None takes the published rule, see `batch_size_for`.
    optimiser
        ``"LAMB+Lookahead"`` as published (betas 0.9/0.999, eps 1e-6, no bias correction; alpha 0.5, k 6), or
        ``"AdamW"`` (betas 0.9/0.999).
    weight_decay
        Decoupled weight decay of AdamW.
    schedule
        Learning rate, stepped every batch: ``"triangular"`` between `lr_min` and `lr_max`, half a cycle being
        `half_cycle` epochs; or ``"one-cycle"``, up to `lr_max` in the first 30 % and down by a cosine.
    lr_max, lr_min
        Learning rates of the schedule; `lr_min` is for the triangular one.
    optimiser_transformer, lr_max_transformer
        `optimiser` and `lr_max` of networks with transformer layers, whose normalisation after the residual sum does
        not stand what recurrent and convolutional layers like best; None makes no difference between them.
    half_cycle
        Epochs of half a triangular cycle.
    noise
        Standard deviation of the relative noise on the fractions in training.
    averaging
        Weight averaging: ``"published"`` (in the epochs that end a cycle, governed by the validation error; it also
        stops the training after `patience` such epochs without improvement) or ``"EMA"`` (an exponential moving
        average over batches; with validation data, the average of the best epoch is kept).
    ema_decay
        Decay of the EMA for each batch, at most; the first batches have less, see `averaging.ExponentialAverage`.
    patience
        Cycle-ending epochs without improvement until the published averaging stops.
    loss
        ``"Laplace"`` as published: the negative log-likelihood of a Laplace distribution; or ``"L1"``: the absolute
        error, with the uncertainty learnt beside it, see `losses.absolute_loss`.
    targets
        What the network learns: the targets ``"as they are"``, or ``"asinh of long tails"``, see `Scaling`.
    dropout
        Share of the features that are dropped, in training, from the embedding and from what the head is given.
    reordered
        Share of the compounds whose elements are put into random order, anew in each epoch.
    order
        Order of a compound's elements in the exact setting; the published one keeps that of the formula in ties.
    source
        Data set on which the network is trained first, by the recipe ``"pretraining"`` and with the same seed: its
        trained weights are what this training starts from (transfer learning). `JOINT` is the training parts of all
        extended sets together, see `benchmarks.joint_table`. None: random weights.
    precision
        Arithmetic of the matrix products in training: ``"float32"``; ``"tf32"``, in which a GPU rounds the factors of
        float32 products (elsewhere it is float32); ``"bfloat16"`` by autocast; or ``"auto"``, bfloat16 where the
        processor has instructions for it, else float32. Weights and optimiser are float32 in any case.
    """

    name: str
    epochs: int
    batch_size: int | None
    optimiser: Optimiser
    schedule: Literal["triangular", "one-cycle"]
    lr_max: float
    averaging: Literal["published", "EMA"]
    lr_min: float = 1e-4
    optimiser_transformer: Optimiser | None = None
    lr_max_transformer: float | None = None
    half_cycle: int = 10
    weight_decay: float = 0.0
    noise: float = 0.02
    ema_decay: float = 0.99
    patience: int = 5
    loss: Literal["Laplace", "L1"] = "Laplace"
    targets: LearntTargets = "as they are"
    dropout: float = 0.0
    reordered: float = 0.0
    order: Order = "amount, atomic number"
    source: str | None = None
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"epochs is {self.epochs}; a training has at least one")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}; a batch has at least one compound")

    @property
    def needs_validation(self) -> bool:
        """The recipe cannot do without validation data."""
        return self.averaging == "published"

    def batch_size_for(self, n_train: int) -> int:
        """Compounds in a batch; by the published rule 2^round(log2(n_train) - 4), within 128 and 4096."""
        if self.batch_size is not None:
            return self.batch_size
        return min(max(2 ** max(round(math.log2(n_train) - 4), 0), 128), 4096)

    def suited(self, transformers: bool) -> "Recipe":
        """Give the values that hold for networks with transformer layers, or for those without."""
        return replace(self, **_suited(self.as_dict(), transformers))

    def differing(self, recorded: Mapping[str, Any], transformers: bool) -> list[str]:
        """Name the values that a record of a recipe, `as_dict` at the time, has otherwise; see `differing`."""
        return differing(recorded, self.as_dict(), transformers)

    def with_changes(self, **changes: Any) -> "Recipe":
        """Give the same recipe with some values changed."""
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for records and saved models."""
        return asdict(self)


def differing(recorded: Mapping[str, Any], other: Mapping[str, Any], transformers: bool) -> list[str]:
    """Name the values that two recipes, as plain values, have otherwise.

    What recipes did not have yet when they were recorded is as good as its default, which leaves everything as it was.
    What does not concern the network, which has transformer layers or has not, does not count.
    """
    first, second = _suited(recorded, transformers), _suited(other, transformers)
    return sorted(name for name in first | second if first.get(name) != second.get(name))


def _suited(recorded: Mapping[str, Any], transformers: bool) -> dict[str, Any]:
    """Put what is said of networks with transformer layers in its place, or leave it out."""
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
"""The recipe of the paper's published implementation."""

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
"""FAST as it was at first. The design study and the study of FAST itself began with it, and what their records mean
must not change when FAST does."""

FAST = FIRST_FAST.with_changes(
    order="electronegativity",
    optimiser_transformer="LAMB+Lookahead",
    lr_max_transformer=6e-3,
)
"""Our own recipe, the default, chosen on validation data alone, as the notebook 12_recipe shows."""

PRETRAINING = FAST.with_changes(name="pretraining", epochs=5, batch_size=1024)
"""A few passes over a large data set, for networks that others start from."""

TRANSFER = FAST.with_changes(name="transfer", source="OQMD_Formation_Enthalpy")
"""FAST, of a network that has learnt the formation enthalpies of 210,000 compounds before: see 12_recipe."""

JOINT = "joint"
"""`Recipe.source` of networks that have learnt the properties of all extended sets together."""

JOINT_TRANSFER = FAST.with_changes(name="joint-transfer", source=JOINT)
"""FAST, of a network that has learnt 18 properties of 350,000 compounds before, this one among them: see 12_recipe."""

RECIPES = {recipe.name: recipe for recipe in (PAPER, FAST, PRETRAINING, TRANSFER, JOINT_TRANSFER)}
"""Recipes by name."""


def recipe(name_or_recipe: "str | Recipe") -> Recipe:
    """Recipe of this name; a recipe is given back as it is.

    Raises
    ------
    UnknownRecipe
        If there is no such recipe; the message lists those that exist.
    """
    if isinstance(name_or_recipe, Recipe):
        return name_or_recipe
    if name_or_recipe not in RECIPES:
        raise UnknownRecipe(f"no recipe is called {name_or_recipe!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name_or_recipe]
