"""The committed study: its data sets, and how briefly candidates train on each."""

from lgdcnn_core.companion.design.evaluation import Task, brief

NAME = "cecv_predicts_accuracy"

TASKS = (
    Task("matbench_jdft2d", 0, brief(epochs=16, batch_size=32)),
    Task("matbench_phonons", 0, brief(epochs=16, batch_size=64)),
    Task("aflow__ael_bulk_modulus_vrh", None, brief(epochs=9, batch_size=128)),
)
"""Each task trains for about 240 batches; all three together take one or two minutes per candidate on one core. The
CECVs take all elements, because only a seventh to a third of the compounds of three or more elements contain the
commonest element (O)."""
