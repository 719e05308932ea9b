"""LAMB inside Lookahead, the optimiser of the paper's published implementation."""

from collections.abc import Iterable
from typing import Any

import torch
from pytorch_optimizer import Lamb, Lookahead
from torch import nn


class PublishedLookahead(Lookahead):
    """Lookahead whose slow weights start at its first synchronisation, after k steps.

    In the original algorithm (M. R. Zhang et al., 2019) the initial weights are the first slow weights. The published
    implementation of the paper, like CrabNet's, creates them when it first needs them, so its first pull does nothing.
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
    """Return LAMB inside Lookahead, as in the paper's published implementation.

    The library's ``adam_debias=True`` switches off the bias correction of the first moment.
    """
    # foreach: the loop over parameters branches on values, and the meta device has none.
    base = Lamb(parameters, lr=lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, adam_debias=True, foreach=True)
    return PublishedLookahead(base, k=6, alpha=0.5)
