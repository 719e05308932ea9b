"""Run all speed measurements, in the order that they need, and make the record."""

import torch

from lgdcnn_core.companion.records import provenance
from lgdcnn_core.companion.speed.memory import measure_memory
from lgdcnn_core.companion.speed.peaks import measure_copies, measure_products
from lgdcnn_core.companion.speed.predictions import measure_parsing, measure_prediction
from lgdcnn_core.companion.speed.processor import instruction_set
from lgdcnn_core.companion.speed.record import SpeedRecord, key
from lgdcnn_core.companion.speed.scope import FULL, Scope
from lgdcnn_core.companion.speed.trainings import measure_trainings
from lgdcnn_core.training import choose


def machine_key(device: str | None) -> str:
    """Return the key of the record that `measure` would make on this machine now."""
    return key(_device(device), provenance.processor(), instruction_set(), torch.get_num_threads())


def measure(scope: Scope = FULL, device: str | None = None, progress: bool = True) -> SpeedRecord:
    """Measure the speed of this machine, with torch's current number of threads.

    Parameters
    ----------
    scope
        Measurements to make.
    device
        As in `training.choose`.
    progress
        Show progress bars.
    """
    begun = provenance.begin()
    # First, while this process is small: see `measure_memory`.
    memory = measure_memory(scope, device)
    products = measure_products(scope, device, progress)
    copies = measure_copies(scope, choose(device), progress)
    trainings = measure_trainings(scope, device, progress)
    return SpeedRecord(
        device=_device(device),
        instruction_set=instruction_set(),
        threads=torch.get_num_threads(),
        scope=scope.as_dict(),
        products=products,
        copies=copies,
        trainings=trainings,
        prediction=measure_prediction(scope, device),
        parsing=measure_parsing(scope),
        memory=memory,
        **provenance.made_now(SpeedRecord, begun) | {"load": begun["load"]["start"]},
    )


def _device(device: str | None) -> str:
    return str(choose(device).describe()["device"])
