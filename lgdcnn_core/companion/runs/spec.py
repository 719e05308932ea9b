"""The specification of one run, or of a training that runs start from: every decision made before it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args

from lgdcnn_core import benchmarks, training
from lgdcnn_core.benchmarks.split import N_FOLDS
from lgdcnn_core.companion.runs import trees
from lgdcnn_core.companion.runs.trees import Boosting, Forest
from lgdcnn_core.models import CHAINS, UnknownNetwork
from lgdcnn_core.training import JOINT, PRETRAINING, TOGETHER, Recipe, Setting

_FILE_NAME = re.compile(r"[\w.-]+")


class InvalidSpec(ValueError):
    """A specification describes a run that cannot be made."""


@dataclass(frozen=True)
class JointSpec:
    """A training on the properties of all extended sets together.

    Attributes
    ----------
    model, setting, seed
        As in `RunSpec`.
    recipe
        ``"pretraining"`` trains on `benchmarks.joint_table`; on the sets that it lets be judged, runs with a recipe of
        source `JOINT` start from it. ``"joint"`` trains on `benchmarks.masked_joint_table`, while
        `benchmarks.joint_validation` chooses the epoch; runs with that recipe measure the network on each set, and on
        the other extended sets runs of source `JOINT` start from it.

    Raises
    ------
    InvalidSpec
        If the recipe is another one.
    """

    model: str = "L-G-DCNN"
    setting: Setting = "exact"
    seed: int = 0
    recipe: str = PRETRAINING.name

    def __post_init__(self) -> None:
        if self.recipe not in (PRETRAINING.name, TOGETHER.name):
            raise InvalidSpec(f"a joint training uses {PRETRAINING.name!r} or {TOGETHER.name!r}, not {self.recipe!r}")

    @property
    def masked(self) -> bool:
        """Whether values were masked, so that the network may be judged on all extended sets."""
        return self.recipe == TOGETHER.name

    @property
    def key(self) -> str:
        """Directory of the record in its store, and place of the weights among those of runs."""
        return f"{JOINT}/{self.model}_{self.recipe}_{self.setting}_seed{self.seed}"

    def full_recipe(self) -> Recipe:
        """Return the recipe of the training."""
        return training.recipe(self.recipe)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, from which `JointSpec` can be made again.

        ``recipe`` is included only if it is not ``"pretraining"``: records older than this field keep their text.
        """
        return {name: value for name, value in asdict(self).items() if (name, value) != ("recipe", PRETRAINING.name)}


