"""Run records: what was trained, how, on what, with which result; made once, then only read."""

from lgdcnn_core.runs.curves import load_curves
from lgdcnn_core.runs.ensembles import ensembles, mean_prediction, of_several_networks
from lgdcnn_core.runs.execution import OutdatedRecord, execute, recorded, trained
from lgdcnn_core.runs.paired import PairedDifference, paired_difference, paired_differences
from lgdcnn_core.runs.record import RunRecord
from lgdcnn_core.runs.rows import UnlikeRecords
from lgdcnn_core.runs.sealed import BrokenRecord, RecordExists
from lgdcnn_core.runs.spec import InvalidSpec, JointSpec, RunSpec
from lgdcnn_core.runs.store import Store, committed_store, local_store
from lgdcnn_core.runs.table import load_records, summarise, without_pure_elements
from lgdcnn_core.runs.weights import OutdatedWeights

__all__ = [
    "BrokenRecord",
    "InvalidSpec",
    "JointSpec",
    "OutdatedRecord",
    "OutdatedWeights",
    "PairedDifference",
    "RecordExists",
    "RunRecord",
    "RunSpec",
    "Store",
    "UnlikeRecords",
    "committed_store",
    "ensembles",
    "execute",
    "load_curves",
    "load_records",
    "local_store",
    "mean_prediction",
    "of_several_networks",
    "paired_difference",
    "paired_differences",
    "recorded",
    "summarise",
    "trained",
    "without_pure_elements",
]
