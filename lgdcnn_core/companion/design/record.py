"""The record of one evaluated candidate: its training, its CECVs, and where they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lgdcnn_core.cecv import CECV
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord

COMPLETE_LINKAGE = "complete-linkage"
"""Rule of `lgdcnn_core.cecv.clusters` that evaluations have beside the paper's."""


@dataclass(frozen=True)
class Evaluation(SealedRecord):
    """Result of one candidate on one data set.

    Attributes
    ----------
    candidate
        Name or spec of the network, as `lgdcnn_core.models.build` takes it.
    origin
        How it came into the study: ``"paper"``, ``"random"``, ``"round 1"`` and so on.
    chain
        Fields of its `lgdcnn_core.models.Chain`.
    dataset, fold, seed
        As in `lgdcnn_core.companion.runs.RunSpec`.
    recipe
        Every value of the recipe.
    n_parameters
        Number of trained parameters.
    val_mae, mean_predictor_mae
        MAE of the validation data, in the unit of the property: of the network (weights of the best epoch), and of
        predicting the mean of the training targets.
    learning_curve
        Columns ``epoch``, ``loss``, ``train_error``, ``val_error``, one value per epoch.
    cecvs
        By layer, in the order of the forward pass: ``sizes``, ``compounds`` (S,) and ``counts`` (T, S).
    thresholds, rule, focus
        Settings of the CECVs; a focus of None takes all compounds.
    complete_linkage
        As `cecvs`, by the complete-linkage rule, which does not depend on the order of the compounds. None in a record
        of format 1.
    n_formulas
        Number of distinct formulas of the training and validation data, from which the CECVs are computed.
    seconds
        Wall time: ``training`` and ``cecv``.
    compute, versions, platform, code, finished, inputs
        As in `lgdcnn_core.companion.runs.RunRecord`; `inputs` has only ``train`` and ``val``: test data are never read.
    """

    CALLED: ClassVar[str] = "evaluation"
    DIRECTORY: ClassVar[str] = "design"
    BELOW: ClassVar[int] = 2
    FORMAT: ClassVar[int] = 2
    SINCE: ClassVar[Mapping[str, int]] = {"complete_linkage": 2}

    candidate: str
    origin: str
    chain: dict[str, Any]
    dataset: str
    fold: int | None
    seed: int
    recipe: dict[str, Any]
    n_parameters: int
    val_mae: float
    mean_predictor_mae: float
    learning_curve: dict[str, list[float]]
    cecvs: dict[str, dict[str, Any]]
    thresholds: list[float]
    rule: str
    focus: int | None
    n_formulas: int
    seconds: dict[str, float]
    compute: dict[str, str | int]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    finished: str
    inputs: dict[str, str]
    complete_linkage: dict[str, dict[str, Any]] | None = None

    @property
    def key(self) -> str:
        """Directory of the record in its study."""
        return key(self.candidate, self.dataset, self.seed)

    def layers(self, rule: str = "") -> dict[str, CECV]:
        """Return the CECV of each layer, in the order of the forward pass; the last is the one before the head.

        Parameters
        ----------
        rule
            The record's own `rule` by default, or `COMPLETE_LINKAGE`.

        Raises
        ------
        KeyError
            If the record has no CECVs by this rule.
        """
        by_rule = {self.rule: self.cecvs, COMPLETE_LINKAGE: self.complete_linkage}
        if (found_by := by_rule.get(rule or self.rule)) is None:
            raise KeyError(f"{self.key} has no CECVs by the rule {rule!r}")
        return {
            layer: CECV(
                tuple(self.thresholds),
                tuple(found["sizes"]),
                np.array(found["counts"], dtype=np.intp),
                np.array(found["compounds"], dtype=np.intp),
                rule or self.rule,
            )
            for layer, found in found_by.items()
        }


class Study(RecordDirectory[Evaluation]):
    """A directory of evaluations, ``<dataset>/<candidate>_seed<n>/record.json``; one for each study, by its name."""

    kind: ClassVar[type[Evaluation]] = Evaluation

    def evaluations(self) -> list[Evaluation]:
        """Read all records."""
        return list(self.records().values())


committed_study, local_study = Study.committed, Study.local


def key(candidate: str, dataset: str, seed: int) -> str:
    """Return the directory of a candidate's record; ``>`` and ``|``, which some file systems refuse, become dashes."""
    return f"{dataset}/{candidate.replace('>', '--').replace('|', '---')}_seed{seed}"
