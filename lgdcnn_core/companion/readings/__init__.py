"""Readings: what the layers of trained networks say, as records; made once from the weights, then only read.

`cecv` gives the EFMs, clusters and CECVs of one element's compounds; `embeddings` gives maps of elements, compounds
and environments.
"""

from lgdcnn_core.companion.readings.embeddings import Embeddings
from lgdcnn_core.companion.readings.environments import Environments
from lgdcnn_core.companion.readings.library import NoReading, cecv, embeddings, make
from lgdcnn_core.companion.readings.network import ForeignWeights, NoNetwork
from lgdcnn_core.companion.readings.record import ReadingRecord, ReadingStore, committed, local, origin
from lgdcnn_core.companion.readings.spec import ReadingSpec

__all__ = [
    "Embeddings",
    "Environments",
    "ForeignWeights",
    "NoNetwork",
    "NoReading",
    "ReadingRecord",
    "ReadingSpec",
    "ReadingStore",
    "cecv",
    "committed",
    "embeddings",
    "local",
    "make",
    "origin",
]
