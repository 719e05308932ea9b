"""Records behind the verdicts: all from one store, each kind read once."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from lgdcnn_core import benchmarks, training
from lgdcnn_core.companion import design, readings, runs, speed, uncertainty
from lgdcnn_core.companion.design.study import NAME, TASKS
from lgdcnn_core.companion.readings.embeddings import Embeddings
from lgdcnn_core.companion.readings.embeddings import view as view_embeddings
from lgdcnn_core.companion.readings.environments import Environments
from lgdcnn_core.companion.readings.environments import view as view_environments
from lgdcnn_core.companion.readings.spec import ReadingSpec
from lgdcnn_core.companion.runs import curves, sample_efficiency
from lgdcnn_core.companion.wording import STORES, own_setting

READ: dict[str, dict[str, Any]] = {
    "CritExam__Ef": {"train_fraction": 0.1, "epochs": 12},
    "aflow__Egap": {"train_fraction": 0.3, "epochs": 12},
    "OQMD_Bandgap": {"train_fraction": 0.025, "epochs": 12},
}
"""Data sets on which all networks were read, to compare them. Their trainings were brief: these fields
of `runs.RunSpec`, with about 6,000 compounds each."""

CLOSER = runs.RunSpec("CritExam__Ef", model="L-G-DCNN")
"""The training whose network is looked at more closely, a whole one: the paper prints a CECV of this network."""

ELEMENTS = ("Si", "O", "Al")
"""Focus elements of the readings; the first is the paper's example."""

NETWORKS = ("DCNN-K1", "DCNN", "LSTM", "L-DCNN", "L-G-DCNN", "CrabNet")
"""Networks that were read."""


class Evidence:
    """Records of one store; each kind is read when it is first asked for.

    Parameters
    ----------
    store
        ``"committed"`` (the project's) or ``"local"`` (this machine's).
    """

    def __init__(self, store: str = "committed") -> None:
        if store not in STORES:
            raise ValueError(f"no store is called {store!r}: choose from {', '.join(STORES)}")
        self.store = store

    @cached_property
    def run_stores(self) -> list[runs.Store]:
        """The store of run records, if there is one."""
        return _existing(runs.committed_store() if self.store == "committed" else runs.local_store())

    @cached_property
    def records(self) -> pd.DataFrame:
        """Records of runs on whole training parts, without the pretrainings that other runs start from."""
        table = self._all_runs
        return table[(table["train_fraction"] == 1) & (table["recipe"] != training.PRETRAINING.name)]

    @cached_property
    def efficiency(self) -> pd.DataFrame:
        """Records of the study of sample efficiency, see `sample_efficiency.points`."""
        return sample_efficiency.points(self._all_runs)

    def of(self, names: Sequence[str]) -> pd.DataFrame:
        """Return the records of these data sets."""
        return self.records[self.records["dataset"].isin(names)]

    @cached_property
    def comparable_curves(self) -> pd.DataFrame:
        """Learning curves that can be compared, see `curves.reasons_against`, in each recipe's own setting."""
        settings = self.records["recipe"].map(own_setting)
        records = self.records[(self.records["setting"] == settings) & ~self.records["refit"].astype(bool)]
        table = runs.load_curves(records, self.run_stores)
        return table[curves.reasons_against(table) == ""]

    def environments(self, run: runs.RunSpec, element: str) -> Environments | None:
        """Return the environments of an element in a network's layers, in the test part; None without a record."""
        found = self._reading(ReadingSpec("cecv", run, element))
        return None if found is None else view_environments(*found)

    def embeddings(self, run: runs.RunSpec, element: str, trained: bool = True) -> Embeddings | None:
        """Return the maps of a network's layers, in the test part; None without a record."""
        found = self._reading(ReadingSpec("embeddings", run, element, trained=trained))
        return None if found is None else view_embeddings(*found)

    @cached_property
    def evaluations(self) -> list[design.Evaluation]:
        """Candidates of the design study, with the seeds with which all candidates were evaluated on all data sets."""
        study = design.committed_study(NAME) if self.store == "committed" else design.local_study(NAME)
        found = study.evaluations() if study else []
        on_sets = Counter((each.candidate, each.seed) for each in found)
        whole = Counter(seed for (_, seed), n in on_sets.items() if n == len(TASKS))
        by_set = [each for task in TASKS for each in found if each.dataset == task.dataset]
        return [
            each
            for each in by_set
            if on_sets[each.candidate, each.seed] == len(TASKS) and whole[each.seed] == whole[design.Plan(TASKS).seed]
        ]

    @cached_property
    def uncertain(self) -> list[uncertainty.Case]:
        """Predictions with stated uncertainties, by the fast recipe, the joint network and a random forest."""
        return uncertainty.cases(self.records, self.run_stores)

    @cached_property
    def speeds(self) -> dict[str, speed.SpeedRecord]:
        """Speed records, by the name of the machine and how it computed."""
        store = speed.committed() if self.store == "committed" else speed.local()
        return {record.title: record for record in store.records().values()} if store else {}

    @cached_property
    def _all_runs(self) -> pd.DataFrame:
        return runs.load_records(self.run_stores)

    def _reading(
        self, spec: ReadingSpec
    ) -> tuple[readings.ReadingRecord, readings.ReadingStore, dict[str, bytes]] | None:
        store = readings.committed(spec.kind) if self.store == "committed" else readings.local(spec.kind)
        if store is None or spec.key not in store:
            return None
        record, files = store.read_with_files(spec.key)
        return record, store, files


def published_errors(names: Sequence[str]) -> pd.DataFrame:
    """Return the MAE that the paper prints for each model (columns) on these extended sets (rows)."""
    return benchmarks.published("lgdcnn_paper").set_index("dataset").drop(columns=["label", "unit"]).loc[list(names)]


def _existing(store: Any) -> list[Any]:
    return [] if store is None else [store]
