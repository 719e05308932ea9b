"""The training of one network on the properties of all extended sets together, which others start from."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.companion.records import places, provenance
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed import RecordExists
from lgdcnn_core.companion.records.sealed_record import Plain, SealedRecord
from lgdcnn_core.companion.runs.record import learning_curve
from lgdcnn_core.companion.runs.spec import JointSpec, differing
from lgdcnn_core.training import Watch

DIRECTORY = "pretraining"


@dataclass(frozen=True)
class JointRecord(SealedRecord):
    """What one such training was. What it is good for, the runs that start from it show.

    Attributes
    ----------
    spec
        What was run.
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
        return differing(self.spec.model, self.recipe, self.spec.full_recipe().as_dict())

    @property
    def key(self) -> str:
        """Directory of the record in its store."""
        return self.spec.key

    @classmethod
    def _nested(cls) -> dict[str, type[Plain]]:
        return {"spec": JointSpec}


class JointStore(RecordDirectory[JointRecord]):
    """A directory of records of joint trainings, ``joint/<run>/record.json``."""

    record: ClassVar[type[JointRecord]] = JointRecord
    holds: ClassVar[str] = "joint training"
    of: ClassVar[str] = "the joint training"


def committed_joint() -> JointStore | None:
    """``data/pretraining`` of the checkout; None if the package is installed without one."""
    return places.committed(JointStore, DIRECTORY)


def local_joint() -> JointStore:
    """``build/pretraining``; within the directory that LGDCNN_RUNS names, if it names one."""
    return places.local(JointStore, DIRECTORY)


def both_joint() -> list[JointStore]:
    """Give the committed store, if there is one, and the local one."""
    return places.both(JointStore, DIRECTORY)


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
        What to run.
    weights
        File for the model.
    store
        Where the record goes.
    device, progress, watch
        As in `execute`.
    checkpoint
        File to go on from after an interruption; it is removed at the end.
    """
    begun: dict[str, Any] = {"started": provenance.now(), "resumed": checkpoint.exists()}
    code, load = provenance.code(), {"start": provenance.load_average()}
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
        **provenance.made_now(code),
        **begun,
        inputs={"train": provenance.data_hash(table)},
        load=load | {"end": provenance.load_average()},
    )
    if spec.key not in store:
        # Another process may have made the same training meanwhile.
        with suppress(RecordExists):
            store.write(record)
    checkpoint.unlink(missing_ok=True)
