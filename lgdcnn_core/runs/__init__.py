"""Run records: what was trained, how, on what, with which result; made once, then only read."""

from lgdcnn_core.runs.execution import OutdatedRecord, execute
from lgdcnn_core.runs.record import BrokenRecord, RunRecord
from lgdcnn_core.runs.spec import InvalidSpec, RunSpec
from lgdcnn_core.runs.store import RecordExists, Store, committed_store, local_store, predictions, read
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
    "load_records",
    "local_store",
    "predictions",
    "read",
    "summarise",
]
