"""Convolutions and recurrent layers of our own: torch's numbers, forwards and backwards, without padding."""

import pytest
import torch
import torch.nn.functional as F
from compounds import FORMULAS
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from lgdcnn_core.composition import parse
from lgdcnn_core.models import CHAINS, build, kernels, packing, recurrence
from lgdcnn_core.models.blocks import SoftAttention, TransformerLayer
from lgdcnn_core.models.convolution import convolution
from lgdcnn_core.models.recurrence import bidirectional
from lgdcnn_core.training import Layout, choose
from lgdcnn_core.training.batches import Batch

LENGTHS = [[3, 1, 4, 2, 2, 1], [1, 1], [2, 2, 2], [7]]


def tokens(lengths: list[int], width: int) -> PackedSequence:
    generator = torch.Generator().manual_seed(0)
    made = [torch.randn(n, width, dtype=torch.float64, generator=generator) for n in lengths]
    packed = pack_sequence(made, enforce_sorted=False)
    return packing.with_data(packed, packed.data.requires_grad_())


def gradients(output: torch.Tensor, *of: torch.Tensor) -> list[torch.Tensor]:
    weights = torch.sin(torch.arange(output.numel(), dtype=output.dtype)).reshape(output.shape)
    return list(torch.autograd.grad((weights * output).sum(), of))


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("cell", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("at_once", [2, 256])
def test_recurrent_layers_are_those_of_torch(cell, lengths, at_once, monkeypatch):
    monkeypatch.setattr(recurrence, "COMPOUNDS_AT_ONCE", at_once)
    torch.manual_seed(0)
    rnn = cell(5, 3, bidirectional=True).double()
    x = tokens(lengths, 5)
    expected, found = rnn(x)[0].data, bidirectional(rnn, x).data
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    of = (x.data, *rnn.parameters())
    for ours, theirs in zip(gradients(found, *of), gradients(expected, *of), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("reach", [0, 1, 2, 3])
def test_a_convolution_is_that_of_torch_on_each_compound_alone(lengths, reach):
    x = tokens(lengths, 2)
    torch.manual_seed(0)
    conv = nn.Conv1d(2, 5, 2 * reach + 1, padding=reach).double()
    weight = conv.weight.transpose(1, 2).flatten(1)
    found = convolution(x.data, weight, conv.bias, packing.places(x), reach)
    alone, _ = pad_packed_sequence(x, batch_first=True)
    of_each = [conv(compound[:n].t()).t() for compound, n in zip(alone, lengths, strict=True)]
    expected = pack_sequence(of_each, enforce_sorted=False).data
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    of = (x.data, *conv.parameters())
    for ours, theirs in zip(gradients(found, *of), gradients(expected, *of), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("setting", ["exact", "published"])
@pytest.mark.parametrize("name", [*CHAINS, "RNN+att>TextCNN+res|MLP"])
def test_every_network_gives_the_numbers_of_torchs_plain_modules(name, setting, monkeypatch):
    network = build(name, seed=0).double().eval()
    batch = Batch(parse(FORMULAS), Layout(setting, 5), choose("cpu", "float32"))
    found = network(batch.src, batch.frac)
    ours = gradients(found, *network.parameters())
    with monkeypatch.context() as without_kernels, kernels.plain():
        without_kernels.setattr(recurrence, "bidirectional", None)
        without_kernels.setattr(kernels.convolution, "convolution", None)
        expected = network(batch.src, batch.frac)
        theirs = gradients(expected, *network.parameters())
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_weights_get_gradients_of_their_own_type_under_autocast():
    """In bfloat16 a training must change float32 weights, and the products see each change."""
    weight, bias = nn.Parameter(torch.ones(2, 3 * 3)), nn.Parameter(torch.zeros(2))
    x = packing.with_data(tokens([2, 2], 3), torch.ones(4, 3))

    def products() -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return convolution(x.data, weight, bias, packing.places(x), 1)

    before = products()
    before.float().sum().backward()
    assert weight.grad.dtype == bias.grad.dtype == torch.float32
    torch.optim.AdamW([weight, bias], lr=0.5, fused=True).step()
    after = products()
    assert before.dtype == after.dtype == torch.bfloat16
    assert (after < before - 1).all()


def test_compounds_of_equal_length_come_together_and_go_back():
    x = tokens([3, 1, 4, 2, 2, 1], 2)
    parts = packing.compounds_of_equal_length(x)
    assert [tuple(part.shape) for part in parts] == [(1, 4, 2), (1, 3, 2), (2, 2, 2), (2, 1, 2)]
    assert torch.equal(packing.from_compounds(parts, x), x.data)
    padded, lengths = pad_packed_sequence(x, batch_first=True)
    assert torch.equal(parts[0][0], padded[int(lengths.argmax())])


@pytest.mark.parametrize("block", [SoftAttention(8), TransformerLayer(8, 1)])
def test_attention_sees_no_padding(block, monkeypatch):
    """Every softmax runs over tensors that have a place for each real element and for nothing else."""
    seen = []
    scaled = F.scaled_dot_product_attention
    soft = torch.softmax
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda q, *a, **k: (seen.append(q), scaled(q, *a, **k))[1])
    monkeypatch.setattr(torch, "softmax", lambda x, dim: (seen.append(x[:, None]), soft(x, dim=dim))[1])
    lengths = [3, 1, 4, 2, 2, 1]
    block.double().eval()(tokens(lengths, 8))
    assert sum(each.shape[0] * each.shape[2] for each in seen) == sum(lengths)
