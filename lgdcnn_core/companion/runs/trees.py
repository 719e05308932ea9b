"""Recipes of the baselines: random forest, extra trees and gradient boosting, each with one fixed recipe.

The values are scikit-learn's defaults and conventions of the field. They are the same for all data sets, and we chose
none of them on data.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from lgdcnn_core.companion.runs import features

NAME = "trees"
"""Name of the recipe of all baselines."""


@dataclass(frozen=True)
class TreeRecipe:
    """Values that the recipes of all baselines share.

    Attributes
    ----------
    name
        `NAME`.
    epochs
        Passes over the training data: one.
    features
        Features of a compound, see `features.of_compositions`.
    """

    name: str = NAME
    epochs: int = 1
    features: str = features.DESCRIPTION

    @property
    def validation_chose(self) -> str:
        """Decisions of a run that depend on validation data."""
        return "nothing"

    def with_changes(self, **changes: Any) -> Self:
        """Return the same recipe with some values changed."""
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for records."""
        return asdict(self)


@dataclass(frozen=True)
class Forest(TreeRecipe):
    """Recipe of a random forest, or of extra trees.

    Attributes
    ----------
    random_thresholds
        If true, extra trees: each split draws one threshold per feature, and each tree sees every row. If false, a
        random forest, whose trees see bootstrap samples.
    trees, trees_of_many, many_rows
        Number of trees, and number for more than `many_rows` training rows. Time and memory limit it: on OQMD's 239,000
        rows a tree of a random forest takes about a minute, and a tree of extra trees takes 34 MB.
    max_features
        Share of the features that each split looks at (Breiman, Mach. Learn. 2001, 45, 5, doi:10.1023/A:1010933404324,
        advises a third in regression).
    min_samples_leaf
        Fewest rows in a leaf.
    """

    random_thresholds: bool = False
    trees: int = 300
    trees_of_many: int = 50
    many_rows: int = 50_000
    max_features: float = 1 / 3
    min_samples_leaf: int = 1

    def number_of_trees(self, n_train: int) -> int:
        """Return the number of trees to grow on this many rows."""
        return self.trees if n_train <= self.many_rows else self.trees_of_many


@dataclass(frozen=True)
class Boosting(TreeRecipe):
    """Recipe of gradient boosting on histograms of the features, with the absolute error as loss.

    Attributes
    ----------
    rounds
        Largest number of trees; each round adds one.
    patience
        Boosting stops after this many rounds without a lower validation error. It keeps the rounds up to the lowest.
    learning_rate, max_leaf_nodes, min_samples_leaf
        As in scikit-learn, whose defaults they are.
    jitter
        Standard deviation of the noise on training targets, in units of theirs. scikit-learn gives the absolute error's
        gradient one sign at a target that is predicted exactly. So where half the targets are zero, as of band gaps,
        and the first prediction is their median, all gradients are alike and no tree finds a split.
    """

    rounds: int = 1000
    patience: int = 50
    learning_rate: float = 0.1
    max_leaf_nodes: int = 31
    min_samples_leaf: int = 20
    jitter: float = 1e-6

    @property
    def validation_chose(self) -> str:
        """Decisions of a run that depend on validation data."""
        return "the number of boosting rounds that are kept"


RECIPES: dict[str, Forest | Boosting] = {
    "RF": Forest(),
    "ET": Forest(random_thresholds=True),
    "GBM": Boosting(),
}
"""Recipe of each baseline: random forest, extra trees, gradient boosting."""
