"""Run a trained network over compounds."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lgdcnn_core.composition import Compositions
from lgdcnn_core.training.batches import Layout, prediction_batches
from lgdcnn_core.training.compute import Compute

PREDICTION_BATCH = 1024


def outputs(
    network: nn.Module,
    compositions: Compositions,
    layout: Layout,
    compute: Compute,
    conditions: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the raw outputs of a network in evaluation mode, (B, 2) or (B, K, 2), compounds in order.

    `compositions` must be in the order that the network reads (`Layout.ordered`), and `conditions`, (B, C), must be
    standardised. The network's mode is unchanged.
    """
    result: NDArray[np.float64] | None = None
    was_training = network.training
    network.eval()
    with torch.inference_mode(), compute.autocast():
        for batch, rows in prediction_batches(compositions, layout, compute, PREDICTION_BATCH, conditions):
            # To the host first: MPS has no float64.
            found = network(*batch.inputs).cpu().double().numpy()
            result = np.empty((len(compositions), *found.shape[1:])) if result is None else result
            result[rows] = found
    network.train(was_training)
    return np.empty((0, 2)) if result is None else result


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of a logit, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logits))


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of C classes from their logits, (..., C), without overflow."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
