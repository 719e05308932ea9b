"""Notebooks, run with few epochs or from committed records: what they say and draw."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_records import PREDICTED, made_up, made_up_trial
from written_notebooks import n_images, shown

from lgdcnn_core.companion import runs, tuning
from lgdcnn_core.companion.reproduce import notebook, session

DIRECTORY = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, benchmark_data):
    """Directories of this module's own for records and figures; single-threaded kernels."""
    directory = tmp_path_factory.mktemp("notebooks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LGDCNN_RUNS", str(directory / "runs"))
        patch.setenv("LGDCNN_FIGURES", str(directory / "figures"))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield directory


@pytest.fixture(scope="module")
def trained(workplace):
    """Two executed copies of 01_train: the run made, and the run shown again."""
    values = {"dataset": "matbench_jdft2d", "train_fraction": 0.3, "epochs": 1}
    copies = [workplace / f"01_{time}.ipynb" for time in ("first", "second")]
    for copy in copies:
        notebook.run(DIRECTORY / "01_train.ipynb", copy, values)
    return copies


def test_start_here_runs(workplace):
    copy = workplace / "00.ipynb"
    notebook.run(DIRECTORY / "00_start_here.ipynb", copy, {"epochs": 1, "train_fraction": 0.05})
    assert "One network with 18 properties comes with the package" in shown(copy)
    assert "OQMD_Volume_per_atom" in shown(copy)  # of the first formula, without a field to type in
    assert "widget-view" not in shown(copy)
    assert "MAE after 1 epochs" in shown(copy)
    assert "4 formulas cannot be read" in shown(copy)
    assert n_images(copy) == 2


def test_in_an_open_notebook_a_field_answers_for_the_formula_that_is_typed(monkeypatch):
    answers = []
    monkeypatch.setenv(session.LIVE, "mine.ipynb")
    monkeypatch.setattr("IPython.display.display", lambda *each: answers.extend(each))

    def answer(formula):
        if formula == "Xx":
            raise ValueError("no such element")
        return [formula]

    session.formula_field(answer, "NaCl")
    fields = [each for each in answers if type(each).__name__ == "Text"]
    fields[0].value = "KCl"
    fields[0].value = "Xx"
    assert [each for each in answers if isinstance(each, str)] == ["NaCl", "KCl"]


def test_your_data_reads_an_example_trains_and_draws(workplace):
    copy = workplace / "09.ipynb"
    notebook.run(DIRECTORY / "09_your_data.ipynb", copy, {"epochs": 1, "few": [50]})
    assert "numbers in the column 'gap (eV)' have decimal commas" in shown(copy)
    assert "unknown element" in shown(copy)
    assert "gradient boosting" in shown(copy)
    assert n_images(copy) == 3


def test_training_makes_one_record_and_does_not_make_it_twice(workplace, trained):
    first, second = map(shown, trained)
    assert "not recorded yet, so it is trained" in first
    assert "recorded already, shown and not trained again" in second
    assert "which does not repeat the published one" in first
    keys = list(runs.Store("local", workplace / "runs").keys())
    assert keys == ["matbench_jdft2d/L-G-DCNN_fast_exact_fold0_epochs1_fraction0.3_seed0"]
    assert [n_images(copy) for copy in trained] == [1, 1]
    assert (workplace / "figures" / f"01_{keys[0].replace('/', '_')}.png").exists()


def test_training_shows_probabilities_for_a_classification(workplace):
    copy = workplace / "01_classes.ipynb"
    values = {"dataset": "matbench_glass", "train_fraction": 0.05, "epochs": 1}
    notebook.run(DIRECTORY / "01_train.ipynb", copy, values)
    assert n_images(copy) == 1


