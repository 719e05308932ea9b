"""The roofline of a training step: how fast it can be where memory, not arithmetic, limits it.

We count the least data that a step must move between memory and processor, under these assumptions:

- Weights are float32 and larger than the caches. The forward and the backward pass read each once; in bfloat16 they
  are first read and written as a copy of half the size, which the passes then read.
- The gradient of every weight is written once.
- AdamW and LAMB read weight, gradient and two moments and write weight and moments; Lookahead reads and writes the
  weight and its slow copy every sixth step; an exponential moving average reads the weight and reads and writes its
  copy. None of them shares a pass over memory with another.
- Activations: the forward pass reads the input of each layer's product and writes its output; the backward pass reads
  the input again and the output's gradient, and writes the input's. Everything between products (activation functions,
  norms, softmax, the states of a recurrence, the neighbours in a convolution) stays in the caches, and so does the
  head's loss.

Caches that hold more than this let a step be faster than this model allows; everything else makes it slower.

Source of the model: S. Williams, A. Waterman, D. Patterson, Commun. ACM 2009, 52 (4), 65-76,
doi:10.1145/1498765.1498785.
"""

from lgdcnn_core.companion.speed.counting import products
from lgdcnn_core.models import Network
from lgdcnn_core.training import Recipe

FLOAT32, BFLOAT16 = 4, 2
"""Bytes of a number."""

LOOKAHEAD_STEPS = 6
"""Steps between two pulls of Lookahead, as published."""


def weight_bytes(network: Network, recipe: Recipe, bfloat16: bool) -> float:
    """Count the bytes that a training step moves for the weights, whatever its batch."""
    passes = (FLOAT32 + BFLOAT16) + 2 * BFLOAT16 if bfloat16 else 2 * FLOAT32
    gradient = FLOAT32
    optimiser: float = 7 * FLOAT32
    if recipe.suited(network.chain.has_transformers).optimiser == "LAMB+Lookahead":
        optimiser += 4 * FLOAT32 / LOOKAHEAD_STEPS
    average = 3 * FLOAT32 if recipe.averaging == "EMA" else 0
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return parameters * (passes + gradient + optimiser + average)


def activation_bytes(network: Network, bfloat16: bool) -> int:
    """Count the bytes that a training step moves for each position of its batch."""
    numbers = 0
    for each in products(network):
        if each.away == 0:
            reads_and_writes_of_input = 3 if each.input_gradient else 2
            numbers += reads_and_writes_of_input * each.width_in + 2 * each.width_out
    return numbers * (BFLOAT16 if bfloat16 else FLOAT32)


def bound(intensity: float, peak: float, bandwidth: float) -> float:
    """Return the FLOP/s that the roofline allows.

    Parameters
    ----------
    intensity
        Arithmetic intensity, FLOP per byte that is moved.
    peak
        FLOP/s of the fastest matrix product.
    bandwidth
        Bytes per second of memory.
    """
    return min(peak, intensity * bandwidth)
