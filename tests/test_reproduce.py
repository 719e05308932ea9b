"""`make reproduce`: what it runs, skips and foretells, and the table that it ends with."""

import math
import textwrap

import pytest
from made_up_records import made_up
from written_notebooks import printed, write_notebook

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.reproduce import __main__ as command
from lgdcnn_core.companion.reproduce import comparison, estimate, profiles
from lgdcnn_core.companion.runs import RunSpec, Store, load_records
from lgdcnn_core.training import FAST, PAPER

BULK = "aflow__ael_bulk_modulus_vrh"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with two notebooks, of which the training one does not train and the other fails."""
    declared = "\n".join(f"{name} = {value!r}" for name, value in RunSpec(BULK).as_dict().items())
    write_notebook(tmp_path / "notebooks" / "01_train.ipynb", parameter_cell=f"{declared}\ndevice = None")
    write_notebook(tmp_path / "notebooks" / "02_table.ipynb", "def draw():\n    return 1 / 0", "draw()")
    monkeypatch.setattr(command, "checkout", lambda: tmp_path)
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "build" / "runs"))
    monkeypatch.setitem(profiles.PROFILES, "quick", lambda: [RunSpec(BULK, epochs=1)])
    return tmp_path


def test_a_failed_cells_traceback_reaches_the_terminal_with_the_notebooks_path(checkout, capfd):
    assert command.main(["--profile", "quick", "--device", "cpu"]) == 1
    out, err = capfd.readouterr()
    assert str(checkout / "notebooks" / "02_table.ipynb") in err
    assert "ZeroDivisionError: division by zero" in err
    assert "def draw" in err
    assert "\x1b" not in out + err
    # One line when a notebook starts, one when it ends; and the table in any case.
    assert out.count("02_table") == 2
    assert f"01_train/{RunSpec(BULK, epochs=1).key}: done" in out
    assert "8.221" in out
    executed = checkout / "build" / "notebooks"
    assert (executed / "01_train" / f"{RunSpec(BULK, epochs=1).key}.ipynb").exists()
    assert (executed / "02_table.failed.ipynb").exists()
    assert not (executed / "02_table.ipynb").exists()


def test_a_training_notebook_that_lacks_a_parameter_fails_before_anything_runs(checkout, capfd):
    write_notebook(checkout / "notebooks" / "01_train.ipynb", parameter_cell="dataset = 'a'")
    assert command.main([]) == 1
    out, err = capfd.readouterr()
    assert "train_fraction is unknown" in err
    assert out == ""
    assert not (checkout / "build").exists()


def test_what_is_recorded_and_executed_is_skipped(checkout):
    spec = RunSpec(BULK, epochs=1)
    store = Store("local", checkout / "build" / "runs")
    store.write(*made_up(spec))
    jobs = [path.name for path, _, _ in command._jobs([spec], checkout, None)]
    assert jobs == ["01_train.ipynb", "02_table.ipynb"]
    write_notebook(checkout / "build" / "notebooks" / "01_train" / f"{spec.key}.ipynb")
    jobs = [path.name for path, _, _ in command._jobs([spec], checkout, None)]
    assert jobs == ["02_table.ipynb"]


def test_a_record_of_another_recipe_does_not_stand_for_todays_run(checkout, capfd):
    spec = RunSpec(BULK, epochs=1)
    recipe = spec.full_recipe().with_changes(lr_max=0.5).as_dict()
    Store("local", checkout / "build" / "runs").write(*made_up(spec, recipe=recipe))
    assert command.main([]) == 1
    assert "was made with another lr_max" in capfd.readouterr().err


def test_a_device_that_is_not_there_is_said_at_once(checkout, capfd):
    assert command.main(["--device", "abacus"]) == 1
    assert "abacus" in capfd.readouterr().err
    assert not (checkout / "build").exists()


def test_figures_are_redrawn_from_committed_records_without_training(checkout, capfd, monkeypatch):
    Store("local", checkout / "build" / "runs").write(*made_up(RunSpec(BULK, epochs=1)))
    look = """
    from lgdcnn_core.companion.figures import folder
    from lgdcnn_core.companion.runs import load_records
    print(folder(), set(load_records()["store"]) - {"committed"})
    """
    write_notebook(checkout / "notebooks" / "00_start_here.ipynb", "1 / 0")
    write_notebook(checkout / "notebooks" / "02_table.ipynb", textwrap.dedent(look))
    monkeypatch.setenv("LGDCNN_FIGURES", "")
    assert command.main(["--figures"]) == 0
    executed = list((checkout / "build" / "notebooks").rglob("*.ipynb"))
    assert [path.name for path in executed] == ["02_table.ipynb"]
    assert printed(executed[0]).strip() == f"{checkout / 'figures'} set()"


def test_dry_run_lists_the_runs_with_an_estimate_and_trains_nothing(checkout, capsys, benchmark_data):
    assert command.main(["--dry-run", "--device", "cpu"]) == 0
    out = capsys.readouterr().out
    assert f"  {RunSpec(BULK, epochs=1).key}\n1 of 1 runs to make: about " in out
    assert not (checkout / "build").exists()


# Profiles and estimates


def test_the_quick_profile_really_trains_both_networks_on_both_protocols():
    assert {(spec.dataset, spec.fold, spec.model) for spec in profiles.quick()} == {
        (BULK, None, "L-G-DCNN"),
        (BULK, None, "CrabNet"),
        ("matbench_jdft2d", 0, "L-G-DCNN"),
        ("matbench_jdft2d", 0, "CrabNet"),
    }
    assert {spec.full_recipe() for spec in profiles.quick()} == {FAST}


def test_the_paper_profile_is_the_whole_paper():
    specs = profiles.paper()
    assert len(set(specs)) == 18 * 4 + 10 * 5 * 2
    assert {spec.full_recipe() for spec in specs} == {PAPER}
    assert {(spec.setting, spec.seed) for spec in specs} == {("published", 42)}
    assert {spec.dataset for spec in specs} == set(benchmarks.names(kind="regression"))


def test_an_estimated_duration_is_that_worked_by_hand():
    size = estimate.Size(n_train=300, n_val=60, mean_elements=2.0, max_elements=5)
    pace = estimate.Pace(per_batch=1.0, per_token=0.01)
    # Three batches of 128; a third of a step for the validation data.
    exact = 10 * (3 * 1 + 300 * 2 * 0.01) + 10 / 3 * (1 + 60 * 2 * 0.01)
    assert estimate.duration(RunSpec(BULK, epochs=10), size, pace) == pytest.approx(exact)
    # Padded to five elements, and in epoch 20 the validation data are looked at after each of the three batches.
    published = RunSpec(BULK, recipe="paper", setting="published", epochs=20)
    padded = 20 * (3 * 1 + 300 * 5 * 0.01) + 23 / 3 * (1 + 60 * 5 * 0.01)
    assert estimate.duration(published, size, pace) == pytest.approx(padded)


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (89.6, "90 s"), (91, "2 min"), (9000, "2.5 h"), (200_000, "2.3 days")]
)
def test_durations_are_readable(seconds, text):
    assert estimate.readable(seconds) == text


# The table at the end


def test_the_interval_of_one_more_seed_is_students():
    low, high = comparison.seed_interval(10.0, 1.0, 2)
    assert high - 10 == pytest.approx(12.7062 * math.sqrt(1.5), rel=1e-5)
    assert low == pytest.approx(20 - high)
    assert math.isnan(comparison.seed_interval(10.0, math.nan, 1)[0])


def test_this_machines_number_stands_beside_the_committed_and_the_published_ones(tmp_path):
    committed, local = Store("committed", tmp_path / "a"), Store("local", tmp_path / "b")
    for seed, mae in enumerate((8.0, 8.2, 8.4)):
        committed.write(*made_up(RunSpec(BULK, seed=seed), mae=mae))
        # Another run, which must not be mixed in.
        committed.write(*made_up(RunSpec(BULK, seed=seed, epochs=5), mae=80.0))
    fold = RunSpec("matbench_jdft2d", fold=0, model="CrabNet")
    specs = [RunSpec(BULK, seed=7), RunSpec(BULK, seed=8), fold, RunSpec(BULK, model="LSTM")]
    for spec, mae in zip(specs, (8.5, 12.0, 40.0), strict=False):
        local.write(*made_up(spec, mae=mae))
    table = comparison.compare(specs, load_records([committed, local]))
    assert table["mae"].tolist()[:3] == [8.5, 12.0, 40.0]
    assert table["committed_mean"].tolist()[:2] == [pytest.approx(8.2)] * 2
    assert table["committed_std"].tolist()[:2] == [pytest.approx(0.2)] * 2
    assert table["committed_n"].tolist() == [3, 3, 0, 0]
    assert table["inside"].tolist() == [True, False, None, None]
    assert table["published"].tolist()[:2] == [8.221, 8.221]
    assert math.isnan(table["published"][3])
    assert table["seconds"].tolist()[:3] == [12.5] * 3
    last = comparison.render(table).splitlines()[4].split()
    assert last == [BULK, "LSTM", "60", "-", "-", "-", "0", "-", "-", "-"]


@pytest.mark.parametrize("model", ["L-G-DCNN", "CrabNet"])
def test_the_published_values_of_a_fold_are_the_tables(model):
    table = benchmarks.published("matbench_folds")
    rows = table[(table["task"] == "matbench_steels") & (table["model"].str.startswith(model))]
    found = [comparison.published_mae(RunSpec("matbench_steels", fold=fold, model=model)) for fold in range(5)]
    assert found == rows.sort_values("fold")["mae"].tolist()
    assert math.isnan(comparison.published_mae(RunSpec("matbench_steels", fold=0, model="DCNN")))
