"""Speed of matrix products, trainings and predictions on a machine: measured once, kept as a record, then read.

`python -m lgdcnn_core.companion.speed`, which `make benchmark` calls, measures; `throughput` and `answers` read.
"""

from lgdcnn_core.companion.speed.answers import answers
from lgdcnn_core.companion.speed.counting import Product, prediction_flop, products, training_flop
from lgdcnn_core.companion.speed.machines import (
    findings,
    machine_name,
    machine_table,
    machines,
    published_code_table,
)
from lgdcnn_core.companion.speed.measuring import measure
from lgdcnn_core.companion.speed.record import SpeedRecord, SpeedStore, both, committed, local, origin
from lgdcnn_core.companion.speed.roofline import activation_bytes, bound, weight_bytes
from lgdcnn_core.companion.speed.scope import FULL, Case, Scope, cases
from lgdcnn_core.companion.speed.table import beside_published_code, padding_cost, throughput

__all__ = [
    "FULL",
    "Case",
    "Product",
    "Scope",
    "SpeedRecord",
    "SpeedStore",
    "activation_bytes",
    "answers",
    "beside_published_code",
    "both",
    "bound",
    "cases",
    "committed",
    "findings",
    "local",
    "machine_name",
    "machine_table",
    "machines",
    "measure",
    "origin",
    "padding_cost",
    "prediction_flop",
    "products",
    "published_code_table",
    "throughput",
    "training_flop",
    "weight_bytes",
]
