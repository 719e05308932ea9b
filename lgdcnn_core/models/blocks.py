"""The building blocks of all networks: each maps the tokens of a batch to the same number of tokens.

Interface of a block: ``block(x)`` maps a `PackedSequence` of (T, d) tokens to one of (T, d') tokens of the same
compounds; the attribute ``width`` is d'. A block need not know whether padding takes part: it acts on the positions in
its input (see `lgdcnn_core.models.packing`). If the paper reads a module's output as a layer, ``cecv_layer`` holds the
paper's name for the layer.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from lgdcnn_core.models import kernels
from lgdcnn_core.models.packing import Places, compounds_of_equal_length, from_compounds, places, with_data


class Identity(nn.Module):
    """Returns its input; as the first block it makes the embedding a layer that CECV reads and attention acts on."""

    def __init__(self, width_in: int) -> None:
        super().__init__()
        self.width = width_in
        self.cecv_layer = "identity output"

    def forward(self, x: PackedSequence) -> PackedSequence:
        """(T, d) -> (T, d)."""
        return x


class Recurrent(nn.Module):
    """Bidirectional RNN, LSTM or GRU over the elements of a compound; both directions together are `width` wide."""

    def __init__(self, cell: type[nn.RNN] | type[nn.LSTM] | type[nn.GRU], width_in: int, width: int) -> None:
        super().__init__()
        self.rnn = cell(width_in, width // 2, bidirectional=True)
        self.width = width
        self.cecv_layer = f"{cell.__name__} output"

    def forward(self, x: PackedSequence) -> PackedSequence:
        """(T, d) -> (T, width)."""
        return kernels.recurrent(self.rnn, x)


class SoftAttention(nn.Module):
    """Soft attention h * (1 + a), where a is the softmax, over a compound's positions, of a small network's scores."""

    def __init__(self, width_in: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width_in, width_in), nn.ReLU(), nn.Linear(width_in, 1))
        self.width = width_in
        self.cecv_layer = "soft attention"

    def forward(self, x: PackedSequence) -> PackedSequence:
        """(T, d) -> (T, d)."""
        scores = compounds_of_equal_length(with_data(x, self.score(x.data)))
        attention = from_compounds([torch.softmax(score, dim=1) for score in scores], x)
        return with_data(x, x.data * (1 + attention.to(x.data.dtype)))


class Residual(nn.Module):
    """Adds the input of a block to its output, through a linear map if their widths differ."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.shortcut = nn.Identity() if width_in == width else nn.Linear(width_in, width, bias=False)
        self.width = width
        self.cecv_layer = "residual"

    def forward(self, x: PackedSequence, given: PackedSequence) -> PackedSequence:
        """Output (T, d') and input (T, d) of the block -> (T, d')."""
        return with_data(x, x.data + self.shortcut(given.data))


