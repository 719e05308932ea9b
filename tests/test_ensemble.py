"""Ensembles: several networks as one model."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from compounds import FORMULAS
from safetensors import safe_open
from sklearn.base import clone
from small_regressor import BRIEF, TABLE, regressor

from lgdcnn_core import CompositionRegressor, cecv
from lgdcnn_core.regressor import InvalidEnsemble, ensemble
from lgdcnn_core.training import PAPER, checkpoint, loop


@pytest.fixture(scope="module")
def pair() -> CompositionRegressor:
    """Two networks of seeds 5 and 6."""
    return regressor(n_members=2, seed=5).fit(TABLE, val=TABLE)


@pytest.fixture(scope="module")
def alone() -> list[CompositionRegressor]:
    """The same two, each trained on its own."""
    return [regressor(seed=seed).fit(TABLE, val=TABLE) for seed in (5, 6)]


def test_mean_and_uncertainty_are_those_worked_by_hand():
    means = np.array([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]])
    stds = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 2.0]])
    mean, std = ensemble.mean_and_std(means, stds)
    assert mean.tolist() == [3.0, 2.0]
    # Spread² of (1, 3, 5) is (4 + 0 + 4) / 3, the members' own (1 + 4 + 9) / 3; the second compound has no spread.
    assert std.tolist() == pytest.approx([math.sqrt(8 / 3 + 14 / 3), math.sqrt(9 / 3)])


def test_the_uncertainty_is_the_standard_deviation_of_draws_from_the_mixture():
    means, stds = np.array([[0.0], [4.0]]), np.array([[1.0], [0.5]])
    draws = np.random.default_rng(0).normal(means, stds, size=(2, 200_000))
    mean, std = ensemble.mean_and_std(means, stds)
    assert mean == pytest.approx(draws.mean(), abs=0.01)
    assert std == pytest.approx(draws.std(), abs=0.01)


def test_a_single_members_prediction_comes_back_to_the_bit():
    means, stds = np.array([[0.1, 1e-6]]), np.array([[0.3, 1e-200]])
    mean, std = ensemble.mean_and_std(means, stds)
    np.testing.assert_array_equal([mean, std], [means[0], stds[0]])


@pytest.mark.parametrize("wrong", [0, -1, 2.0, True, "3", None])
def test_a_number_of_members_that_there_is_not_says_what_there_is(wrong):
    with pytest.raises(InvalidEnsemble, match="an integer from 1; 1 trains a single network"):
        regressor(n_members=wrong).fit(TABLE)


def test_members_are_the_networks_that_their_seeds_train_alone(pair, alone):
    members = np.array([each.predict(FORMULAS, return_std=True) for each in alone])
    mean, std = pair.predict(FORMULAS, return_std=True)
    np.testing.assert_allclose(mean, members[:, 0].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(std, np.sqrt(members[:, 0].var(axis=0) + (members[:, 1] ** 2).mean(axis=0)), rtol=1e-12)
    np.testing.assert_array_equal(pair.predict(FORMULAS), mean)
    assert not np.allclose(members[0, 0], members[1, 0])
    assert len(pair.networks_) == len(pair.histories_) == 2
    assert pair.network_ is pair.networks_[0]
    assert pair.history_ is pair.histories_[0]


def test_probabilities_are_the_means_of_the_members():
    table = TABLE.assign(target=[0, 1] * 5)
    members = [regressor(seed=seed, classification=True).fit(table).predict_proba(FORMULAS) for seed in (0, 1)]
    both = regressor(n_members=2, classification=True).fit(table)
    np.testing.assert_allclose(both.predict_proba(FORMULAS), np.mean(members, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(both.predict(FORMULAS), both.predict_proba(FORMULAS).argmax(axis=1))


def test_an_ensemble_is_a_scikit_learn_estimator(pair):
    assert pair.get_params()["n_members"] == 2
    assert clone(pair).get_params() == pair.get_params()
    residuals = TABLE["target"] - pair.predict(TABLE)
    assert pair.score(TABLE) == pytest.approx(1 - (residuals**2).sum() / ((TABLE["target"] - 55) ** 2).sum())


def test_validation_data_are_held_out_once_for_all_members(monkeypatch):
    given = []
    monkeypatch.setattr(
        "lgdcnn_core.regressor.estimator.train", lambda network, train, val, *_, **__: given.append((train, val))
    )
    fitted = regressor(recipe=PAPER.with_changes(epochs=1), n_members=3).fit(TABLE)
    assert (fitted.n_train_, fitted.n_val_) == (9, 1)
    assert all(train is given[0][0] and val is given[0][1] for train, val in given)


def test_the_progress_bar_says_which_network_trains(capfd):
    regressor(n_members=2, progress=True).fit(TABLE)
    shown = capfd.readouterr().err
    assert "fast recipe, network 1 of 2" in shown
    assert "fast recipe, network 2 of 2" in shown
    regressor(progress=True).fit(TABLE)
    assert "network" not in capfd.readouterr().err


def test_cecv_reads_the_first_network(pair, alone):
    found, expected = (
        cecv.layer_efms(model.network_, model.batches(FORMULAS), focus=8).cecvs() for model in (pair, alone[0])
    )
    assert list(found) == list(expected) == ["LSTM output"]
    assert found["LSTM output"].counts.tolist() == expected["LSTM output"].counts.tolist()


# Saving


def names_in(path):
    with safe_open(path, framework="pt") as file:
        return set(file.keys())


def test_a_saved_ensemble_is_one_file_and_predicts_the_same_bits(pair, tmp_path):
    path = pair.save(tmp_path / "model.safetensors")
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]
    loaded = CompositionRegressor.load(path)
    assert loaded.n_members == len(loaded.networks_) == 2
    for found, expected in zip(
        loaded.predict(FORMULAS, return_std=True), pair.predict(FORMULAS, return_std=True), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_more_than_ten_members_come_back_in_their_order(tmp_path):
    many = regressor(n_members=11, recipe=BRIEF.with_changes(epochs=1)).fit(TABLE)
    loaded = CompositionRegressor.load(many.save(tmp_path / "model.safetensors"))
    for found, expected in zip(loaded.networks_, many.networks_, strict=True):
        assert found.embedding.projection.weight.equal(expected.embedding.projection.weight)


def test_the_file_of_a_single_network_is_what_it_was_before_there_were_ensembles(alone, pair, tmp_path):
    single = alone[0].save(tmp_path / "single.safetensors", training=False)
    assert names_in(single) == set(alone[0].network_.state_dict())
    with safe_open(single, framework="pt") as file:
        assert "n_members" not in file.metadata()["CompositionRegressor"]
    assert CompositionRegressor.load(single).n_members == 1
    several = names_in(pair.save(tmp_path / "pair.safetensors", training=False))
    assert several == {f"member{number}.{name}" for number in (0, 1) for name in names_in(single)}


# Fine-tuning


NOTHING = BRIEF.with_changes(epochs=1, lr_max=1e-30, weight_decay=0.0, ema_decay=0.0)


def test_fine_tuning_goes_on_member_by_member(pair, tmp_path):
    for init in (pair, pair.save(tmp_path / "pair.safetensors")):
        tuned = regressor(recipe=NOTHING, n_members=2).fit(TABLE, init=init)
        for found, expected in zip(tuned.networks_, pair.networks_, strict=True):
            assert found is not expected
            np.testing.assert_allclose(
                found.embedding.projection.weight.detach(), expected.embedding.projection.weight.detach(), rtol=1e-5
            )
        np.testing.assert_allclose(tuned.predict(FORMULAS), pair.predict(FORMULAS), rtol=1e-5)


def test_every_member_may_start_from_a_single_network(alone):
    tuned = regressor(recipe=NOTHING, n_members=2).fit(TABLE, init=alone[0])
    np.testing.assert_allclose(tuned.predict(FORMULAS), alone[0].predict(FORMULAS), rtol=1e-5)
    assert tuned.networks_[0] is not tuned.networks_[1]


def test_an_ensemble_of_another_size_is_no_start_and_the_error_says_which_is(pair):
    for n_members in (1, 3):
        with pytest.raises(InvalidEnsemble, match=f"fine-tune {n_members} from 2 networks: take n_members=2"):
            regressor(n_members=n_members).fit(TABLE, init=pair)


# Resumption


def test_a_killed_fit_goes_on_in_the_member_that_it_was_in(tmp_path, monkeypatch):
    monkeypatch.setattr(loop.checkpoints, "SHARE", math.inf)  # a checkpoint after every epoch
    recipe = BRIEF.with_changes(epochs=3)
    whole = regressor(n_members=3, recipe=recipe).fit(TABLE, val=TABLE)
    written: list[Path] = []
    write = checkpoint.write

    def killed_after(n_epochs):
        def counting(path, *content):
            write(path, *content)
            written.append(path)
            if len(written) == n_epochs:
                raise KeyboardInterrupt

        monkeypatch.setattr(checkpoint, "write", counting)

    killed_after(4)  # one epoch into the second member
    with pytest.raises(KeyboardInterrupt):
        regressor(n_members=3, recipe=recipe).fit(TABLE, val=TABLE, checkpoint=tmp_path / "run.pt")
    assert [path.name for path in written] == ["run.member0.pt"] * 3 + ["run.member1.pt"]
    written.clear()
    killed_after(math.inf)
    resumed = regressor(n_members=3, recipe=recipe).fit(TABLE, val=TABLE, checkpoint=tmp_path / "run.pt")
    assert [path.name for path in written] == ["run.member1.pt"] * 2 + ["run.member2.pt"] * 3
    np.testing.assert_array_equal(resumed.predict(FORMULAS), whole.predict(FORMULAS))
    assert [len(each.epochs) for each in resumed.histories_] == [3, 3, 3]


def test_a_single_network_keeps_its_checkpoint_where_it_was_told(tmp_path):
    regressor().fit(TABLE, checkpoint=tmp_path / "run.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_a_table_of_ones_own_is_all_it_takes(tmp_path):
    TABLE.to_csv(tmp_path / "mine.csv", index=False)
    data = pd.read_csv(tmp_path / "mine.csv", keep_default_na=False)
    mean, std = regressor(n_members=2).fit(data).predict(FORMULAS, return_std=True)
    assert mean.shape == std.shape == (10,)
    assert (std > 0).all()