@pytest.mark.parametrize("stores", ["local", "both"])
def test_the_benchmark_table_runs_with_the_records_there_are(workplace, stores):
    copy = workplace / f"02_{stores}.ipynb"
    notebook.run(DIRECTORY / "02_benchmark_table.ipynb", copy, {"stores": stores})
    assert "lowest published MAE on 12 of 18 extended sets" in shown(copy)
    committed = runs.load_records([runs.committed_store()]).query("fold.isna() and train_fraction == 1")
    several = runs.summarise(committed[committed["model"] == "L-G-DCNN"])["n"].max() > 1
    numbers = pd.read_csv(workplace / "figures" / "02_benchmark_table.csv")
    together = numbers.loc[numbers["group"] == "This project, ensembles", "column"]
    assert together.str.startswith("L-G-DCNN").any() == (several and stores == "both")
    assert n_images(copy) == 1
    assert (workplace / "figures" / "02_benchmark_table.svg").exists()


def test_the_benchmark_table_has_ensembles_and_compares_models_compound_by_compound(workplace, tmp_path, monkeypatch):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    store = runs.Store("local", tmp_path / "runs")
    for dataset, scale in (("aflow__ael_bulk_modulus_vrh", 1.0), ("aflow__agl_thermal_expansion_300K", 1e-6)):
        table = PREDICTED.assign(actual=scale * PREDICTED["actual"], uncertainty=scale)
        for model, shifts in (("L-G-DCNN", (-1.0, 1.2)), ("CrabNet", (-3.0, 3.5))):
            for seed, shift in enumerate(shifts):
                predictions = table.assign(predicted=table["actual"] + scale * shift)
                metrics = runs.execution.measure(predictions, predictions, classification=False)
                spec = runs.RunSpec(dataset, model=model, seed=seed)
                store.write(*made_up(spec, predictions=predictions, metrics=metrics))
    copy = tmp_path / "02.ipynb"
    notebook.run(DIRECTORY / "02_benchmark_table.ipynb", copy, {"stores": "local"})
    said = shown(copy)
    assert "it is better on 2 of 2 data sets and worse on 0" in said
    # Deviations of opposite signs cancel in the mean: 0.1 and 0.25, and 0.175 of all four.
    numbers = pd.read_csv(workplace / "figures" / "02_benchmark_table.csv").set_index(["dataset", "group", "column"])
    ours = numbers["mean"].dropna()
    of_sets = [ours[name].tolist() for name in ("aflow__ael_bulk_modulus_vrh", "aflow__agl_thermal_expansion_300K")]
    expected = np.array([1.1, 3.25, 0.1, 0.25, 0.175])
    assert of_sets == [pytest.approx(expected), pytest.approx(1e-6 * expected, abs=1e-12)]


def test_convergence_runs_without_a_record_and_says_so(workplace, monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "none"))
    copy = workplace / "03_none.ipynb"
    notebook.run(DIRECTORY / "03_convergence.ipynb", copy, {"stores": "local"})
    assert "No data set has records of both networks in one recipe." in shown(copy)
    assert n_images(copy) == 1


def test_convergence_shows_the_records_there_are(workplace, trained):
    copy = workplace / "03.ipynb"
    notebook.run(DIRECTORY / "03_convergence.ipynb", copy, {"stores": "local", "train_fraction": 0.3, "epochs": 1})
    drawn = pd.read_csv(workplace / "figures" / "03_convergence.csv").dropna(subset="key")
    made = [key for key in runs.Store("local", workplace / "runs").keys() if "jdft2d" in key]  # noqa: SIM118
    assert drawn["key"].unique().tolist() == made
    assert drawn["val_error"].notna().all()


def test_the_matbench_table_counts_folds_and_gives_no_mean_of_some(workplace, trained):
    copy = workplace / "04.ipynb"
    notebook.run(DIRECTORY / "04_matbench_table.ipynb", copy, {"stores": "local", "train_fraction": 0.3})
    numbers = pd.read_csv(workplace / "figures" / "04_matbench_table.csv")
    ours = numbers[numbers["group"] != "Published"]
    assert len(ours)
    assert ours["mean"].isna().all()
    assert ours["note"].str.contains("1 of 5 folds").all()
    assert n_images(copy) == 2


