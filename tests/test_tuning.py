"""The study of the recipe: trials, their records, and what is read from them."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

from lgdcnn_core import CompositionRegressor, benchmarks, training
from lgdcnn_core.companion import figures, tuning
from lgdcnn_core.companion.records import places
from lgdcnn_core.companion.runs import BrokenRecord, OutdatedRecord, RecordExists, weights
from lgdcnn_core.companion.runs.spec import source
from lgdcnn_core.companion.tuning import InvalidTrial, Task, Trial, TrialStore, UnknownTrial
from lgdcnn_core.companion.tuning import __main__ as command
from lgdcnn_core.companion.tuning.execution import recorded
from lgdcnn_core.training import PRETRAINING

BULK = Task("aflow__ael_bulk_modulus_vrh")
QUICK = Trial("quick", "one epoch", {"epochs": 1, "batch_size": 32}, model="DCNN-K1")
HOPELESS = Trial("hopeless", "a rate that no network stands", {"epochs": 3, "lr_max": 1e30}, model="DCNN-K1")


class WithoutTest:
    """A split of 60 and 20 compounds whose test part must not be touched."""

    def __init__(self, split: benchmarks.Split) -> None:
        self.train, self.val = split.train[:60], split.val[:20]

    @property
    def test(self) -> pd.DataFrame:
        raise AssertionError("the study read test data")

    def __iter__(self):
        raise AssertionError("the study read test data")

    __getitem__ = __len__ = __iter__


@pytest.fixture
def small(monkeypatch, benchmark_data) -> WithoutTest:
    split = WithoutTest(benchmarks.load(BULK.dataset))
    monkeypatch.setattr(benchmarks, "load", lambda *_, **__: split)
    return split


@pytest.fixture
def store(tmp_path) -> TrialStore:
    return TrialStore("local", tmp_path / "tuning")


class TestTrials:
    def test_a_recipe_is_its_base_with_the_changes_and_nothing_else(self):
        changed = Trial("x", "", {"batch_size": 7}).recipe()
        assert changed == replace(training.FIRST_FAST, name="x", batch_size=7)
        assert Trial("x", "", {"epochs": 60}, base="paper").recipe() == replace(training.PAPER, name="x", epochs=60)

    def test_every_row_of_the_table_is_another_training(self):
        rows = tuning.TRIALS.values()
        seen = [(replace(row.recipe(), name=""), row.model, row.setting, row.elements) for row in rows]
        assert all(each not in seen[:number] for number, each in enumerate(seen))
        assert all(row.why for row in rows)
        assert tuning.BASELINE in tuning.TRIALS

    @pytest.mark.parametrize(
        ("made", "said"),
        [
            (lambda: Trial("x", "", {"batchsize": 8}).recipe(), "'batchsize'; it has epochs, batch_size"),
            (lambda: Trial("x", "", {"name": "y"}).recipe(), "has no 'name'"),
            (lambda: Trial("x", "", {"noise": 0.02}).recipe(), "noise is 0.02 in the base 'fast' already"),
            (lambda: Trial("x_seed1", ""), "'x_seed1' is no name"),
            (lambda: Trial("x", "", base="slow"), "there are fast, paper"),
            (lambda: Trial("x", "", setting="loose"), "exact or published"),
            (lambda: Trial("x", "", elements="ether"), "mat2vec"),
            (lambda: Trial("x", "", model="LSTN"), "LSTN"),
            (lambda: tuning.trial("batch255"), "there are fast, batch256"),
            (lambda: Task("matbench_phonons"), "fold is 0 to 4"),
            (lambda: Task.parse("matbench_phonons/x"), "matbench_phonons/0"),
            (lambda: Task.parse("mp_mu_c"), "mp_mu_c"),
            (lambda: Task.parse("matbench_mp_is_metal/0"), "classification"),
        ],
    )
    def test_what_cannot_be_is_refused_and_what_can_is_named(self, made, said):
        with pytest.raises(ValueError, match=said):
            made()

    def test_two_trials_of_one_name_are_refused(self):
        with pytest.raises(InvalidTrial, match="two trials are called x"):
            tuning.trials.table(Trial("x", ""), Trial("x", "", {"epochs": 3}))
        with pytest.raises(UnknownTrial):
            tuning.trial("x")

    def test_labels_of_tasks_are_read_back(self):
        for task in (BULK, Task("matbench_phonons", 3)):
            assert Task.parse(task.label) == task


class TestMaking:
    def test_a_trial_is_trained_without_test_data_and_recorded_once(self, small, store):
        made = []
        assert tuning.make_missing([QUICK], [BULK], [0, 1], store, made.append) == (2, 0)
        first = store.read("aflow__ael_bulk_modulus_vrh/quick_seed0")
        assert first == made[0]
        assert (first.outcome, first.message, first.trial) == ("trained", None, QUICK)
        assert first.recipe == QUICK.recipe().as_dict()
        assert set(first.inputs) == {"train", "val"}
        assert len(first.learning_curve["loss"]) == first.best_epoch == 1
        assert first.seconds == sum(first.learning_curve["seconds"])
        assert first.val_mae != made[1].val_mae

        predictions = store.predictions(first.key)
        assert list(predictions) == ["formula", "actual", "predicted"]
        assert predictions["formula"].tolist() == small.val["formula"].tolist()
        assert np.abs(predictions["predicted"] - small.val["target"].to_numpy()).mean() == first.val_mae

        assert tuning.make_missing([QUICK], [BULK], [0, 1], store, made.append) == (0, 0)
        assert len(made) == 2
        with pytest.raises(RecordExists):
            store.write(first, {"predictions.parquet": (store.path / first.key / "predictions.parquet").read_bytes()})

    def test_a_training_that_diverges_is_a_record_of_its_own_kind(self, small, store):
        found = tuning.make(HOPELESS, BULK, 0, store)
        assert found.outcome == "diverged"
        assert "loss or weights became infinite" in found.message
        assert found.val_mae is found.best_epoch is found.tokens_per_second is None
        assert found.seconds > 0
        assert store.read(found.key) == found
        assert store.predictions(found.key) is None

    def test_a_trial_with_a_source_starts_from_the_network_trained_on_it(self, small, store, tmp_path, monkeypatch):
        monkeypatch.setattr(places, "checkout", lambda: tmp_path)
        transfer = Trial(
            "transfer",
            "",
            QUICK.changes | {"source": "OQMD_Volume_per_atom", "order": PRETRAINING.order},
            model=QUICK.model,
        )
        file = weights.file_of_weights(source(transfer.recipe(), transfer.model, "exact", seed=0, dataset=BULK.dataset))
        file.parent.mkdir(parents=True)
        start = CompositionRegressor(
            transfer.model, PRETRAINING.with_changes(lr_max=2e-3), device="cpu", progress=False
        )
        start.fit(small.train).save(file)
        with pytest.raises(weights.OutdatedWeights, match="other values of lr_max"):
            tuning.make(transfer, BULK, 0, store, "cpu")
        start.set_params(recipe=PRETRAINING).fit(small.train).save(file)
        record = tuning.make(transfer, BULK, 0, store, "cpu")
        assert record.inputs["source"] == sha256(file.read_bytes()).hexdigest()
        model = CompositionRegressor(transfer.model, transfer.recipe(), device="cpu", progress=False)
        model.fit(small.train, val=small.val, init=file)
        assert model.history_.epochs[0].loss == record.learning_curve["loss"][0]

    def test_an_edited_record_is_refused(self, small, store):
        found = tuning.make(QUICK, BULK, 0, store)
        file = store.path / found.key / "predictions.parquet"
        content = file.read_bytes()
        file.write_bytes(content[:-1])
        with pytest.raises(BrokenRecord, match=r"predictions\.parquet"):
            store.read(found.key)
        file.write_bytes(content)
        record = file.with_name("record.json")
        record.write_text(record.read_text().replace(repr(found.val_mae), repr(found.val_mae / 2)))
        with pytest.raises(BrokenRecord, match="was edited"):
            store.records()

    def test_a_name_never_gets_a_second_meaning(self, small, store):
        tuning.make(QUICK, BULK, 0, store)
        assert recorded(replace(QUICK, why="other words"), BULK, 0, store) is not None
        longer = replace(QUICK, changes={"epochs": 2, "batch_size": 32}, setting="published")
        with pytest.raises(OutdatedRecord, match=r"another epochs, setting than"):
            tuning.make_missing([longer], [BULK], [0, 1], store)
        assert list(store.keys()) == ["aflow__ael_bulk_modulus_vrh/quick_seed0"]

    def test_out_of_time_nothing_is_begun(self, store):
        assert tuning.make_missing([QUICK], [BULK], [0, 1], store, until=0.0) == (0, 2)


def made_up(trial: str, mae: float | None, dataset: str = "a", fold: int | None = None, seed: int = 0, **more) -> dict:
    outcome = "diverged" if mae is None else "trained"
    row = {"store": "local", "trial": trial, "dataset": dataset, "fold": fold, "seed": seed, "outcome": outcome}
    return row | {"val_mae": mae, "last_val_error": mae, "seconds": 10.0, "undisturbed": None} | more


def table_of(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows).astype({"fold": "Int64", "val_mae": "float64", "last_val_error": "float64"})


E = np.exp(1.0)

BASELINE = (
    made_up("quick", 1.0),
    made_up("quick", E**0.2, seed=1),
    made_up("quick", E, "b"),
    made_up("quick", E**1.4, "b", seed=1),
)
"""Log MAEs 0 and 0.2 on one set, 1 and 1.4 on another."""


class TestComparison:
    def test_noise_worked_out_by_hand(self):
        """Deviations 0.1, 0.1, 0.2, 0.2 with two degrees of freedom: variance 0.1 / 2, and twice that for a ratio."""
        noise = tuning.seed_noise(table_of(*BASELINE))
        assert noise.degrees == 2
        assert noise.sd == pytest.approx(0.1**0.5)
        # 4.3027 is the tabulated t of two degrees; two pairs on one set, one on the other.
        assert noise.chance(np.array([2.0, 1.0])) == pytest.approx(4.3027 * 0.1**0.5 * 1.5**0.5 / 2, rel=1e-4)

    def test_ratios_worked_out_by_hand(self):
        rows = (
            made_up("x", 0.5, seconds=20.0),
            made_up("x", 2 * E**0.2, seed=1, seconds=5.0),
            made_up("x", E / 4, "b", seconds=40.0),
            made_up("x", 7.0, "b", seed=5),  # without a baseline of its seed
            made_up("x", 7.0, "c"),  # without a baseline on its set
        )
        of_sets = tuning.by_dataset(table_of(*BASELINE, *rows)).set_index(["trial", "dataset"]).loc["x"]
        assert of_sets["ratio"].to_dict() == pytest.approx({"a": 1.0, "b": 0.25})
        assert of_sets["pairs"].to_dict() == {"a": 2, "b": 1}
        assert of_sets["seconds_ratio"].to_dict() == pytest.approx({"a": 1.0, "b": 4.0})
        assert of_sets.loc["a", ["mean", "baseline_mean"]].tolist() == pytest.approx(
            [(0.5 + 2 * E**0.2) / 2, (1 + E**0.2) / 2]
        )

        found = tuning.compare(table_of(*BASELINE, *rows)).set_index("trial")
        assert found.loc["x", ["ratio", "seconds_ratio"]].tolist() == pytest.approx([0.5, 2.0])
        assert found.loc["x", ["datasets", "pairs"]].tolist() == [2, 3]
        assert found.loc["x", "verdict"] == tuning.CHANCE  # log 0.5 is -0.69, chance 0.83
        assert found.loc["x", "high"] == pytest.approx(E**0.8332, rel=1e-3)
        assert found.loc["quick", ["ratio", "verdict"]].tolist() == [1, "baseline"]

    @pytest.mark.parametrize(("factor", "verdict"), [(0.3, "better"), (1 / 0.3, "worse"), (1.5, "within seed noise")])
    def test_a_verdict_needs_more_than_seeds_do(self, factor, verdict):
        rows = (row | {"trial": "x", "val_mae": row["val_mae"] * factor} for row in BASELINE)
        found = tuning.compare(table_of(*BASELINE, *rows)).set_index("trial")
        assert found.loc["x", "ratio"] == pytest.approx(factor)
        assert found.loc["x", "verdict"] == verdict

    def test_folds_of_a_task_count_as_one_data_set(self):
        pairs = [(1.0, 2.0, 0), (3.0, 24.0, 1)]
        rows = [made_up("quick", old, "m", fold) for old, _, fold in pairs]
        rows += [made_up("x", new, "m", fold) for _, new, fold in pairs]
        found = tuning.by_dataset(table_of(*rows)).set_index("trial")
        assert found.loc["x", ["pairs", "ratio"]].tolist() == pytest.approx([2, 4])
        assert tuning.seed_noise(table_of(*rows)).degrees == 0

    def test_a_single_seed_gives_no_verdict(self):
        found = tuning.compare(table_of(BASELINE[0], made_up("x", 0.01))).set_index("trial")
        assert found.loc["x", "verdict"] == tuning.UNJUDGED

    def test_one_divergence_decides_whatever_the_others_gave(self):
        found = tuning.compare(table_of(*BASELINE, made_up("x", 0.01), made_up("x", None, "b"))).set_index("trial")
        assert found.loc["x", ["pairs", "diverged", "verdict"]].tolist() == [1, 1, tuning.DIVERGED]
        alone = tuning.compare(table_of(*BASELINE, made_up("x", None))).set_index("trial")
        assert alone.loc["x", "verdict"] == tuning.DIVERGED
        assert np.isnan(alone.loc["x", "ratio"])

    def test_two_stores_are_never_mixed(self):
        with pytest.raises(ValueError, match="not of local and committed"):
            tuning.compare(table_of(*BASELINE, made_up("x", 1.0, store="committed")))

    def test_without_records_the_tables_are_empty(self, store):
        nothing = tuning.load_trials([store])
        assert len(tuning.compare(nothing)) == len(tuning.by_dataset(nothing)) == len(tuning.ensembles(store)) == 0


class TestFigures:
    ROWS = (*BASELINE, made_up("x", 0.5), made_up("x", E / 4, "b"), made_up("y", 1.1), made_up("y", None, "b"))
    TABLE = table_of(*ROWS, made_up("z", None))
    COMPARED, OF_SETS = tuning.compare(TABLE), tuning.by_dataset(TABLE)

    def test_each_trial_is_a_row_with_a_dot_a_set_a_bar_and_its_failures(self, ax):
        assert figures.trial_ratios(self.COMPARED, self.OF_SETS, ax, {"a": "one set", "b": "another"}) is ax
        assert [text.get_text() for text in ax.get_yticklabels()] == ["x", "quick", "y", "z"]
        dots = [tuple(np.round(dot, 9)) for each in ax.collections for dot in each.get_offsets().tolist()]
        assert sorted(dots) == sorted([(0.5, 0), (0.25, 0), (1, 1), (1, 1), (1.1, 2)])
        (bars,) = (line for line in ax.lines if line.get_label() == "geometric mean")
        np.testing.assert_allclose(bars.get_xdata(), [0.125**0.5, 1, 1.1, np.nan])
        texts = [text.get_text().strip() for text in ax.texts]
        assert texts.count("1 diverged") == 2
        low = [patch.get_x() for patch in ax.patches]
        np.testing.assert_allclose(low, self.COMPARED["low"])
        assert ax.get_xlim()[1] >= figures.tuning.NARROWEST[1]

    def test_the_legend_names_the_sets_that_are_to_be_seen(self, ax):
        figures.trial_ratios(self.COMPARED, self.OF_SETS, ax, {"a": "one set", "b": "another", "c": "unpaired"})
        assert {"one set", "another"} < set(ax.get_legend_handles_labels()[1])
        assert "unpaired" not in ax.get_legend_handles_labels()[1]

    def test_costs_stand_beside_the_rows_as_multiples_of_the_baselines_time(self, ax):
        figures.trial_ratios(self.COMPARED, self.OF_SETS, ax, {"a": "one set"}, {"x": "a change"})
        assert [text.get_text() for text in ax.get_yticklabels()] == ["a change", "quick", "y", "z"]
        times = [text.get_text() for text in ax.texts if text.get_text().endswith("\N{MULTIPLICATION SIGN}")]
        assert times == ["1.0\N{MULTIPLICATION SIGN}"] * 3  # the last has none

    def test_every_trial_has_a_name_of_its_own_for_people(self):
        names = {name: tuning.described(each) for name, each in tuning.TRIALS.items()}
        assert len(set(names.values())) == len(names)
        assert names["quick-pauling-only"] == "short, by electronegativity"
        assert names["joint-transfer"] == "by electronegativity, start from 18 properties"
        assert names["quick-CrabNet-lr6e-4"] == "CrabNet, short, learning rate 0.0006"


class TestTables:
    def test_a_row_a_record_with_what_diverged(self, small, store):
        tuning.make_missing([QUICK, HOPELESS], [BULK], [0], store)
        found = tuning.load_trials([store]).set_index("trial")
        assert found["outcome"].to_dict() == {"quick": "trained", "hopeless": "diverged"}
        # One epoch is the last and the best; the loop may compute in bfloat16, predictions are in float32.
        assert found.loc["quick", "last_val_error"] == pytest.approx(found.loc["quick", "val_mae"], rel=1e-3)
        assert pd.isna(found.loc["hopeless", "val_mae"])
        assert found.loc["quick", ["epochs", "epochs_run"]].tolist() == [1, 1]

    def test_an_ensemble_predicts_the_mean_of_its_seeds(self, small, store):
        tuning.make_missing([QUICK, HOPELESS], [BULK], [0, 1], store)
        tables = [store.predictions(f"{BULK.dataset}/quick_seed{seed}") for seed in (0, 1)]
        mean = (tables[0]["predicted"] + tables[1]["predicted"]) / 2
        (row,) = tuning.ensembles(store).to_dict("records")
        assert (row["trial"], row["seeds"]) == ("quick", 2)
        assert row["ensemble_mae"] == pytest.approx((mean - small.val["target"].to_numpy()).abs().mean())
        assert row["single_mae"] == pytest.approx(tuning.load_trials([store])["val_mae"].mean())
        assert row["ratio"] == pytest.approx(row["ensemble_mae"] / row["single_mae"])
        assert tuning.ensembles(store, ["hopeless"]).empty

    def test_a_mixture_is_the_mean_over_all_choices_of_seeds(self, small, store):
        other = Trial("other", "two epochs", {"epochs": 2, "batch_size": 32}, model="DCNN-K1")
        tuning.make_missing([QUICK], [BULK], [0, 1], store)
        tuning.make_missing([other], [BULK], [0], store)

        def error(*keys):
            predicted = np.mean([store.predictions(f"{BULK.dataset}/{key}")["predicted"] for key in keys], axis=0)
            return np.abs(predicted - small.val["target"]).mean()

        table = tuning.mixtures(store, ["quick", "other"], 2)
        assert list(table["mixture"]) == [(2, 0), (1, 1)]  # there is one seed of the other
        assert list(table["choices"]) == [1, 2]
        assert table["mae"][0] == pytest.approx(error("quick_seed0", "quick_seed1"))
        with_either = [error("quick_seed0", "other_seed0"), error("quick_seed1", "other_seed0")]
        assert table["mae"][1] == pytest.approx(np.mean(with_either))
        assert tuning.mixtures(store, ["quick", "nothing"], 3).empty

    def test_trainings_that_were_validated_on_other_data_are_not_averaged(self, small, store):
        tuning.make_missing([QUICK], [BULK], [0], store)
        small.val = small.val[:10]
        tuning.make_missing([QUICK], [BULK], [1], store)
        with pytest.raises(ValueError, match=r"same data: .*quick_seed0, .*quick_seed1"):
            tuning.ensembles(store)


class TestCommand:
    ARGUMENTS = ("--trials", "quick", "--datasets", BULK.dataset, "--seeds", "0", "1")

    @pytest.fixture(autouse=True)
    def _table(self, monkeypatch, tmp_path):
        monkeypatch.setitem(tuning.TRIALS, "quick", QUICK)
        monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path))

    def test_it_makes_what_is_missing_into_the_directory_that_the_variable_names(self, small, tmp_path, capsys):
        assert command.main([*self.ARGUMENTS, "--minutes", "0"]) == 0
        assert "0 made, 0 there already, 2 still missing" in capsys.readouterr().out
        command.main(self.ARGUMENTS)
        assert f"{BULK.dataset}/quick_seed1: validation MAE" in (said := capsys.readouterr().out)
        assert "2 made, 0 there already, 0 still missing" in said
        assert (tmp_path / "tuning" / BULK.dataset / "quick_seed1" / "record.json").is_file()
        command.main(self.ARGUMENTS)
        assert "0 made, 2 there already, 0 still missing" in capsys.readouterr().out
        command.main(["--list"])
        assert "quick: one epoch [" in (said := capsys.readouterr().out)
        assert "2 local]" in said

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("--trials", "batch255", "--datasets", BULK.dataset), "there are fast, batch256"),
            (("--datasets", "matbench_phonons"), "fold is 0 to 4"),
            ((), "--datasets"),
            (("--datasets", BULK.dataset, "--seeds", "-1"), "at least 0"),
        ],
    )
    def test_mistakes_are_named_before_anything_is_trained(self, arguments, said, capsys):
        with pytest.raises(SystemExit):
            command.main(arguments)
        assert said in capsys.readouterr().err
