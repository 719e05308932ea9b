"""The training of one network on the properties of all extended sets together, which others start from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord
from lgdcnn_core.companion.runs.record import learning_curve
from lgdcnn_core.companion.runs.spec import JointSpec
from lgdcnn_core.models import CHAINS
from lgdcnn_core.training import Watch


@dataclass(frozen=True)
class JointRecord(SealedRecord):
    """One such training. Its worth shows in the runs that start from it.

    Attributes
    ----------
    spec
        The training.
    recipe, learning_curve, tokens_per_second, peak_memory, compute, versions, platform, code, started, finished
        As in `RunRecord`; nothing validates, and training errors are in standard deviations.
    judged
        Sets whose validation and test compounds were left out, see `benchmarks.joint_table`.
    n_known
        By property, compounds whose target was known.
    n_train
        Compounds.
    seconds
        Wall time of the training.
    resumed
        As in `RunRecord`.
    inputs
        sha256 of ``train``, see `provenance.data_hash`.
    load
        As in `RunRecord`.
    """

    CALLED: ClassVar[str] = "joint training"
    DIRECTORY: ClassVar[str] = "pretraining"
    FORMAT: ClassVar[int] = 2
    SINCE: ClassVar[Mapping[str, int]] = {"load": 2}

    spec: JointSpec
    recipe: dict[str, Any]
    judged: list[str]
    n_known: dict[str, int]
    n_train: int
    learning_curve: dict[str, list[float | None]]
    seconds: float
    tokens_per_second: float
    peak_memory: dict[str, float]
    compute: dict[str, str | int]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    started: str
    finished: str
    resumed: bool
    inputs: dict[str, str]
    load: dict[str, float | None] | None = None

    def changed_since(self) -> list[str]:
        """Name the values of the recipe that are others today."""
        return self.spec.full_recipe().differing(self.recipe, CHAINS[self.spec.model].has_transformers)


class JointStore(RecordDirectory[JointRecord]):
    """A directory of records of joint trainings, ``joint/<run>/record.json``."""

    kind: ClassVar[type[JointRecord]] = JointRecord


committed_joint, local_joint, both_joint = JointStore.committed, JointStore.local, JointStore.both


def train_jointly(
    spec: JointSpec,
    weights: Path,
    store: JointStore,
    device: str | None,
    progress: bool,
    checkpoint: Path,
    watch: Watch | None = None,
) -> None:
    """Train, keep the model, and write the record, unless there is one.

    Parameters
    ----------
    spec
        The training.
    weights
        File for the model.
    store
        Store of the record.
    device, progress, watch
        As in `execute`.
    checkpoint
        File to go on from after an interruption; it is removed at the end.
    """
    begun, resumed = provenance.begin(), checkpoint.exists()
    table = benchmarks.joint_table()
    targets = table.drop(columns="formula")
    estimator = CompositionRegressor(
        spec.model, spec.full_recipe(), spec.setting, seed=spec.seed, device=device, progress=progress
    )
    estimator.fit(table["formula"], targets, checkpoint=checkpoint, watch=watch)
    estimator.history_.require_whole()
    estimator.save(weights)
    history = estimator.history_
    record = JointRecord(
        spec=spec,
        recipe=estimator.recipe_.as_dict(),
        judged=benchmarks.few_compounds(),
        n_known={str(name): int(count) for name, count in targets.notna().sum().items()},
        n_train=estimator.n_train_,
        learning_curve=learning_curve(history.epochs),
        seconds=history.seconds,
        tokens_per_second=history.tokens / history.seconds,
        peak_memory=estimator.compute_.peak_memory(),
        compute=estimator.compute_.describe(),
        **provenance.made_now(JointRecord, begun),
        resumed=resumed,
        inputs={"train": provenance.data_hash(table)},
    )
    store.keep(record)
    checkpoint.unlink(missing_ok=True)
