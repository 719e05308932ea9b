"""Choose, in one place, how recurrent and convolutional layers are computed.

Our own kernels, `recurrence` and `convolution`, compute the same values as torch's plain modules, without padding. They
run wherever they can. `plain` switches to torch's modules. These are the reference for the tests, and show whether a
difference comes from a kernel.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models import convolution, recurrence
from lgdcnn_core.models.packing import Places, with_data

_PLAIN = ContextVar("plain", default=False)


@contextmanager
def plain() -> Iterator[None]:
    """Compute with torch's plain modules inside this context."""
    token = _PLAIN.set(True)
    try:
        yield
    finally:
        _PLAIN.reset(token)


def recurrent(rnn: nn.RNN | nn.LSTM | nn.GRU, x: PackedSequence) -> PackedSequence:
    """Run a bidirectional recurrent layer of one level over the elements of each compound: (T, d) -> (T, 2 H)."""
    if isinstance(rnn, nn.LSTM | nn.GRU) and not _PLAIN.get():
        return recurrence.bidirectional(rnn, x)
    output: PackedSequence
    if x.data.is_cuda:  # autocast would have cuDNN compute in float16, whichever type was asked for
        with torch.autocast("cuda", enabled=False):
            output = rnn(with_data(x, x.data.to(rnn.all_weights[0][0].dtype)))[0]
    else:
        output = rnn(x)[0]
    return output


def convolved(x: Tensor, linear: nn.Linear, at: Places, reach: int) -> Tensor:
    """Run a convolution along the elements of each compound, with zeros beyond its ends.

    Parameters
    ----------
    x
        (T, d) tokens.
    linear
        Weight (width, (2 reach + 1) d) and bias.
    at
        Places of the tokens.
    reach
        Neighbours on either side that an element sees.

    Returns
    -------
    (T, width).
    """
    if not _PLAIN.get():
        return convolution.convolution(x, linear.weight, linear.bias, at, reach)
    weight = linear.weight.unflatten(1, (2 * reach + 1, -1)).transpose(1, 2)  # as nn.Conv1d has it: (width, d, kernel)
    parts = x.index_select(0, at.by_compound).split([n * length for n, length in at.groups])
    results = [
        F.conv1d(part.unflatten(0, group).transpose(1, 2), weight, linear.bias, padding=reach).transpose(1, 2)
        for part, group in zip(parts, at.groups, strict=True)
    ]
    return torch.cat([result.flatten(0, 1) for result in results]).index_select(0, at.back)
