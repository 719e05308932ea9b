"""Training: the published recipe against its golden values, and what a training promises whoever interrupts it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from compounds import FORMULAS

from lgdcnn_core.composition import parse
from lgdcnn_core.models import build
from lgdcnn_core.training import (
    FAST,
    PAPER,
    BadTrainingData,
    Compute,
    Labelled,
    Layout,
    Plan,
    Recipe,
    Scaling,
    TrainingDiverged,
    TrainingStopped,
    choose,
    compute,
    divergence,
    loop,
    outputs,
    train,
)
from lgdcnn_core.training.averaging import ExponentialAverage, PublishedAverage
from lgdcnn_core.training.checkpoint import ForeignCheckpoint
from lgdcnn_core.training.lookahead import lamb_lookahead
from lgdcnn_core.training.optimisers import optimiser, schedule

GOLDEN = json.loads((Path(__file__).parent / "golden" / "optimiser.json").read_text())
CPU = choose("cpu", "float32")
DATA = Labelled(parse(FORMULAS * 3), np.arange(30.0))
SHORT_FAST = FAST.with_changes(epochs=4, batch_size=8, precision="float32")
# Cycles of two epochs, so that a few epochs see the weight averaging at work.
SHORT_PAPER = PAPER.with_changes(epochs=6, batch_size=8, half_cycle=1)


def trained(recipe: Recipe, seed: int = 0, name: str = "LSTM", setting: str = "exact", **how) -> tuple:
    network = build(name, seed=seed)
    layout = Layout(setting, 5)
    history = train(
        network,
        DATA,
        how.pop("val", DATA[np.arange(10)]),
        Plan(recipe, layout, Scaling.of(DATA.targets, False), CPU, seed, stop_after=how.pop("stop_after", None)),
        progress=False,
        **how,
    )
    return network, history


def same_weights(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def curve(history) -> list[tuple]:
    return [(e.epoch, e.loss, e.train_error, e.val_error, e.learning_rate) for e in history.epochs]


class TestThePublishedRecipe:
    @pytest.fixture
    def golden_run(self):
        i = torch.arange(6, dtype=torch.float64)
        starts = (torch.sin(0.9 * i).reshape(2, 3), torch.zeros(3).double(), 20 * torch.cos(0.9 * i[:4]))
        network = torch.nn.ParameterList(torch.nn.Parameter(start) for start in starts)
        return network, lamb_lookahead(network, lr=GOLDEN["lr"][0]), PublishedAverage(network, PAPER)

    def test_lamb_lookahead_and_averaging_are_the_published_ones(self, golden_run):
        """To 3e-8 in float64: pytorch-optimizer's LAMB adds its eps once more, far below a float32's rounding."""
        network, stepped, average = golden_run
        improved = []
        for step, (lr, error) in enumerate(zip(GOLDEN["lr"], GOLDEN["val_mae"], strict=True)):
            for k, parameter in enumerate(network):
                i = torch.arange(parameter.numel(), dtype=torch.float64)
                parameter.grad = torch.cos(0.3 * i + step + k).reshape(parameter.shape)
            stepped.param_groups[0]["lr"] = lr
            stepped.step()
            for parameter, expected in zip(network, GOLDEN["params_after_step"][step], strict=True):
                np.testing.assert_allclose(parameter.detach().flatten(), expected, rtol=0, atol=3e-8)
            improved.append(average.consider(error))
        assert improved == GOLDEN["improved"]
        network.load_state_dict(average.chosen())
        for parameter, expected in zip(network, GOLDEN["averaged"], strict=True):
            np.testing.assert_allclose(parameter.detach().flatten(), expected, rtol=0, atol=3e-8)

    def test_weights_are_averaged_only_in_epochs_that_end_a_cycle(self):
        average = PublishedAverage(build("LSTM"), PAPER)
        assert [epoch for epoch in range(100) if average.ends_cycle(epoch)] == [39, 59, 79, 99]

    def test_five_cycles_without_improvement_stop_the_training(self):
        average = PublishedAverage(torch.nn.Linear(1, 1), PAPER)
        errors = iter([1.0, *[2.0] * 100])
        stopped = None
        for epoch in range(300):
            average.after_batch(epoch, lambda: next(errors))
            if average.after_epoch(epoch):
                stopped = epoch
                break
        assert stopped == 39 + 5 * 20

    def test_the_learning_rate_is_a_triangle_of_twenty_epochs(self):
        network = build("LSTM")
        stepped = optimiser(network, PAPER)
        rates = schedule(stepped, PAPER, steps_per_epoch=3)
        seen = []
        for _ in range(120):
            seen.append(stepped.param_groups[0]["lr"])
            rates.optimizer.step()
            rates.step()
        np.testing.assert_allclose([seen[0], seen[15], seen[30], seen[60], seen[90]], [1e-4, 3.05e-3, 6e-3, 1e-4, 6e-3])

    @pytest.mark.parametrize(
        ("n_train", "size"), [(312, 128), (2048, 128), (3428, 256), (19_330, 1024), (39_663, 2048), (239_125, 4096)]
    )
    def test_the_batch_size_follows_the_number_of_compounds(self, n_train, size):
        assert PAPER.batch_size_for(n_train) == size


def test_the_moving_average_is_that_worked_by_hand():
    network = torch.nn.Linear(1, 1, bias=False)
    average = ExponentialAverage(network, FAST.with_changes(ema_decay=0.2))
    for weight in (5.0, 1.0, 3.0, 7.0):
        torch.nn.init.constant_(network.weight, weight)
        average.after_batch(0, lambda: 0.0)
    # The first weights, then decays of 2/11, 0.2 and 0.2, the last two at the recipe's limit.
    by_hand = 0.2 * (0.2 * (2 / 11 * 5 + 9 / 11 * 1) + 0.8 * 3) + 0.8 * 7
    assert average.evaluated().weight.item() == pytest.approx(by_hand)


def test_a_target_that_is_not_known_teaches_nothing():
    """Of two properties of which one is known of no compound of a batch, only the other's outputs learn from it."""
    known = np.column_stack([DATA.targets, DATA.targets % 7])
    known[:20, 1] = np.nan
    data = Labelled(DATA.compositions, known)
    network = build("LSTM", seed=0, n_targets=2)
    plan = Plan(SHORT_FAST, Layout("exact", 5), Scaling.of(known, False), CPU, seed=0)
    run = loop._Run(network, data, data, plan)
    network.train()
    run._accumulate_gradients(data.compositions, plan.scaling.learnt(known), np.arange(20))
    gradient = network.head.outputs.weight.grad
    assert gradient.isfinite().all()
    assert gradient[:3].abs().sum() > 0
    assert (gradient[3:] == 0).all()
    run._accumulate_gradients(data.compositions, plan.scaling.learnt(known), np.arange(30))
    assert network.head.outputs.weight.grad[3:].abs().sum() > 0


