"""Weight averaging: the paper's, which the validation error governs, and an exponential moving average."""

import copy
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import nn

from lgdcnn_core.training.recipe import Recipe

# The published averaging: a validation MAE below RESET times that of the last reset restarts the average; one up
# to ACCEPT times the lowest so far lets the weights enter. The paper does not explain either number.
RESET = 0.98
ACCEPT = 1.01


class WeightAverage(Protocol):
    """The methods of an average that the training loop calls."""

    def after_batch(self, epoch: int, measure: Callable[[], float]) -> None:
        """Take the current weights into account; `measure` returns their validation error."""

    def after_epoch(self, epoch: int) -> bool:
        """Return whether training should stop."""

    def evaluated(self) -> nn.Module:
        """Return the network whose validation error is that of the epoch."""

    def chosen(self) -> dict[str, torch.Tensor]:
        """Return the weights that training would keep if it ended now, as a state dict of the network."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that a resumed training needs."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""


class PublishedAverage:
    """The paper's average: over the batches, in epochs that end a cycle, whose validation error is good.

    Source: spec of the published implementation; checked against its values.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self.network = network
        self.cycle = 2 * recipe.half_cycle
        self.patience = recipe.patience
        self.average: list[torch.Tensor] = []
        self.count = 0
        self.reset_error = float("inf")
        self.lowest_error = float("inf")
        self.discards = 0
        self.improved_in_epoch = False

    def ends_cycle(self, epoch: int) -> bool:
        """Return whether this epoch, counted from 0, ends a cycle, so that its batches are considered."""
        return epoch >= self.cycle and (epoch + 1) % self.cycle == 0

    def after_batch(self, epoch: int, measure: Callable[[], float]) -> None:
        """In an epoch that ends a cycle, measure the weights and add them to the average if they are good."""
        if self.ends_cycle(epoch):
            self.improved_in_epoch |= self.consider(measure())

    @torch.no_grad()
    def consider(self, error: float) -> bool:
        """Add the current weights to the average if their validation error is good; return whether it is."""
        weights: list[torch.Tensor] = list(self.network.parameters())
        if error < RESET * self.reset_error:
            self.average = [w.detach().clone() for w in weights]
            self.count = 1
            self.reset_error = error
        improved = error <= ACCEPT * self.lowest_error
        if improved:
            torch._foreach_lerp_(self.average, weights, (1 / (self.count + 1)) ** (1 / 3))
            self.count += 1
        self.lowest_error = min(self.lowest_error, error)
        return improved

    def after_epoch(self, epoch: int) -> bool:
        """Count a cycle that ended without improvement; return True after too many."""
        if self.ends_cycle(epoch):
            self.discards += not self.improved_in_epoch
            self.improved_in_epoch = False
        return self.discards >= self.patience

    def evaluated(self) -> nn.Module:
        """Return the network with its current weights."""
        return self.network

    def chosen(self) -> dict[str, torch.Tensor]:
        """Return the average; a training too short for an average keeps its last weights."""
        names = [name for name, _ in self.network.named_parameters()]
        return self.network.state_dict() | dict(zip(names, self.average, strict=False))

    def state_dict(self) -> dict[str, Any]:
        """Return the average and its counters."""
        return {k: v for k, v in vars(self).items() if k not in ("network", "cycle", "patience")}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the average and its counters."""
        vars(self).update(state)


class ExponentialAverage:
    """Exponential moving average of the weights over batches.

    The decay of batch n is min(`Recipe.ema_decay`, (1 + n) / (10 + n)), as in TensorFlow's moving average: with a
    constant decay, a training of few batches would keep much of its initial weights. torch's `AveragedModel` gives the
    same numbers, but looks up the weights each time, which takes a fifth of a small batch's time on a GPU.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        self.network, self.averaged = network, copy.deepcopy(network)
        self.weights, self.average = tuple(network.parameters()), tuple(self.averaged.parameters())
        self.decay = recipe.ema_decay
        self.count = 0

    @torch.no_grad()
    def after_batch(self, epoch: int, measure: Callable[[], float]) -> None:
        """Move the average towards the current weights."""
        decay = min(self.decay, (1 + self.count) / (10 + self.count)) if self.count else 0.0
        torch._foreach_lerp_(self.average, self.weights, 1 - decay)
        self.count += 1

    def after_epoch(self, epoch: int) -> bool:
        """Never stop: the schedule has an end."""
        return False

    def evaluated(self) -> nn.Module:
        """Return the network with the averaged weights."""
        return self.averaged

    def chosen(self) -> dict[str, torch.Tensor]:
        """Return the averaged weights."""
        return self.averaged.state_dict()

    def state_dict(self) -> dict[str, Any]:
        """Return the averaged weights and their count."""
        return {"averaged": self.averaged.state_dict(), "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the averaged weights and their count."""
        self.averaged.load_state_dict(state["averaged"])
        self.count = state["count"]


def weight_average(network: nn.Module, recipe: Recipe) -> WeightAverage:
    """Return the weight average that the recipe asks for."""
    if recipe.averaging == "published":
        return PublishedAverage(network, recipe)
    return ExponentialAverage(network, recipe)
