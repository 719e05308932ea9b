"""The study that is committed: which data sets, how briefly trained."""

from lgdcnn_core.companion.design.evaluation import Task, brief

NAME = "cecv_predicts_accuracy"

TASKS = (
    Task("matbench_jdft2d", 0, brief(epochs=16, batch_size=32)),
    Task("matbench_phonons", 0, brief(epochs=16, batch_size=64)),
    Task("aflow__ael_bulk_modulus_vrh", None, brief(epochs=9, batch_size=128)),
)
"""About 240 batches of training each, one or two minutes a candidate on one core for all three together. All elements,
since the commonest (O) is in a seventh to a third only of the compounds of three or more elements."""