class TokenConvolution(nn.Module):
    """Convolution of odd kernel along a compound's elements, with zeros beyond its ends.

    It computes the same values as `torch.nn.Conv1d` on each compound alone. The weight of Conv1d, (out, in, kernel), is
    here that of a linear layer, (out, kernel * in). See `lgdcnn_core.models.kernels` for how it is computed.
    """

    def __init__(self, width_in: int, width: int, kernel: int) -> None:
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"kernel is {kernel}; it must be odd, so that both sides have as many neighbours")
        self.kernel = kernel
        self.linear = nn.Linear(kernel * width_in, width)

    def forward(self, x: Tensor, at: Places) -> Tensor:
        """(T, d) -> (T, width)."""
        return kernels.convolved(x, self.linear, at, self.kernel // 2)


class ResidualConvolutions(nn.Module):
    """One block of a DCNN: x + [ReLU, convolution, ReLU, convolution](x)."""

    def __init__(self, width: int, kernel: int, number: int) -> None:
        super().__init__()
        self.first = TokenConvolution(width, width, kernel)
        self.second = TokenConvolution(width, width, kernel)
        self.cecv_layer = f"DCNN block {number}"

    def forward(self, x: PackedSequence, at: Places) -> PackedSequence:
        """(T, d) -> (T, d)."""
        inner = self.first(torch.relu(x.data), at)
        return with_data(x, x.data + self.second(torch.relu(inner), at))


class DCNN(nn.Module):
    """Deep convolutional network: one convolution to `width`, then three residual blocks.

    The published code puts a max-pool of kernel 1 and stride 1 between the blocks. We omit it, as it changes nothing.
    """

    N_BLOCKS = 3

    def __init__(self, width_in: int, width: int, kernel: int) -> None:
        super().__init__()
        self.convert = TokenConvolution(width_in, width, kernel)
        numbers = range(1, self.N_BLOCKS + 1)
        self.blocks = nn.ModuleList(ResidualConvolutions(width, kernel, number) for number in numbers)
        self.width = width

    def forward(self, x: PackedSequence) -> PackedSequence:
        """(T, d) -> (T, width)."""
        at = places(x)
        x = with_data(x, self.convert(x.data, at))
        for block in self.blocks:
            x = block(x, at)
        return x


class TextCNN(nn.Module):
    """Convolutions of several kernels side by side, ReLU, as in TextCNN (doi:10.3115/v1/D14-1181).

    We omit TextCNN's pooling over a sentence, because a block gives a vector for each element. Its kernels 3, 4 and 5
    become 1, 3 and 5 (an element alone, its neighbours, most whole compounds), with a third of the features each.
    """

    KERNELS = (1, 3, 5)

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        share, rest = divmod(width, len(self.KERNELS))
        widths = [share + (number < rest) for number in range(len(self.KERNELS))]
        pairs = zip(self.KERNELS, widths, strict=True)
        self.convolutions = nn.ModuleList(TokenConvolution(width_in, part, kernel) for kernel, part in pairs)
        self.width = width
        self.cecv_layer = "TextCNN output"

    def forward(self, x: PackedSequence) -> PackedSequence:
        """(T, d) -> (T, width)."""
        at = places(x)
        parts = [convolution(x.data, at) for convolution in self.convolutions]
        return with_data(x, torch.relu(torch.cat(parts, dim=1)))


class TransformerLayer(nn.TransformerEncoderLayer):
    """CrabNet's transformer layer: torch's own parameters, run over tokens instead of padded compounds.

    Post-norm, ReLU, 4 heads, feed-forward 2048, dropout 0.1. Padding never takes part; CrabNet masks it.
    """

    def __init__(self, width_in: int, number: int) -> None:
        super().__init__(width_in, nhead=4, dim_feedforward=2048, dropout=0.1)
        self.width = width_in
        self.cecv_layer = f"transformer layer {number}"

    def forward(self, x: PackedSequence) -> PackedSequence:  # type: ignore[override]
        """(T, d) -> (T, d)."""
        h = self.norm1(x.data + self.dropout1(self._attend(x)))
        widened = self.dropout(torch.relu(self.linear1(h)))
        inner = self.linear2(widened)
        return with_data(x, self.norm2(h + self.dropout2(inner)))

    def _attend(self, x: PackedSequence) -> Tensor:
        attention = self.self_attn
        projected = F.linear(x.data, attention.in_proj_weight, attention.in_proj_bias)
        mixed = []
        for part in compounds_of_equal_length(with_data(x, projected)):  # (B, N, 3 d)
            heads = part.unflatten(2, (3, attention.num_heads, -1))
            query, key, value = heads.permute(2, 0, 3, 1, 4).unbind()  # each (B, heads, N, d / heads)
            of_heads = F.scaled_dot_product_attention(
                query, key, value, dropout_p=attention.dropout if self.training else 0.0
            )
            mixed.append(of_heads.transpose(1, 2).flatten(2))
        result: Tensor = attention.out_proj(from_compounds(mixed, x))
        return result