def test_errors_of_several_properties_are_in_standard_deviations():
    targets = np.column_stack([DATA.targets, 1e-6 * DATA.targets])
    targets[7, 1] = np.nan
    data = Labelled(DATA.compositions, targets)
    network = build("LSTM", seed=0, n_targets=2)
    scaling = Scaling.of(targets, False)
    history = train(network, data, data, Plan(SHORT_FAST, Layout("exact", 5), scaling, CPU, seed=0), progress=False)
    assert [line.train_error for line in history.epochs] == pytest.approx([0.9] * 4, abs=0.4)
    found = outputs(network, Layout("exact", 5).ordered(data.compositions), Layout("exact", 5), CPU)[..., 0]
    by_hand = np.nanmean(np.abs(scaling.predicted(found) - targets) / np.array(scaling.std), axis=0).mean()
    assert history.epochs[history.best_epoch - 1].val_error == pytest.approx(by_hand, rel=1e-5)


def test_a_training_has_the_rate_that_suits_its_network():
    for name, rate in (("L-DCNN", 1e-3), ("transformer", 6e-3)):
        _, history = trained(FAST.with_changes(epochs=5, batch_size=30), name=name)
        assert history.epochs[0].learning_rate == pytest.approx(rate / 25)  # where one cycle begins


def test_batches_that_have_room_train_as_others_do(monkeypatch):
    """All that a GPU does but the recording: full batches go that way, in their room, and the last one does not."""
    _, expected = trained(SHORT_FAST)
    rooms = []

    class Unrecorded(loop.PassGraph):
        def __call__(self, batch, target, *others):
            rooms.append((len(target), len(batch.src.data)))
            return self.passes(batch.src, batch.frac, target, *others)

    monkeypatch.setattr(Compute, "has_graphs", True)
    monkeypatch.setattr(loop, "PassGraph", Unrecorded)
    _, history = trained(SHORT_FAST)
    assert len(set(rooms)) == 1
    assert rooms[0][0] == SHORT_FAST.batch_size
    assert len(rooms) == len(history.epochs) * (len(DATA) // SHORT_FAST.batch_size)
    found, without = ([epoch.val_error for epoch in curve.epochs] for curve in (history, expected))
    np.testing.assert_allclose(found, without, rtol=1e-4)


@pytest.mark.parametrize("chosen", [SHORT_FAST, SHORT_PAPER], ids=["fast", "paper"])
class TestSameSeed:
    def test_same_seed_same_numbers(self, chosen):
        first, second, other = (trained(chosen, seed) for seed in (0, 0, 1))
        assert curve(first[1]) == curve(second[1])
        assert same_weights(first[0], second[0])
        assert not same_weights(first[0], other[0])

    def test_an_interrupted_training_ends_with_the_same_numbers(self, chosen, tmp_path, monkeypatch):
        straight = trained(chosen, name="CrabNet")  # has dropout, the one draw outside numpy
        checkpoint = tmp_path / "checkpoint.pt"
        from lgdcnn_core.training import checkpoint as checkpoints

        write = checkpoints.write

        def interrupted_write(*arguments):
            write(*arguments)
            raise KeyboardInterrupt

        for _ in range(chosen.epochs):
            monkeypatch.setattr(checkpoints, "write", interrupted_write)
            with pytest.raises(KeyboardInterrupt):
                trained(chosen, name="CrabNet", checkpoint=checkpoint)
        monkeypatch.undo()
        resumed = trained(chosen, name="CrabNet", checkpoint=checkpoint)
        assert curve(resumed[1]) == curve(straight[1])
        assert resumed[1].best_epoch == straight[1].best_epoch
        assert same_weights(resumed[0], straight[0])

    def test_a_training_that_was_stopped_from_outside_ends_with_the_same_numbers(self, chosen, tmp_path, monkeypatch):
        from lgdcnn_core.training import checkpoint as checkpoints

        monkeypatch.setattr(checkpoints, "SHARE", 1e-9)  # between the first and the last epoch nothing is written
        straight = trained(chosen)
        checkpoint = tmp_path / "checkpoint.pt"
        seen = []

        def stop(progress):
            seen.append(progress)
            return progress.epoch == 2

        with pytest.raises(TrainingStopped, match=f"after 2 of {chosen.epochs} epochs"):
            trained(chosen, checkpoint=checkpoint, watch=stop)
        assert [(each.epoch, each.epochs, each.saved) for each in seen] == [
            (0, chosen.epochs, 0),
            (1, chosen.epochs, 1),
            (2, chosen.epochs, 1),
        ]
        assert [each.val_error for each in seen] == [None, *(line.val_error for line in straight[1].epochs[:2])]
        # A training that is stopped before it has done anything keeps what it had.
        with pytest.raises(TrainingStopped):
            trained(chosen, checkpoint=checkpoint, watch=stop)
        assert (seen[-1].epoch, seen[-1].saved) == (2, 2)
        resumed = trained(chosen, checkpoint=checkpoint, watch=lambda progress: False)
        assert curve(resumed[1]) == curve(straight[1])
        assert same_weights(resumed[0], straight[0])

    def test_a_training_leaves_the_global_generator_alone(self, chosen):
        before = torch.random.get_rng_state()
        trained(chosen.with_changes(epochs=1))
        assert torch.equal(before, torch.random.get_rng_state())


KILLED = """
import sys; sys.path.insert(0, sys.argv[2])
from test_training import SHORT_FAST, Path, trained
trained(SHORT_FAST.with_changes(epochs=100_000), checkpoint=Path(sys.argv[1]))
"""


def test_a_killed_training_leaves_a_checkpoint_to_go_on_from(tmp_path):
    checkpoint = tmp_path / "checkpoint.pt"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(checkpoint), str(Path(__file__).parent)])
    deadline = time.monotonic() + 120
    while not checkpoint.exists():
        assert process.poll() is None, "the training ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.3)  # some epochs more, so that the kill falls anywhere
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    endless = SHORT_FAST.with_changes(epochs=100_000)
    content = torch.load(checkpoint, weights_only=True)
    done = len(content["state"]["history"]["epochs"])
    assert done >= 1
    with pytest.raises(ForeignCheckpoint, match="recipe"):
        trained(SHORT_FAST, checkpoint=checkpoint)
    # A schedule has its length in it; the same training to its end would take hours, so only its next epoch is run.
    from lgdcnn_core.training import loop

    class OneMoreEpoch(Exception):
        pass

    seen = []

    def stop(path, fingerprint, state):
        seen.append(len(state["history"]["epochs"]))
        raise OneMoreEpoch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.checkpoints, "write", stop)
        with pytest.raises(OneMoreEpoch):
            trained(endless, checkpoint=checkpoint)
    assert seen == [done + 1]


