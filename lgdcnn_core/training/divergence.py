"""Explain why a training diverged, with the advice that applies."""

import numpy as np

from lgdcnn_core.composition.compositions import shortened
from lgdcnn_core.training.labelled import Labelled
from lgdcnn_core.training.plan import Plan

EXTREME = 30.0
"""Distance from the mean, in standard deviations, beyond which a target may have caused a divergence."""


def reason(plan: Plan, data: Labelled, epoch: int, how: str) -> str:
    """Return a message with the epoch in which a training diverged and the possible changes.

    Parameters
    ----------
    plan
        The plan, with its recipe suited to the network.
    data
        The training data.
    epoch
        The epoch, from 1.
    how
        What became of the training, such as "loss or weights became infinite".
    """
    recipe, compute = plan.recipe, plan.compute
    learnt = np.abs(plan.scaling.learnt(data.targets))
    place = np.unravel_index(np.nanargmax(learnt), learnt.shape)
    row, distance = int(place[0]), float(learnt[place])
    formula = shortened(data.compositions.formulas[row])
    named = f"target {data.targets[place]:g} of {formula} (row {data.compositions.rows[row]})"
    if not distance <= np.finfo(np.float32).max:
        return f"The training diverged in epoch {epoch}: the {named} is beyond float32 once it is standardised."
    ways = [f"a lower learning rate than lr_max={recipe.lr_max:g}"]
    if compute.bfloat16 or compute.tf32:
        ways.append(f"precision='float32' in place of {'bfloat16' if compute.bfloat16 else 'tf32'}")
    if distance > EXTREME and plan.scaling.unit is None and not plan.classification and data.targets.ndim == 1:
        ways.append(f"targets='asinh of long tails', since the {named} is {distance:.0f} standard deviations off")
    return (
        f"The training diverged in epoch {epoch} of {plan.epochs}: its steps were so large that {how}. Change the "
        f"recipe: {'; or '.join(ways)}."
    )
