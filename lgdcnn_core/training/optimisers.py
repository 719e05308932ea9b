"""Optimisers and learning-rate schedules of the recipes."""

from collections.abc import Iterable
from typing import Any

import torch
from pytorch_optimizer import Lamb, Lookahead
from torch import nn
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR

from lgdcnn_core.training.recipe import Recipe


class PublishedLookahead(Lookahead):
    """Lookahead whose slow weights start at its first synchronisation, after k steps.

    In the original algorithm (M. R. Zhang et al., 2019) they are the initial weights. The published implementation of
    the paper, as CrabNet's, makes them only when it first needs them, so that its first pull does nothing.
    """

    @torch.no_grad()
    def update(self, group: dict[str, Any]) -> None:
        """Pull the weights towards the slow ones."""
        for parameter in group["params"]:
            state = self.state[parameter]
            if not state.get("slow_weights_started", False):
                state["slow_params"].copy_(parameter)
                state["slow_weights_started"] = True
        super().update(group)


def lamb_lookahead(parameters: Iterable[nn.Parameter], lr: float) -> Lookahead:
    """LAMB inside Lookahead as the paper's code runs them.

    ``adam_debias`` switches the correction of the first moment's bias off, in the library's words.
    """
    # foreach: the loop over parameters branches on values, which a device without values (meta) cannot.
    base = Lamb(parameters, lr=lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, adam_debias=True, foreach=True)
    return PublishedLookahead(base, k=6, alpha=0.5)


def optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer | Lookahead:
    """Optimiser that the recipe asks for, which is to be the one that suits the network, see `Recipe.suited`."""
    parameters = list(network.parameters())
    if recipe.optimiser == "LAMB+Lookahead":
        return lamb_lookahead(parameters, recipe.lr_min)
    fused = parameters[0].device.type in ("cpu", "cuda", "mps")
    return torch.optim.AdamW(parameters, lr=recipe.lr_max, weight_decay=recipe.weight_decay, fused=fused)


def schedule(stepped: torch.optim.Optimizer | Lookahead, recipe: Recipe, steps_per_epoch: int) -> LRScheduler:
    """Learning-rate schedule that the recipe asks for, to be stepped after every batch."""
    base: Any = stepped.optimizer if isinstance(stepped, Lookahead) else stepped
    if recipe.schedule == "triangular":
        half_cycle = recipe.half_cycle * steps_per_epoch
        return CyclicLR(base, recipe.lr_min, recipe.lr_max, step_size_up=half_cycle, cycle_momentum=False)
    total = recipe.epochs * steps_per_epoch
    return OneCycleLR(base, max_lr=recipe.lr_max, total_steps=total, cycle_momentum=False)