def test_a_batch_in_several_passes_trains_as_in_one(monkeypatch):
    """What keeps a batch of 4096 within the host's memory changes no more than the order of a sum."""
    whole = trained(SHORT_FAST.with_changes(batch_size=30))
    monkeypatch.setattr(compute, "COMPOUNDS_AT_ONCE", 7)
    parts = trained(SHORT_FAST.with_changes(batch_size=30))
    for a, b in zip(whole[1].epochs, parts[1].epochs, strict=True):
        assert (a.loss, a.train_error, a.val_error) == pytest.approx((b.loss, b.train_error, b.val_error), rel=1e-4)


class TestDivergence:
    """No real data diverge any more, so the loss is spoilt here."""

    @pytest.fixture
    def spoilt(self, monkeypatch):
        """Spoil the loss, or the gradients, from an epoch on."""

        def spoil(epoch: int, what: str) -> None:
            passes = loop._Run._passes

            def spoilt_passes(run, *arguments):
                total = passes(run, *arguments)
                if run.n_epochs + 1 >= epoch and what == "loss":
                    return total * np.nan
                if run.n_epochs + 1 >= epoch:
                    next(run.network.parameters()).grad.fill_(np.nan)
                return total

            monkeypatch.setattr(loop._Run, "_passes", spoilt_passes)

        return spoil

    @pytest.mark.parametrize("what", ["loss", "gradients"])
    @pytest.mark.parametrize("chosen", [SHORT_FAST, SHORT_PAPER], ids=["fast", "paper"])
    def test_the_weights_of_the_last_finite_epoch_are_kept_without_validation(self, chosen, what, spoilt):
        val = DATA[np.arange(10)] if chosen.needs_validation else None
        expected, _ = trained(chosen.with_changes(epochs=chosen.epochs), stop_after=2, val=val)
        spoilt(3, what)
        with pytest.warns(UserWarning, match=r"diverged in epoch 3 of \d.* The weights of epoch 2 are kept"):
            network, history = trained(chosen, val=val)
        assert (len(history.epochs), history.best_epoch) == (2, 2)
        assert same_weights(network, expected)
        with pytest.raises(TrainingDiverged, match="epoch 3"):
            history.require_whole()

    def test_the_best_weights_are_kept_with_validation(self, spoilt):
        spoilt(4, "loss")
        with pytest.warns(UserWarning, match="diverged in epoch 4"):
            network, history = trained(SHORT_FAST)
        errors = [epoch.val_error for epoch in history.epochs]
        assert history.best_epoch == 1 + int(np.argmin(errors))
        assert all(parameter.isfinite().all() for parameter in network.parameters())

    def test_a_training_whose_errors_grow_beyond_return_has_diverged(self, monkeypatch):
        train_epoch = loop._Run._train_epoch

        def growing(run, number, *arguments):
            loss, error = train_epoch(run, number, *arguments)
            return loss, error * (1.0, 5.0, 1000.0, 1.0)[number]

        monkeypatch.setattr(loop._Run, "_train_epoch", growing)
        with pytest.warns(UserWarning, match=r"diverged in epoch 3 of 4.*errors grew to \d+ times those of the first"):
            _, history = trained(SHORT_FAST)
        assert [epoch.epoch for epoch in history.epochs] == [1, 2]
        assert history.best_epoch in (1, 2)

    def test_a_training_that_diverges_at_once_says_so(self, spoilt):
        spoilt(1, "loss")
        with pytest.raises(TrainingDiverged, match=r"epoch 1 of 4.*lr_max=0\.001.*no weights of an earlier epoch"):
            trained(SHORT_FAST)

    @pytest.mark.parametrize("precision", ["float32", "bfloat16"])
    def test_advice_is_given_where_it_applies(self, precision):
        far = np.where(np.arange(30) == 7, 1e6, np.arange(30.0) % 2)
        many = Labelled(parse(FORMULAS * 400), np.concatenate([far, *[far[:10] % 2] * 397]))
        layout = Layout("exact", 5)
        for data, extreme in ((DATA, False), (many, True)):
            scaling = Scaling.of(data.targets, False)
            said = divergence.reason(Plan(FAST, layout, scaling, choose("cpu", precision), 0), data, 3, loop.NOT_FINITE)
            assert ("float32" in said) == (precision == "bfloat16")
            assert ("asinh of long tails" in said) == extreme
            assert ("1e+06 of NaN (row 7)" in said) == extreme

    def test_targets_beyond_float32_are_the_cause_where_they_are(self):
        spoilt = Labelled(DATA.compositions, np.where(np.arange(30) == 7, 1e38, 0.0))
        plan = Plan(SHORT_FAST, Layout("exact", 5), Scaling(0.0, 1e-30), CPU, seed=0)
        with pytest.raises(TrainingDiverged, match=r"epoch 1: the target 1e\+38 of NaN \(row 7\) is beyond float32"):
            train(build("LSTM", seed=0), spoilt, None, plan, progress=False)

    def test_a_network_that_is_not_finite_is_no_start(self):
        network = build("LSTM", seed=0)
        next(network.parameters()).data[0] = np.nan
        plan = Plan(SHORT_FAST, Layout("exact", 5), Scaling.of(DATA.targets, False), CPU, seed=0)
        with pytest.raises(ValueError, match="weights that are NaN or infinite"):
            train(network, DATA, None, plan, progress=False)


