"""Networks composed by a spec string, and the language of specs."""

import numpy as np
import pytest
import torch
from exact_setting import COMPANY, exact

from lgdcnn_core.composition import parse as parse_formulas
from lgdcnn_core.models import BLOCKS, CHAINS, InvalidNetworkSpec, UnknownNetwork, build, chain, parse
from lgdcnn_core.training import Layout, choose
from lgdcnn_core.training.batches import Batch

SPECS = [
    *("RNN", "GRU", "TextCNN", "transformer", "identity"),
    "LSTM+res",
    "DCNN-K1+res>TextCNN+att",
    "RNN+att+res>transformer+res|MLP",
    "identity+att_1>GRU_1>GRU_2>DCNN-K1+res+att_2",
]
"""Every block and connection that the paper's networks do not have."""


def test_the_specs_here_have_every_block_connection_and_head():
    used = "".join([*SPECS, *(found.spec for found in CHAINS.values())])
    assert all(name in used for name in (*BLOCKS, "+att", "+res", "|MLP"))


@pytest.mark.parametrize("spec", SPECS)
def test_in_the_exact_setting_a_compound_does_not_see_its_company(spec):
    network = build(spec, seed=0).double().eval()
    together = exact(network, COMPANY)
    alone = np.concatenate([exact(network, [formula]) for formula in COMPANY])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)
    np.testing.assert_allclose(exact(network, COMPANY[::-1])[::-1], together, rtol=0, atol=1e-12)
    assert len(np.unique(together[:, 0])) == len(COMPANY)


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("setting", ["exact", "published"])
def test_every_tensor_is_made_on_the_device(spec, setting):
    """On the device without values, "meta", where any tensor made on the wrong device fails: GPUs fail alike."""
    meta = choose("meta", "float32")
    network = build(spec).to(meta.device)
    batch = Batch(parse_formulas(COMPANY), Layout(setting, 6), meta)
    output = network(batch.src, batch.frac)
    assert output.shape == (len(COMPANY), 2)
    output.sum().backward()
    assert all(p.grad is not None and p.grad.device.type == "meta" for p in network.parameters())


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize("width_in", [512, 256])
def test_a_block_is_as_wide_as_the_library_says(kind, width_in):
    block = BLOCKS[kind].make(width_in, 1).eval()
    x = torch.nn.utils.rnn.pack_sequence([torch.randn(3, width_in), torch.randn(2, width_in)])
    expected = BLOCKS[kind].width or width_in
    assert block(x).data.shape == (5, expected)
    assert block.width == expected
    assert isinstance(getattr(block, "cecv_layer", "made of layers"), str)


def test_the_published_network_is_a_spec_like_any_other():
    named, composed = build("L-G-DCNN", seed=3), build(" LSTM + att > GRU+att > DCNN ", seed=3)
    assert composed.chain == named.chain
    state = named.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in composed.state_dict().items())


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("L-G-DCNN", {"LSTM.rnn", "attention.score", "GRU.rnn", "DCNN.convert", "DCNN.blocks"}),
        ("L-DCNN", {"LSTM.rnn", "DCNN.convert", "DCNN.blocks"}),
        ("DCNN-K1", {"DCNN-K1.convert", "DCNN-K1.blocks"}),
    ],
)
def test_saved_models_of_the_papers_networks_stay_readable(name, keys):
    found = {key for key in build(name).state_dict() if key.startswith("blocks.")}
    assert {".".join(key.split(".")[1:3]) for key in found} == keys


def test_saved_models_of_crabnet_stay_readable():
    modules = {key.split(".")[1] for key in build("CrabNet").state_dict() if key.startswith("blocks.")}
    assert modules == {"transformer_1", "transformer_2", "transformer_3"}


def test_a_name_that_comes_twice_is_one_module_and_numbers_make_several():
    def size(spec):
        return sum(p.numel() for p in build(spec).blocks.parameters())

    assert size("LSTM>LSTM") == size("LSTM")
    assert size("LSTM_1>LSTM_2") == 2 * size("LSTM")
    attention = size("LSTM+att") - size("LSTM")
    assert size("LSTM+att>GRU+att") == size("LSTM>GRU") + attention
    assert size("LSTM+att_1>GRU+att_2") == size("LSTM>GRU") + 2 * attention


