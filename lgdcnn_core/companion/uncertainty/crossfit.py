"""Cross-fitted predictions: of every compound, by a network that has not learnt it; the record, and its making.

They measure how optimistic a calibration is whose validation data also chose the epoch. Each part of the training and
validation data is held out in turn. One network trains on the rest for a number of epochs that was fixed before, and
another one on the same rest while the held-out part chooses its epoch, as validation data do in a run.

Source: V. Vovk, Cross-conformal predictors, Ann. Math. Artif. Intell. 2015, 74, 9, doi:10.1007/s10472-013-9368-4.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold

from lgdcnn_core import CompositionRegressor
from lgdcnn_core.companion.records import provenance, sealed
from lgdcnn_core.companion.records.directory import RecordDirectory
from lgdcnn_core.companion.records.sealed_record import SealedRecord
from lgdcnn_core.companion.runs import InvalidSpec, RunRecord, RunSpec, committed_store, execute, local_store
from lgdcnn_core.companion.runs.execution import predict, recorded
from lgdcnn_core.companion.runs.parts import held_out, load_split
from lgdcnn_core.companion.runs.predictions import lean, restored
from lgdcnn_core.training import Recipe, merging_expected

FIXED, CHOSEN, TEST = "fixed.parquet", "chosen.parquet", "test.parquet"
"""Files: predictions of every compound for the fixed number of epochs and for the chosen ones; and predictions of the
test part by the networks with the fixed number, network after network."""

N_PARTS = 5
"""Parts that are held out in turn."""


@dataclass(frozen=True)
class CrossFitRecord(SealedRecord):
    """Cross-fitted predictions for one run.

    Attributes
    ----------
    spec
        The run, which names data, network, recipe and seed. The seed also draws the parts.
    recipe
        Every value of the recipe.
    n_parts
        Number of parts, and of networks of either kind.
    epochs
        Fixed number of epochs: the best one of the run itself, as in a refit.
    chosen_epochs
        Epoch that each held-out part chose.
    n_compounds, n_test
        Rows of training and validation data together, and of test data.
    seconds
        Wall time of all trainings.
    compute, versions, platform, code, started, finished, outputs, load
        As in `runs.RunRecord`.
    inputs
        sha256 of ``train``, ``val`` and ``test``, see `records.provenance.data_hash`.
    """

    CALLED: ClassVar[str] = "cross-fit"
    DIRECTORY: ClassVar[str] = "uncertainty"

    spec: RunSpec
    recipe: dict[str, Any]
    n_parts: int
    epochs: int
    chosen_epochs: list[int]
    n_compounds: int
    n_test: int
    seconds: float
    compute: dict[str, str | int]
    versions: dict[str, str]
    platform: dict[str, str | int | None]
    code: dict[str, str | bool] | None
    started: str
    finished: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    load: dict[str, float | None]


class CrossFitStore(RecordDirectory[CrossFitRecord]):
    """A directory of cross-fits, ``<dataset>/<run>/{record.json,fixed.parquet,chosen.parquet,test.parquet}``."""

    kind: ClassVar[type[CrossFitRecord]] = CrossFitRecord

    def predictions(self, key: str) -> dict[str, pd.DataFrame]:
        """Return the predictions of a record by file, `FIXED`, `CHOSEN` and `TEST`.

        Tables are as in `runs.Store.predictions`; `TEST` has every test compound once for each network.

        Raises
        ------
        KeyError, BrokenRecord, DifferentData
            As in `runs.Store.predictions`.
        """
        record, files = self.read_with_files(key)
        train, val, test = (
            held_out(record.spec, part, record.inputs[part], self.title(key)) for part in ("train", "val", "test")
        )
        parts = dict.fromkeys((FIXED, CHOSEN), pd.concat([train, val])) | {TEST: pd.concat([test] * record.n_parts)}
        return {name: restored(files[name], part) for name, part in parts.items()}


committed_crossfits, local_crossfits = CrossFitStore.committed, CrossFitStore.local


def make(
    spec: RunSpec,
    store: CrossFitStore,
    device: str | None = None,
    made: Callable[[str], None] = lambda _: None,
) -> CrossFitRecord:
    """Cross-fit a run, and write the record. The run itself, which fixes the number of epochs, is made if missing.

    Parameters
    ----------
    spec
        A run of a network that starts from random weights, on whole training data.
    store
        Store of the record.
    device
        As in `training.choose`.
    made
        Called with a message after each training.

    Raises
    ------
    InvalidSpec
        If the run is another one.
    """
    recipe = spec.full_recipe()
    if not isinstance(recipe, Recipe) or spec.source or spec.refit or spec.train_fraction != 1 or spec.classification:
        raise InvalidSpec(
            f"cannot cross-fit {spec.key}: take a regression of a network from random weights, on whole training data"
        )
    begun, split = provenance.begin(), load_split(spec)
    epochs = _run(spec, device).best_epoch
    compounds = pd.concat([split.train, split.val])
    held: dict[str, list[pd.DataFrame]] = {FIXED: [], CHOSEN: []}
    places, of_test, chosen_epochs, seconds = [], [], [], 0.0
    for number, (rest, out) in enumerate(KFold(N_PARTS, shuffle=True, random_state=spec.seed).split(compounds), 1):
        train, val = compounds.iloc[rest], compounds.iloc[out]
        places.append(out)
        for name, given in ((FIXED, {"stop_after": epochs}), (CHOSEN, {"val": val})):
            model = CompositionRegressor(
                spec.model, recipe, spec.setting, seed=spec.seed, device=device, progress=False
            )
            with merging_expected():  # by the paper's rule
                model.fit(train, **given)
            model.history_.require_whole()
            held[name].append(predict(model, val))
            seconds += model.history_.seconds
            if name == FIXED:
                of_test.append(predict(model, split.test))
            else:
                chosen_epochs.append(model.history_.best_epoch)
            made(f"part {number} of {N_PARTS}, {name.partition('.')[0]} epochs: {model.history_.seconds:.0f} s")
    in_order = np.argsort(np.concatenate(places))
    files = {name: lean(pd.concat(tables).iloc[in_order]) for name, tables in held.items()}
    files[TEST] = lean(pd.concat(of_test))
    record = CrossFitRecord(
        spec=spec,
        recipe=recipe.as_dict(),
        n_parts=N_PARTS,
        epochs=epochs,
        chosen_epochs=chosen_epochs,
        n_compounds=len(compounds),
        n_test=len(split.test),
        seconds=seconds,
        compute=model.compute_.describe(),
        **provenance.made_now(CrossFitRecord, begun),
        inputs=provenance.input_hashes(split._asdict()),
        outputs=sealed.hashes(files),
    )
    return store.keep(record, files)


def _run(spec: RunSpec, device: str | None) -> RunRecord:
    """Return the record of the run itself, from the committed store, or from the local one, where it is made."""
    committed = committed_store()
    found = recorded(spec, committed) if committed else None
    return found or execute(spec, local_store(), device)
