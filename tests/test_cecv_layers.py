"""What a reader of layers makes of torch's own layers, of other people's networks and of ours."""

import numpy as np
import pytest
import torch
from foreign_networks import D, Fusion
from numpy.testing import assert_allclose
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from lgdcnn_core import cecv
from lgdcnn_core.models import build

pytestmark = pytest.mark.usefixtures("seeded")

LENGTHS = [3, 5, 2, 4]
WIDTH = 6


def padded_batch(seed=0):
    """Features (B, N, d) of four compounds, of unequal size, with noise where they are padded."""
    return torch.randn(len(LENGTHS), WIDTH, D, generator=torch.Generator().manual_seed(seed))


def read(model, *inputs, layers="auto", layout=None, width=WIDTH):
    model.eval()
    with cecv.LayerReader(model, layers, layout) as reader, torch.no_grad():
        model(*inputs)
        return reader.outputs(LENGTHS, width)


def assert_is(arrays, batch_first):
    """The arrays are the real positions of a (B, N, d) tensor, compound by compound."""
    assert [len(array) for array in arrays] == LENGTHS
    for array, row in zip(arrays, batch_first, strict=True):
        assert_allclose(array, row[: len(array)].detach().numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_recurrent_layers_return_tuples_and_say_themselves_which_axis_is_the_batch(kind, batch_first):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = kind(D, 5, num_layers=2, bidirectional=True, batch_first=batch_first)
            self.head = nn.Linear(10, 1)

        def forward(self, x):
            return self.head(self.rnn(x if batch_first else x.transpose(0, 1))[0])

    model, x = Network(), padded_batch()
    outputs = read(model, x)
    assert list(outputs) == ["rnn"]
    expected = model.rnn(x)[0] if batch_first else model.rnn(x.transpose(0, 1))[0].transpose(0, 1)
    assert_is(outputs["rnn"], expected)


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_returns_a_tuple(batch_first):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.mix = nn.MultiheadAttention(D, 2, batch_first=batch_first)

        def forward(self, x):
            x = x if batch_first else x.transpose(0, 1)
            return self.mix(x, x, x)

    model, x = Network(), padded_batch()
    result = model.eval()(x)[0]
    assert_is(read(model, x)["mix"], result if batch_first else result.transpose(0, 1))


class PackedLSTM(nn.Module):
    def __init__(self, full_length=False, sort_by_hand=False):
        super().__init__()
        self.lstm = nn.LSTM(D, 4, bidirectional=True, batch_first=True)
        self.full_length, self.sort_by_hand = full_length, sort_by_hand

    def forward(self, x):
        lengths = torch.full((len(x),), WIDTH) if self.full_length else torch.tensor(LENGTHS)
        if self.sort_by_hand:
            order = lengths.argsort(descending=True)
            packed = pack_padded_sequence(x[order], lengths[order], batch_first=True)
        else:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.lstm(packed)[0].data.sum()


def test_packed_outputs_come_back_in_the_order_of_the_compounds():
    model, x = PackedLSTM(), padded_batch()
    outputs = read(model, x)["lstm"]
    for array, row, length in zip(outputs, x, LENGTHS, strict=True):
        assert_allclose(array, model.lstm(row[None, :length])[0][0].detach(), atol=1e-6)


def test_packed_outputs_that_hold_padding_lose_it():
    model, x = PackedLSTM(full_length=True), padded_batch()
    assert_is(read(model, x)["lstm"], model.lstm(x)[0])


def test_packed_outputs_that_were_sorted_behind_our_back_are_refused():
    with pytest.raises(cecv.LayerError, match="sorted without unsorted_indices"):
        read(PackedLSTM(sort_by_hand=True), padded_batch())


def transformer(batch_first=True):
    layer = nn.TransformerEncoderLayer(D, 2, dim_feedforward=16, batch_first=batch_first)
    return nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=batch_first)


def test_transformer_layers_are_read_in_eval_mode_in_spite_of_the_fused_path():
    model, x = transformer(), padded_batch()
    padding = torch.arange(WIDTH) >= torch.tensor(LENGTHS)[:, None]
    assert torch.backends.mha.get_fastpath_enabled()
    outputs = read(model, x, None, padding)
    assert list(outputs) == ["layers.0", "layers.1"]
    for array, row, length in zip(outputs["layers.1"], x, LENGTHS, strict=True):
        assert_allclose(array, model(row[None, :length])[0].detach(), atol=1e-5)
    inside = read(model, x, None, padding, layers=["layers.*.self_attn", "layers.1.norm2"])
    assert list(inside) == ["layers.0.self_attn", "layers.1.self_attn", "layers.1.norm2"]
    assert_is(inside["layers.1.norm2"], [torch.tensor(array) for array in outputs["layers.1"]])
    assert torch.backends.mha.get_fastpath_enabled()