def test_a_residual_adds_what_the_block_was_given():
    x = torch.nn.utils.rnn.pack_sequence([torch.randn(3, 512)])
    network = build("GRU+res", seed=0)
    found = network.blocks["GRU+res"](network.blocks["GRU"](x), x)
    torch.testing.assert_close(found.data, network.blocks["GRU"](x).data + x.data)
    narrow = build("DCNN-K1+res", seed=0).blocks["DCNN-K1+res"]
    assert narrow(with_256(x), x).data.shape == (3, 256)


def test_the_wide_convolution_is_that_of_torch():
    from lgdcnn_core.models.blocks import TokenConvolution
    from lgdcnn_core.models.packing import places

    ours = TokenConvolution(4, 6, kernel=5).double()
    reference = torch.nn.Conv1d(4, 6, 5, padding=2).double()
    with torch.no_grad():
        reference.weight.copy_(ours.linear.weight.view(6, 5, 4).transpose(1, 2))
        reference.bias.copy_(ours.linear.bias)
    compounds = [torch.randn(n, 4, dtype=torch.float64) for n in (6, 3, 1)]
    packed = torch.nn.utils.rnn.pack_sequence(compounds)
    found = torch.nn.utils.rnn.PackedSequence(ours(packed.data, places(packed)), packed.batch_sizes)
    for one, expected in zip(torch.nn.utils.rnn.unpack_sequence(found), compounds, strict=True):
        torch.testing.assert_close(one, reference(expected.t()[None])[0].t())


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("LSTM>GUR", r"no block is called 'GUR'.*RNN, LSTM, GRU, transformer"),
        ("LSTM>", r"a block is missing.*RNN, LSTM"),
        ("", "a block is missing"),
        ("LSTM+attention", r"no connection is called 'attention'.*choose from att, res"),
        ("LSTM+att>DCNN|mlp", r"no head is called 'mlp'.*linear, MLP"),
        ("LSTM_0", r"'LSTM_0'.*counts from 1"),
        ("LSTM_one>GRU", r"'LSTM_one'.*counts from 1"),
        ("LSTM+res_1", "has no number"),
        ("LSTM+att+att", "a connection twice"),
        ("LSTM+att>DCNN-K1+att", r"'att' runs on 512 and on 256 features.*att_1 and att_2"),
        ("DCNN-K1>LSTM>LSTM", r"'LSTM' runs on 256 and on 512 features.*LSTM_1"),
    ],
)
def test_a_bad_spec_says_what_is_wrong_and_what_there_is(spec, said):
    with pytest.raises(InvalidNetworkSpec, match=said):
        parse(spec)
    with pytest.raises(UnknownNetwork, match=said):
        build(spec)


@pytest.mark.parametrize("spec", [*SPECS, *(found.spec for found in CHAINS.values())])
def test_text_and_design_say_the_same(spec):
    assert str(parse(spec)) == spec
    assert parse(str(parse(spec))) == parse(spec)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("LSTM_2>DCNN", "LSTM>DCNN", True),
        ("GRU_2>GRU_1", "GRU_1>GRU_2", True),
        ("GRU>GRU_7", "GRU_1>GRU_2", True),
        ("GRU>GRU", "GRU_1>GRU_2", False),
        ("LSTM+att_3>GRU+att_3", "LSTM+att>GRU+att", True),
        ("LSTM+att_1>GRU+att_2", "LSTM+att>GRU+att", False),
        ("LSTM|linear", "LSTM", True),
        ("LSTM|MLP", "LSTM", False),
    ],
)
def test_one_network_has_one_canonical_spec(one, other, alike):
    assert (parse(one).canonical() == parse(other).canonical()) is alike


def test_a_name_of_the_paper_comes_before_the_spec_of_the_same_text():
    assert chain("LSTM").resolution == 5000
    assert chain("LSTM_1").resolution == 2000


def with_256(x: torch.nn.utils.rnn.PackedSequence) -> torch.nn.utils.rnn.PackedSequence:
    return torch.nn.utils.rnn.PackedSequence(x.data[:, :256], x.batch_sizes)
