"""Where and how a network computes: devices, precisions, memory of the host, CUDA graphs."""

import platform
import resource

import numpy as np
import pytest
import torch
from compounds import FORMULAS

from lgdcnn_core.composition import parse
from lgdcnn_core.models import CHAINS, build
from lgdcnn_core.training import (
    FAST,
    PAPER,
    Compute,
    Labelled,
    Layout,
    Plan,
    Scaling,
    UnavailableDevice,
    choose,
    outputs,
    precisions,
    train,
)
from lgdcnn_core.training.batches import Batch
from lgdcnn_core.training.host_memory import resident_bytes
from lgdcnn_core.training.losses import cross_entropy_loss, laplace_loss
from lgdcnn_core.training.optimisers import optimiser

CPU = choose("cpu", "float32")


def test_the_device_is_chosen_in_one_place_and_a_missing_one_is_named():
    assert choose("cpu").device.type == "cpu"
    assert choose("cpu", "float32").bfloat16 is False
    if not torch.cuda.is_available():
        with pytest.raises(UnavailableDevice, match=r"'cuda'.*cpu"):
            choose("cuda")
    with pytest.raises(UnavailableDevice, match="is not a device"):
        choose("abacus")


@pytest.mark.parametrize(
    ("amx", "avx512", "intel", "bfloat16"),
    [
        (False, False, False, False),
        (False, True, False, True),
        (False, True, True, False),
        (True, True, True, True),
    ],
)
def test_by_itself_a_training_takes_bfloat16_where_products_are_faster_in_it(monkeypatch, amx, avx512, intel, bfloat16):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr("lgdcnn_core.training.compute._made_by_intel", lambda: intel)
    assert choose("cpu", "auto").bfloat16 is bfloat16
    assert choose("cpu", "bfloat16").bfloat16
    assert ("bfloat16" in precisions("cpu")) is (amx or avx512)


@pytest.mark.parametrize("name", CHAINS)
def test_bfloat16_agrees_with_float32_to_its_precision(name):
    network = build(name, seed=0).eval()
    batch = Batch(parse(FORMULAS), Layout("exact", 5), CPU)
    with torch.no_grad():
        precise = network(batch.src, batch.frac)
        with choose("cpu", "bfloat16").autocast():
            rough = network(batch.src, batch.frac)
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, precise, rtol=0.05, atol=0.02)
    assert not torch.equal(rough, precise)


def test_tf32_is_for_gpus_and_is_set_back():
    assert choose("cpu", "tf32") == choose("cpu", "float32")
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    with Compute(torch.device("cuda"), bfloat16=False, tf32=True).autocast():
        assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == (True, True)
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == before


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("chosen", [FAST, PAPER], ids=["fast", "paper"])
@pytest.mark.parametrize("setting", ["exact", "published"])
def test_a_training_step_makes_every_tensor_on_the_device(name, chosen, setting):
    """On the device without values, "meta", where any tensor made on the wrong device fails: GPUs fail alike."""
    if name == "CrabNet" and setting == "published":
        pytest.skip("drops padding by values, which meta has not; on a GPU this is one copy to the host")
    meta = choose("meta", "float32")
    network = build(name).to(meta.device)
    stepped = optimiser(network, chosen.suited(network.chain.has_transformers))
    batch = Batch(parse(FORMULAS), Layout(setting, 5), meta)
    output = network(batch.src, batch.frac)
    assert output.shape == (len(FORMULAS), 2)
    assert output.device.type == "meta"
    for loss in (laplace_loss, cross_entropy_loss):
        loss(output, meta.tensor(torch.zeros(len(FORMULAS)))).mean().backward(retain_graph=True)
    stepped.step()
    assert all(p.grad is not None and p.grad.device.type == "meta" for p in network.parameters() if p.requires_grad)


@pytest.mark.skipif("glibc" not in platform.libc_ver()[0], reason="needs the GNU C library")
def test_memory_of_the_host_stays_during_a_training_and_goes_back_after_it():
    million = 2**20

    def page_faults() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(20):
            parts = [torch.ones(million) for _ in range(3)]
            del parts
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    with CPU.memory():
        torch.ones(64 * million)  # 256 MiB
        page_faults()
        assert page_faults() < 20  # one step's arrays are 3,000 pages
        during = resident_bytes()
    assert resident_bytes() < during - 128 * million


@pytest.mark.skipif("glibc" not in platform.libc_ver()[0], reason="needs the GNU C library")
def test_memory_that_lies_unused_goes_back_during_a_training_once_it_is_much(monkeypatch):
    growth = 64 * 2**20
    monkeypatch.setattr("lgdcnn_core.training.host_memory.GROWTH", growth)
    with CPU.memory() as give_back:
        before = resident_bytes()
        torch.ones(growth // 8)  # half as much: float32 has four bytes
        give_back()
        assert resident_bytes() > before + growth // 4
        torch.ones(growth)  # four times as much
        assert resident_bytes() > before + 3 * growth
        give_back()
        assert resident_bytes() < before + growth


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", CHAINS)
def test_on_a_gpu_the_numbers_are_those_of_the_cpu(name):
    compositions = parse(FORMULAS)
    for setting in ("exact", "published"):
        layout = Layout(setting, 5)
        network = build(name, seed=0)
        on_cpu = outputs(network, compositions, layout, CPU)
        gpu = choose("cuda", "float32")
        np.testing.assert_allclose(outputs(network.to("cuda"), compositions, layout, gpu), on_cpu, atol=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", [*CHAINS, "RNN+att>TextCNN+res|MLP"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_on_a_gpu_recorded_passes_train_as_others_do(name, precision, monkeypatch):
    gpu = choose("cuda", precision)
    data = Labelled(parse(FORMULAS * 40), np.arange(400.0))
    recipe = FAST.with_changes(epochs=3, batch_size=64, precision=precision)
    plan = Plan(recipe, Layout("exact", 5), Scaling.of(data.targets, False), gpu, seed=0)
    errors = []
    for recorded in (True, False):
        monkeypatch.setattr(Compute, "has_graphs", recorded)
        network = build(name, seed=0).to(gpu.device)
        for module in network.modules():
            if hasattr(module, "self_attn"):  # CrabNet's own dropout draws other numbers
                module.self_attn.dropout = 0.0
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        replays = []
        monkeypatch.setattr(torch.cuda.CUDAGraph, "replay", _counted(torch.cuda.CUDAGraph.replay, replays))
        history = train(network, data, data, plan, progress=False)
        assert (len(replays) > 10) == recorded
        monkeypatch.undo()
        errors.append([epoch.val_error for epoch in history.epochs])
    np.testing.assert_allclose(*errors, rtol=1e-3 if precision == "float32" else 0.05)


def _counted(method, calls):
    def counted(*arguments):
        calls.append(arguments)
        return method(*arguments)

    return counted