def test_transformer_with_the_batch_on_the_second_axis():
    model, x = transformer(batch_first=False), padded_batch().transpose(0, 1)
    assert_is(read(model, x)["layers.1"], model(x).transpose(0, 1))
    # A plain layer inside does not know: it has to be said.
    with pytest.raises(cecv.LayerError, match="layout="):
        read(model, x, layers="layers.0.linear1")
    said = read(model, x, layers="layers.0.linear1", layout="NBd")["layers.0.linear1"]
    assert [array.shape for array in said] == [(length, 16) for length in LENGTHS]


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(D, D, 3, padding=1)

    def forward(self, x):
        return x + self.conv(x.transpose(1, 2)).transpose(1, 2)


class ConvolutionalNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(D, D, 1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv1d(D, D, 3, padding=1), nn.ReLU(inplace=True)) for _ in range(2)
        )
        self.residual = Residual()

    def forward(self, x):
        x = torch.relu_(self.first(x.transpose(1, 2)))
        for block in self.blocks:
            x = block(x)
        return self.residual(x.transpose(1, 2))


def test_convolutional_blocks_are_read_whichever_axis_they_put_first():
    model, x = ConvolutionalNetwork(), padded_batch()
    outputs = read(model, x)
    assert list(outputs) == ["first", "blocks.0", "blocks.1", "residual"]
    # The layer's own output, though the network overwrites it in place.
    assert_is(outputs["first"], model.first(x.transpose(1, 2)).transpose(1, 2))
    assert min(array.min() for array in outputs["first"]) < 0
    assert_is(outputs["residual"], model(x))


def test_a_convolutional_block_of_ambiguous_shape_has_to_be_told():
    model, x = ConvolutionalNetwork(), torch.randn(4, D, D)
    with pytest.raises(cecv.LayerError, match=r"layout=\{'blocks.0': 'BdN'\}"):
        read(model, x, width=D)
    outputs = read(model, x, width=D, layout={"blocks.*": "BdN", "residual": "BNd"})
    assert_is(outputs["residual"], model(x))
    with pytest.raises(cecv.LayerError, match="unknown layout 'NCL'"):
        read(model, x, layout="NCL")


def test_a_module_that_is_called_twice_is_reported_twice_in_order():
    model, x = Fusion(), padded_batch()
    outputs = read(model, x)
    assert list(outputs) == ["LSTM output", "attention#1", "GRU output", "attention#2"]
    after_first = model.attention(model.blocks[0](x))[0]
    assert_is(outputs["attention#1"], after_first)
    assert_is(outputs["attention#2"], model.attention(model.blocks[1](after_first))[0])


def test_layers_are_asked_for_by_paper_name_path_or_pattern():
    model, x = Fusion(), padded_batch()
    assert list(read(model, x, layers="* output")) == ["LSTM output", "GRU output"]
    assert list(read(model, x, layers=["GRU output", "blocks.0.*"])) == ["blocks.0.lstm", "GRU output"]
    with pytest.raises(cecv.LayerError, match=r"'encoder.0' in Fusion, which has:.*blocks.0 \(LSTM output\)"):
        cecv.LayerReader(model, ["LSTM output", "encoder.0"])
    with pytest.raises(cecv.LayerError, match="no layer was found"):
        cecv.LayerReader(nn.Sequential(nn.Linear(4, 4)))
    with pytest.raises(cecv.LayerError, match="no layer was asked for"):
        cecv.LayerReader(model, [])


def test_a_bare_layer_is_a_network_too():
    model, x = nn.GRU(D, 3, batch_first=True), padded_batch()
    assert_is(read(model, x)["GRU"], model(x)[0])


def test_a_reader_gives_the_latest_pass_once_and_leaves_no_hook_behind():
    model, x = Fusion().eval(), padded_batch()
    with cecv.LayerReader(model) as reader:
        with pytest.raises(cecv.LayerError, match="it was not called since the last reading"):
            reader.outputs(LENGTHS, WIDTH)
        model(padded_batch(seed=1))
        model(x)
        outputs = reader.outputs(LENGTHS, WIDTH)
        assert_is(outputs["LSTM output"], model.blocks[0](x))
        model(x)
    assert list(outputs) == ["LSTM output", "attention#1", "GRU output", "attention#2"]
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failing_network_leaves_no_hook_behind(error):
    model = Fusion()

    def fail(*_):
        raise error

    handle = model.attention.register_forward_hook(fail)
    with pytest.raises(error), cecv.LayerReader(model):
        model(padded_batch())
    handle.remove()
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    assert torch.backends.mha.get_fastpath_enabled()


