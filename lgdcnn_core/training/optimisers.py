"""Optimisers and learning-rate schedules of the recipes."""

from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR

from lgdcnn_core.training.recipe import Recipe


def optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimiser that the recipe asks for.

    Parameters
    ----------
    network
        The network to train.
    recipe
        The recipe, suited to the network, see `Recipe.suited`.
    """
    parameters = list(network.parameters())
    if recipe.optimiser == "LAMB+Lookahead":
        # Imported late: pytorch_optimizer imports torch's compiler, which takes seconds.
        from lgdcnn_core.training.lookahead import lamb_lookahead

        return lamb_lookahead(parameters, recipe.lr_min)
    fused = parameters[0].device.type in ("cpu", "cuda", "mps")
    return torch.optim.AdamW(parameters, lr=recipe.lr_max, weight_decay=recipe.weight_decay, fused=fused)


def schedule(stepped: torch.optim.Optimizer, recipe: Recipe, steps_per_epoch: int) -> LRScheduler:
    """Return the learning-rate schedule that the recipe asks for; step it after every batch."""
    base: Any = getattr(stepped, "optimizer", stepped)  # Lookahead's inner optimiser has the learning rate
    if recipe.schedule == "triangular":
        half_cycle = recipe.half_cycle * steps_per_epoch
        return CyclicLR(base, recipe.lr_min, recipe.lr_max, step_size_up=half_cycle, cycle_momentum=False)
    total = recipe.epochs * steps_per_epoch
    return OneCycleLR(base, max_lr=recipe.lr_max, total_steps=total, cycle_momentum=False)