def test_the_matbench_table_runs_with_the_records_there_are(workplace):
    copy = workplace / "04_committed.ipynb"
    notebook.run(DIRECTORY / "04_matbench_table.ipynb", copy, {"stores": "committed"})
    assert "lowest published MAE on 12 of 18 extended sets and 7 of 10 Matbench tasks" in shown(copy)


def test_the_design_notebook_gives_its_verdict_from_the_committed_study(workplace):
    copy = workplace / "06.ipynb"
    notebook.run(DIRECTORY / "06_cecv_design.ipynb", copy)
    assert "the distance does not detectably predict the error" in shown(copy)
    assert n_images(copy) == 3


def test_the_ledger_judges_what_a_stores_records_can_judge(workplace, tmp_path, monkeypatch):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    store = runs.Store("local", tmp_path / "runs")
    spec = runs.RunSpec("mp_mu_b", model="L-G-DCNN", recipe="paper", setting="published")
    curve = {"epoch": [1, 2], "loss": [1.0, 0.5], "val_error": [2.2, 2.0], "seconds": [1.0, 1.0]}
    store.write(
        *made_up(
            spec,
            learning_curve=curve,
            metrics={"mae": 1.9, "mae_low": 1.8, "mae_high": 2.1, "val_mae": 2.0, "r2": None},
        )
    )
    copy = tmp_path / "10.ipynb"
    notebook.run(DIRECTORY / "10_claims.ipynb", copy, {"store": "local"})
    assert "Of 28 numbers that the paper prints for L-G-DCNN, 1 is reproduced and 27 are not testable here" in shown(
        copy
    )
    assert "our MAE is 1.9 μB, 5.1 % below the published one" in shown(copy)
    assert n_images(copy) == 1


def test_the_notebook_of_uncertainties_says_when_there_is_no_record(workplace, monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "none"))
    copy = workplace / "08_none.ipynb"
    notebook.run(DIRECTORY / "08_uncertainty.ipynb", copy, {"store": "local"})
    said = shown(copy)
    assert said.count("**not testable here**") == 4  # two verdicts, at the top and at the end
    assert "There is no record of the joint network." in said
    assert "There is no cross-fit of matbench_phonons" in said
    assert n_images(copy) == 0


def test_the_recipe_notebook_says_when_there_is_no_record(workplace):
    copy = workplace / "12_none.ipynb"
    notebook.run(DIRECTORY / "12_recipe.ipynb", copy, {"store": "local"})
    assert "There is no record of the study" in shown(copy)
    assert n_images(copy) == 0


def test_the_recipe_notebook_shows_what_won_lost_and_failed(workplace):
    errors = {
        "fast": (0.5, 0.51),
        "batch256": (0.1, 0.1),
        "epochs30": (2.0, 2.0),
        "noise0": (0.5, 0.5),
        "lr2e-3": (None, 0.1),
    }
    for task in map(tuning.Task.parse, ("mp_mu_b", "matbench_phonons/0")):
        for trial, values in errors.items():
            for seed, value in enumerate(values):
                tuning.local_trials().write(*made_up_trial(tuning.trial(trial), task, seed, value))
    copy = workplace / "12.ipynb"
    notebook.run(DIRECTORY / "12_recipe.ipynb", copy, {"store": "local", "baseline": "fast"})
    said = shown(copy)
    assert "20 trainings of 5 trials on 2 data sets" in said
    assert "lower than that of `fast` in `batch256` and higher in `epochs30`; we could not distinguish 1 o" in said
    assert "Trainings diverged in `lr2e-3`." in said
    assert n_images(copy) == 1


def test_the_recipe_notebook_runs_with_the_committed_records(workplace):
    copy = workplace / "12_committed.ipynb"
    notebook.run(DIRECTORY / "12_recipe.ipynb", copy)
    assert "The fast recipe has the values of `pauling-only`" in shown(copy)
    assert f"{len(tuning.load_trials([tuning.committed_trials()]))} trainings of " in shown(copy)