class Returning(nn.Module):
    """A network whose only layer returns what it is told to."""

    class Layer(nn.Module):
        def forward(self, make, x):
            return make(x)

    def __init__(self, make):
        super().__init__()
        self.layer, self.make = self.Layer(), make

    def forward(self, x):
        self.layer(self.make, x)


def test_what_is_not_one_row_a_position_is_refused_by_name():
    x = padded_batch()
    pooled, named = Returning(lambda x: x.mean(dim=1)), Returning(lambda x: {"out": x})
    for model, message in ((pooled, r"layer layer returned shape \(4, 8\)"), (named, "layer layer returned dict")):
        with pytest.raises(cecv.LayerError, match=message):
            read(model, x, layers="layer")
    with pytest.raises(cecv.LayerError, match="N = 5 positions"):
        read(Returning(lambda x: x), x, layers="layer", width=None)
    with pytest.raises(cecv.LayerError, match="positive whole number"):
        cecv.LayerReader(pooled, "layer").outputs([3.5, 2.0])


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_half_precision_nested_and_list_outputs_are_read():
    x = padded_batch()
    half = read(Returning(lambda x: [x.bfloat16()]), x, layers="layer")["layer"]
    assert half[0].dtype == np.float32
    assert_is(half, x.bfloat16().float())
    ragged = torch.nested.nested_tensor([row[:length] for row, length in zip(x, LENGTHS, strict=True)])
    assert_is(read(Returning(lambda _: ragged), x, layers="layer")["layer"], x)


def test_a_packed_sequence_without_indices_is_taken_in_its_own_order():
    x = padded_batch()
    packed = pack_padded_sequence(x, torch.full((4,), WIDTH), batch_first=True)
    bare = PackedSequence(packed.data, packed.batch_sizes)
    assert_is(read(Returning(lambda _: bare), x, layers="layer")["layer"], x)


# ------------------------------------------------------------------------------------- layers of our networks

PAPER_NAMES = {
    "LSTM": ["LSTM output"],
    "DCNN": ["DCNN block 1", "DCNN block 2", "DCNN block 3"],
    "L-G-DCNN": [
        "LSTM output",
        "soft attention#1",
        "GRU output",
        "soft attention#2",
        "DCNN block 1",
        "DCNN block 2",
        "DCNN block 3",
    ],
    "CrabNet": ["transformer layer 1", "transformer layer 2", "transformer layer 3"],
}


def composition_batch():
    """Atomic numbers and fractions (B, N) of four compounds, of the lengths above."""
    real = torch.arange(WIDTH) < torch.tensor(LENGTHS)[:, None]
    src = torch.where(real, torch.arange(1, 4 * WIDTH + 1).reshape(4, WIDTH), 0)
    frac = torch.where(real, torch.arange(WIDTH, 0, -1.0), 0.0)
    return src, frac / frac.sum(dim=1, keepdim=True)


@pytest.mark.parametrize("name", PAPER_NAMES)
def test_layers_of_our_networks_have_the_names_of_the_paper_and_real_positions_only(name):
    model = build(name, seed=0).eval()
    src, frac = composition_batch()
    lengths = torch.tensor(LENGTHS)
    exact = [pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False) for x in (src, frac)]
    outputs = read(model, *exact)
    assert list(outputs) == PAPER_NAMES[name]
    assert list(read(model, src, frac)) == PAPER_NAMES[name]
    for row, length in enumerate(LENGTHS):
        with cecv.LayerReader(model) as reader, torch.no_grad():
            model(src[[row], :length], frac[[row], :length])
            alone = reader.outputs([length])
        for layer, arrays in outputs.items():
            assert_allclose(arrays[row], alone[layer][0], atol=1e-5)


def test_the_published_setting_is_read_without_its_padding():
    model = build("LSTM", seed=0).eval()
    src, frac = composition_batch()
    embedded = model.embedding(src, frac).transpose(0, 1)
    expected = model.blocks["LSTM"].rnn(embedded)[0].transpose(0, 1)
    assert_is(read(model, src, frac)["LSTM output"], expected)