@dataclass(frozen=True)
class RunSpec:
    """The specification of one run.

    Attributes
    ----------
    dataset
        One of `benchmarks.names()`.
    fold
        0 to 4 for a Matbench task; None for an extended set, which has one fixed split.
    model
        A network, a key of `models.CHAINS`; or a baseline, a key of `trees.RECIPES`: ``"RF"``, ``"ET"``, ``"GBM"``.
    recipe
        Name of a recipe, a key of `training.RECIPES`. With ``"pretraining"`` the run learns from no compound
        on which the runs that start from it are judged, see `benchmarks.without_judged`. With ``"joint"`` the run
        trains nothing, but measures the network of `JointSpec` on this set. Baselines have their own recipe,
        ``"trees"``.
    setting
        ``"exact"`` or ``"published"`` (padded), see `training.Layout`; ``"exact"`` for a baseline.
    seed
        Seed of the initial weights, of the training and of the subset that `train_fraction` asks for.
    train_fraction
        Share of the training rows that is used, in (0, 1].
    epochs
        Number of epochs, if it is not the recipe's own. The recipe's own number, see `training.Recipe.sized`, becomes
        None, so that one run has one specification.
    refit
        Train on training and validation data together, up to the epoch that validation chose in the otherwise identical
        run that keeps them apart. The published numbers keep them apart, so compare with care.

    Raises
    ------
    InvalidSpec, UnknownDataSetError, UnknownNetwork, UnknownRecipe
        All are `ValueError`; the message lists the possible values.
    """

    dataset: str
    fold: int | None = None
    model: str = "L-G-DCNN"
    recipe: str = "fast"
    setting: Setting = "exact"
    seed: int = 0
    train_fraction: float = 1.0
    epochs: int | None = None
    refit: bool = False

    def __post_init__(self) -> None:
        self._check_fold()
        named = self._named_recipe()
        if self.setting not in get_args(Setting):
            raise InvalidSpec(f"setting is {self.setting!r}; it is {' or '.join(get_args(Setting))}")
        if not _is_integer(self.seed) or self.seed < 0:
            raise InvalidSpec(f"seed is {self.seed!r}; it is an integer from 0")
        fraction = self.train_fraction
        if isinstance(fraction, bool) or not isinstance(fraction, (int, float)) or not 0 < fraction <= 1:
            raise InvalidSpec(f"train_fraction is {fraction!r}; it is a number above 0, up to 1")
        if self.epochs is not None and (not _is_integer(self.epochs) or self.epochs < 1):
            raise InvalidSpec(
                f"epochs is {self.epochs!r}; it is an integer from 1, or None for the recipe's {named.epochs}"
            )
        if not isinstance(self.refit, bool):
            raise InvalidSpec(f"refit is {self.refit!r}; it is True or False")
        if not isinstance(named, Recipe):
            if self.setting != "exact" or self.epochs not in (None, named.epochs):
                raise InvalidSpec(f"{self.model} has no padding and no epochs: setting is 'exact', epochs is None")
        elif self.recipe == TOGETHER.name:
            self._check_joint()
        elif self.refit and named.needs_validation:
            raise InvalidSpec(f"the recipe {self.recipe!r} needs validation data: refit is False")
        self._check_source()
        object.__setattr__(self, "train_fraction", float(fraction))
        own = self._own_recipe().epochs
        if self.epochs == own:
            object.__setattr__(self, "epochs", None)
        elif self.epochs == named.epochs:
            raise InvalidSpec(
                f"epochs is {self.epochs}, which is the number of {self.recipe!r} for few compounds; for so many it "
                f"is {own}: give None for that, or a number other than both"
            )
        assert all(_FILE_NAME.fullmatch(part) for part in self.key.split("/"))

    def _check_fold(self) -> None:
        card = benchmarks.card(self.dataset)
        if card.protocol == "extended":
            if self.fold is not None:
                raise InvalidSpec(f"{self.dataset} has one fixed split: fold is None, not {self.fold!r}")
        elif not _is_integer(self.fold) or self.fold not in range(N_FOLDS):
            raise InvalidSpec(f"{self.dataset} has official folds: fold is 0 to {N_FOLDS - 1}, not {self.fold!r}")

    def _check_joint(self) -> None:
        if benchmarks.card(self.dataset).protocol != "extended":
            raise InvalidSpec(f"the recipe {self.recipe!r} covers only the extended sets, not {self.dataset}")
        if self.refit or self.train_fraction != 1 or self.epochs not in (None, TOGETHER.epochs):
            raise InvalidSpec(
                f"the recipe {self.recipe!r} measures one network on every set: refit is False, train_fraction is 1, "
                "and epochs is None"
            )

    def _check_source(self) -> None:
        """Refuse to start from a network that has seen compounds on which the run is judged."""
        source = self.source
        if isinstance(source, JointSpec) and benchmarks.card(self.dataset).protocol != "extended":
            raise InvalidSpec(
                f"the recipe {self.recipe!r} starts from a network that has seen compounds that {self.dataset} is "
                "judged on; only the extended sets were left out of a joint training, or masked in it"
            )
        if isinstance(source, RunSpec):
            known = benchmarks.card(source.dataset).source
            if known == benchmarks.card(self.dataset).source:
                raise InvalidSpec(
                    f"the recipe {self.recipe!r} starts from a network trained on {source.dataset}, which has seen "
                    f"compounds that {self.dataset} is judged on: both come from {known}"
                )

    @property
    def key(self) -> str:
        """Directory of the record in a store: readable, safe as a path on any system, and one to one."""
        parts = [self.model, self.recipe, self.setting]
        if self.fold is not None:
            parts.append(f"fold{self.fold}")
        if self.epochs is not None:
            parts.append(f"epochs{self.epochs}")
        if self.train_fraction != 1:
            parts.append(f"fraction{self.train_fraction!r}")
        if self.refit:
            parts.append("refit")
        return f"{self.dataset}/{'_'.join(parts)}_seed{self.seed}"

    @property
    def classification(self) -> bool:
        """Whether the targets are classes."""
        return benchmarks.card(self.dataset).kind == "classification"

    @property
    def source(self) -> "RunSpec | JointSpec | None":
        """The run whose trained network this one starts from, or measures; None if it starts from random weights."""
        recipe = self.full_recipe()
        if self.recipe == TOGETHER.name:
            return JointSpec(self.model, self.setting, self.seed, self.recipe)
        if not isinstance(recipe, Recipe):
            return None
        return source(recipe, self.model, self.setting, self.seed, self.dataset)

    @property
    def kept_apart(self) -> "RunSpec | None":
        """For a refit, the otherwise identical run that keeps validation data apart."""
        return replace(self, refit=False) if self.refit else None

    @property
    def nominal_epochs(self) -> int:
        """Number by which runs on different data sets are compared: `epochs`, or the recipe's own for few compounds."""
        return self.epochs or self._named_recipe().epochs

    def full_recipe(self) -> Recipe | Forest | Boosting:
        """Return the recipe with the values for this run: those for so many compounds, and its epochs."""
        recipe = self._own_recipe()
        return recipe if self.epochs is None else recipe.with_changes(epochs=self.epochs)

    def _own_recipe(self) -> Recipe | Forest | Boosting:
        """Return the recipe with its own values for so many compounds; validation data do not count."""
        recipe = self._named_recipe()
        if not isinstance(recipe, Recipe):
            return recipe
        return recipe.sized(max(round(self.train_fraction * benchmarks.card(self.dataset).n_train), 1))

    def _named_recipe(self) -> Recipe | Forest | Boosting:
        if self.model in trees.RECIPES:
            if self.recipe != trees.NAME:
                raise InvalidSpec(f"the recipe of {self.model} is {trees.NAME!r}, not {self.recipe!r}")
            return trees.RECIPES[self.model]
        if self.model not in CHAINS:
            known = ", ".join([*CHAINS, *trees.RECIPES])
            raise UnknownNetwork(f"no network or baseline is called {self.model!r}; there are {known}")
        return training.recipe(self.recipe)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, from which `RunSpec` can be made again.

        They are the parameters of the notebook that makes the run. ``refit`` is included only if it is true, so that
        records older than this field keep their text.
        """
        return {name: value for name, value in asdict(self).items() if name != "refit" or value}


def source(recipe: Recipe, model: str, setting: Setting, seed: int, dataset: str) -> RunSpec | JointSpec | None:
    """Return the run whose trained network a training by this recipe starts from; None for random weights."""
    if recipe.source is None:
        return None
    if recipe.source == JOINT:
        judged = dataset in benchmarks.few_compounds()
        return JointSpec(model, setting, seed, PRETRAINING.name if judged else TOGETHER.name)
    return RunSpec(recipe.source, model=model, recipe=PRETRAINING.name, setting=setting, seed=seed)


def differing(model: str, recorded: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Name the values that differ between two recipes of a model, given as plain values; see `training.differing`."""
    if model in CHAINS:
        return training.differing(recorded, other, CHAINS[model].has_transformers)
    return sorted(name for name in {*recorded, *other} if recorded.get(name) != other.get(name))


def _is_integer(value: object) -> bool:
    """Tell whether a value is an integer; True, which Python counts as one, is not."""
    return isinstance(value, int) and not isinstance(value, bool)
