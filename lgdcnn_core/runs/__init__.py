"""Run records: what was trained, how, on what, with which result; made once, then only read."""

from lgdcnn_core.runs.curves import load_curves
from lgdcnn_core.runs.execution import OutdatedRecord, execute, recorded
from lgdcnn_core.runs.record import RunRecord
from lgdcnn_core.runs.sealed import BrokenRecord, RecordExists
from lgdcnn_core.runs.spec import InvalidSpec, RunSpec
from lgdcnn_core.runs.store import Store, committed_store, local_store
from lgdcnn_core.runs.table import load_records, summarise

__all__ = [
    "BrokenRecord",
    "InvalidSpec",
    "OutdatedRecord",
    "RecordExists",
    "RunRecord",
    "RunSpec",
    "Store",
    "committed_store",
    "execute",
    "load_curves",
    "load_records",
    "local_store",
    "recorded",
    "summarise",
]
