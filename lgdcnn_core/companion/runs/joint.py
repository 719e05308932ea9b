"""Train one network on the properties of all extended sets together, and record the training."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from lgdcnn_core import CompositionRegressor, benchmarks
from lgdcnn_core.companion.records import places, provenance, sealed
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord
from lgdcnn_core.companion.runs.record import learning_curve
from lgdcnn_core.companion.runs.spec import JointSpec, differing
from lgdcnn_core.training import Watch


@dataclass(frozen=True)
class JointRecord(SealedRecord):
    """The record of one joint training. Runs that start from its network, or measure it, show how good it is.

    Attributes
    ----------
    spec
        The training.
    recipe, learning_curve, tokens_per_second, peak_memory, compute, versions, platform, code, started, finished
        As in `RunRecord`; errors are in standard deviations of each property.
    judged
        Sets on which the network may be judged, see `benchmarks.joint_table` and `benchmarks.masked_joint_table`.
    n_known
        By property, the number of compounds whose target was known.
    n_train
        Number of compounds.
    seconds
        Wall time of the training.
    resumed
        As in `RunRecord`.
    inputs
        sha256 of ``train`` and, where there is one, of the validation table ``val``, see `provenance.data_hash`.
    load
        As in `RunRecord`.
    best_epoch
        As in `training.History`.
    weights
        sha256 of the file of the trained model.
    """

    CALLED: ClassVar[str] = "joint training"
    DIRECTORY: ClassVar[str] = "pretraining"
    FORMAT: ClassVar[int] = 3
    SINCE: ClassVar[Mapping[str, int]] = {"load": 2, "best_epoch": 3, "weights": 3}

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
    best_epoch: int | None = None
    weights: str | None = None

    def changed_since(self) -> list[str]:
        """Name the values of the recipe that have changed since."""
        return differing(self.spec.model, self.recipe, self.spec.full_recipe().as_dict())


class JointStore(RecordDirectory[JointRecord]):
    """A directory of records of joint trainings, ``joint/<run>/record.json``."""

    kind: ClassVar[type[JointRecord]] = JointRecord


committed_joint, local_joint, both_joint = JointStore.committed, JointStore.local, JointStore.both


def joint_record(spec: JointSpec) -> JointRecord:
    """Read the record of a joint training from the committed store, or the local one.

    Raises
    ------
    KeyError
        If neither has it.
    BrokenRecord
        As in `JointStore.read`.
    """
    stores = both_joint()
    return next((store for store in stores if spec.key in store), stores[-1]).read(spec.key)


def exact_weights(spec: JointSpec) -> Path:
    """Return the file of a masked network before its weights were rounded, by which the rounding is measured."""
    return places.weights() / f"{spec.key}.float32.safetensors"


def train_jointly(
    spec: JointSpec,
    weights: Path,
    store: JointStore,
    device: str | None,
    progress: bool,
    checkpoint: Path,
    watch: Watch | None = None,
) -> None:
    """Train jointly, write the record unless there is one, and keep the model; if it is masked, in bfloat16.

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
        File to resume from after an interruption; it is removed at the end.
    """
    begun, resumed = provenance.begin(), checkpoint.exists()
    table = benchmarks.masked_joint_table() if spec.masked else benchmarks.joint_table()
    val = benchmarks.joint_validation() if spec.masked else None
    targets = table.drop(columns="formula")
    estimator = CompositionRegressor(
        spec.model, spec.full_recipe(), spec.setting, seed=spec.seed, device=device, progress=progress
    )
    validation = None if val is None else (val["formula"], val.drop(columns="formula"))
    estimator.fit(table["formula"], targets, val=validation, checkpoint=checkpoint, watch=watch)
    estimator.history_.require_whole()
    partial = weights.with_suffix(".partial")
    estimator.save(partial, half=spec.masked, training=False)
    if spec.masked:
        estimator.save(exact_weights(spec), training=False)
    history = estimator.history_
    record = JointRecord(
        spec=spec,
        recipe=estimator.recipe_.as_dict(),
        judged=benchmarks.names("extended") if spec.masked else benchmarks.few_compounds(),
        n_known={str(name): int(count) for name, count in targets.notna().sum().items()},
        n_train=estimator.n_train_,
        learning_curve=learning_curve(history.epochs),
        seconds=history.seconds,
        tokens_per_second=history.tokens / history.seconds,
        peak_memory=estimator.compute_.peak_memory(),
        compute=estimator.compute_.describe(),
        **provenance.made_now(JointRecord, begun),
        resumed=resumed,
        inputs=provenance.input_hashes({"train": table} if val is None else {"train": table, "val": val}),
        best_epoch=history.best_epoch,
        weights=sealed.sha256(partial.read_bytes()),
    )
    store.keep(record)
    # The model comes last, so that every model has its record.
    partial.replace(weights)
    checkpoint.unlink(missing_ok=True)
