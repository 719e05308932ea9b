"""Run records: each states one training, its data and its result. They are made once, then only read."""

from lgdcnn_core.companion.records.sealed import BrokenRecord, RecordExists
from lgdcnn_core.companion.runs.curves import load_curves
from lgdcnn_core.companion.runs.ensembles import all_ensembles, ensembles, mean_prediction, of_several_networks
from lgdcnn_core.companion.runs.execution import OutdatedRecord, execute, recorded, trained
from lgdcnn_core.companion.runs.paired import PairedDifference, paired_difference, paired_differences
from lgdcnn_core.companion.runs.parts import DifferentData
from lgdcnn_core.companion.runs.record import RunRecord
from lgdcnn_core.companion.runs.rows import UnlikeRecords
from lgdcnn_core.companion.runs.selection import longest_schedules
from lgdcnn_core.companion.runs.spec import InvalidSpec, JointSpec, RunSpec
from lgdcnn_core.companion.runs.stacks import Stack, stack, stacked
from lgdcnn_core.companion.runs.store import NoValidation, Store, committed_store, local_store
from lgdcnn_core.companion.runs.table import load_records, summarise, without_pure_elements
from lgdcnn_core.companion.runs.validation import many_compounds, validation_ratios
from lgdcnn_core.companion.runs.weights import OutdatedWeights

__all__ = [
    "BrokenRecord",
    "DifferentData",
    "InvalidSpec",
    "JointSpec",
    "NoValidation",
    "OutdatedRecord",
    "OutdatedWeights",
    "PairedDifference",
    "RecordExists",
    "RunRecord",
    "RunSpec",
    "Stack",
    "Store",
    "UnlikeRecords",
    "all_ensembles",
    "committed_store",
    "ensembles",
    "execute",
    "load_curves",
    "load_records",
    "local_store",
    "longest_schedules",
    "many_compounds",
    "mean_prediction",
    "of_several_networks",
    "paired_difference",
    "paired_differences",
    "recorded",
    "stack",
    "stacked",
    "summarise",
    "trained",
    "validation_ratios",
    "without_pure_elements",
]
