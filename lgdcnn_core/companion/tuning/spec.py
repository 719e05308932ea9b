"""Specifications of trials, which are recipes with reasons, and of the data to run them on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args

from lgdcnn_core import benchmarks, elements
from lgdcnn_core.companion.runs import RunSpec
from lgdcnn_core.models import chain
from lgdcnn_core.training import FIRST_FAST, PAPER, Recipe, Setting

BASES = {"fast": FIRST_FAST, "paper": PAPER}
"""Recipes that trials change. `FAST` itself follows the findings of the study; if trials were based on it, a finding
would change earlier trials."""

# Without an underscore, which separates the parts of a record's key.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


class InvalidTrial(ValueError):
    """The specification of a trial, or of its data, is invalid."""


@dataclass(frozen=True)
class Trial:
    """A recipe to try, with the reason for trying it.

    Attributes
    ----------
    name
        Short name of letters, digits, ``.``, ``+`` and ``-``; records are stored under it.
    why
        The hope or fear behind the trial, in one sentence.
    changes
        Fields of `training.Recipe`, with values other than the base's.
    base
        A key of `BASES`: ``"fast"``, our recipe as it was when the study began, or ``"paper"``.
    model
        Name or spec of the network, see `models.build`.
    setting
        ``"exact"`` or ``"published"``, see `training.Layout`.
    elements
        Element table, see `elements.names`.

    Raises
    ------
    InvalidTrial, UnknownNetwork, InvalidSpec
        If a value is unknown; the message lists the known ones. `recipe` checks the fields of the recipe, since a
        record outlives them.
    """

    name: str
    why: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    base: str = "fast"
    model: str = "L-G-DCNN"
    setting: Setting = "exact"
    elements: str = "mat2vec"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidTrial(f"{self.name!r} is no name of a trial: use letters, digits, '.', '+' and '-'")
        if self.base not in BASES:
            raise InvalidTrial(f"trial {self.name}: no base is called {self.base!r}; there are {', '.join(BASES)}")
        if self.setting not in get_args(Setting):
            raise InvalidTrial(
                f"trial {self.name}: setting is {self.setting!r}; it is {' or '.join(get_args(Setting))}"
            )
        if not set(self.elements.split("+")) <= set(elements.names()):
            raise InvalidTrial(
                f"trial {self.name}: no element table is called {self.elements!r}; there are "
                f"{', '.join(elements.names())}"
            )
        chain(self.model)

    def recipe(self) -> Recipe:
        """Return the full recipe, named after the trial.

        Raises
        ------
        InvalidTrial
            If a change names a field that recipes lack, or repeats the value that the base has already.
        """
        base = BASES[self.base]
        known = [each.name for each in fields(Recipe) if each.name != "name"]
        for name, value in self.changes.items():
            if name not in known:
                raise InvalidTrial(f"trial {self.name}: a recipe has no {name!r}; it has {', '.join(known)}")
            if value == getattr(base, name):
                raise InvalidTrial(f"trial {self.name}: {name} is {value!r} in the base {self.base!r} already")
        return base.with_changes(**self.changes, name=self.name)


@dataclass(frozen=True)
class Task:
    """A data set, or one of its folds, to run trials on.

    Attributes
    ----------
    dataset, fold
        As `benchmarks.load` takes them; regressions only, since errors are compared as ratios of MAEs.

    Raises
    ------
    InvalidTrial, InvalidSpec, UnknownDataSetError
        If there are no such data; the message lists the known ones.
    """

    dataset: str
    fold: int | None = None

    def __post_init__(self) -> None:
        RunSpec(self.dataset, self.fold)
        if benchmarks.card(self.dataset).kind == "classification":
            raise InvalidTrial(f"{self.dataset} is a classification; the study compares MAEs of regressions")

    @classmethod
    def parse(cls, text: str) -> "Task":
        """Parse the label of a task, such as ``mp_mu_b`` or ``matbench_phonons/0``."""
        dataset, slash, fold = text.partition("/")
        if slash and not fold.isdecimal():
            raise InvalidTrial(f"{text!r} has no fold after the slash; write, say, matbench_phonons/0")
        return cls(dataset, int(fold) if slash else None)

    @property
    def label(self) -> str:
        """Label that `parse` reads."""
        return self.dataset if self.fold is None else f"{self.dataset}/{self.fold}"


def key(trial: str, task: Task, seed: int) -> str:
    """Return the directory, in a store, of a trial's record on these data with this seed."""
    return f"{task.dataset}/{trial}{'' if task.fold is None else f'_fold{task.fold}'}_seed{seed}"