def test_without_validation_data_the_last_average_is_kept():
    _, history = trained(SHORT_FAST, val=None)
    assert history.best_epoch == SHORT_FAST.epochs
    assert all(epoch.val_error is None for epoch in history.epochs)


def test_with_validation_data_the_best_epoch_is_kept():
    _, history = trained(SHORT_FAST)
    errors = [epoch.val_error for epoch in history.epochs]
    assert history.best_epoch == 1 + int(np.argmin(errors))


def test_of_many_validation_compounds_the_seed_draws_those_that_judge_an_epoch():
    few = SHORT_FAST.with_changes(val_compounds=4)
    network, history = trained(few, seed=3)
    chosen = np.sort(np.random.default_rng(3).permutation(10)[:4])
    same, expected = trained(SHORT_FAST, seed=3, val=DATA[chosen])
    assert curve(history) == curve(expected)
    assert same_weights(network, same)
    _, all_of_them = trained(SHORT_FAST.with_changes(val_compounds=10), seed=3)
    assert curve(all_of_them) == curve(trained(SHORT_FAST, seed=3)[1]) != curve(history)


def test_a_network_learns_what_there_is_to_learn():
    """The 30 rows are ten compounds with three targets each, 10 apart: no MAE below 6.67 is to be had."""
    _, history = trained(FAST.with_changes(epochs=60, batch_size=8, precision="float32", lr_max=3e-3), name="L-DCNN")
    assert history.epochs[0].train_error > 7.5
    assert history.epochs[-1].train_error == pytest.approx(20 / 3, rel=0.05)


def test_holding_out_needs_two_compounds():
    from lgdcnn_core.training import hold_out

    with pytest.raises(BadTrainingData, match="one compound"):
        hold_out(DATA[np.arange(1)], 0.1, seed=0)
