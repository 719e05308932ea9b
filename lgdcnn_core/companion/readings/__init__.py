"""Readings: records of the layers of trained networks. They are made once from the weights, then only read.

`cecv` gives the EFMs, clusters and CECVs of one element's compounds; `embeddings` gives maps of elements, compounds
and environments.
"""

from lgdcnn_core.companion.readings import order
from lgdcnn_core.companion.readings.cost import cost_table
from lgdcnn_core.companion.readings.embeddings import Embeddings, across_layers
from lgdcnn_core.companion.readings.environments import Environments
from lgdcnn_core.companion.readings.library import NoReading, cecv, embeddings, make
from lgdcnn_core.companion.readings.network import ForeignWeights, NoNetwork
from lgdcnn_core.companion.readings.panels import cecv_table, every_layer, last_layers
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
    "across_layers",
    "cecv",
    "cecv_table",
    "committed",
    "cost_table",
    "embeddings",
    "every_layer",
    "last_layers",
    "local",
    "make",
    "order",
    "origin",
]
