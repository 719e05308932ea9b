"""`make reproduce`: what it runs, skips and foretells, and the table that it ends with."""

import math
import re
import subprocess
from pathlib import Path

import pytest
from made_up_records import made_up
from written_notebooks import printed, write_notebook

from lgdcnn_core import benchmarks
from lgdcnn_core.companion.reproduce import __main__ as command
from lgdcnn_core.companion.reproduce import comparison, estimate, profiles, reproduction, sweep
from lgdcnn_core.companion.runs import RunSpec, Store, committed_store, load_records
from lgdcnn_core.training import FAST, PAPER

BULK = "aflow__ael_bulk_modulus_vrh"
TINY = RunSpec("matbench_jdft2d", fold=0, model="LSTM", epochs=1, train_fraction=0.05)


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with two notebooks, one that would show a run and one that fails; its profile is one tiny run."""
    declared = "\n".join(f"{name} = {value!r}" for name, value in TINY.as_dict().items())
    write_notebook(tmp_path / "notebooks" / "01_train.ipynb", parameter_cell=f"{declared}\ndevice = None")
    write_notebook(tmp_path / "notebooks" / "02_table.ipynb", "def draw():\n    return 1 / 0", "draw()")
    monkeypatch.setattr(command, "checkout", lambda: tmp_path)
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "build" / "runs"))
    monkeypatch.setitem(profiles.PROFILES, "quick", lambda: [TINY])
    return tmp_path


def test_a_reproduction_trains_draws_and_compares_and_tells_a_failed_cell_with_the_notebooks_path(checkout, capfd):
    assert command.main(["--profile", "quick", "--device", "cpu"]) == 1
    out, err = capfd.readouterr()
    assert str(checkout / "notebooks" / "02_table.ipynb") in err
    assert "ZeroDivisionError: division by zero" in err
    assert "def draw" in err
    assert "error: 1 of 2 failed: 02_table" in err
    assert "\x1b" not in out + err
    # One line when a notebook starts, one when it ends; and the table in any case.
    assert out.count("02_table") == 2
    assert "LSTM on Matbench jdft2d, fold 0 (1 epoch, 5 % of the rows): done in" in out
    mae = Store("local", checkout / "build" / "runs").read(TINY.key).metrics["mae"]
    assert f"test MAE {mae:#.4g} meV/atom" in out
    assert f"Matbench jdft2d, fold 0 (meV/atom)    LSTM      1        {mae:#.4g}" in out
    executed = checkout / "build" / "notebooks"
    assert (executed / "01_train" / f"{TINY.key}.ipynb").exists()
    assert (executed / "02_table.failed.ipynb").exists()
    assert not (executed / "02_table.ipynb").exists()
    # Nothing is left of the run but its record.
    assert [path for path in (checkout / "build" / "checkpoints").rglob("*") if path.is_file()] == []


def test_a_notebook_that_fails_after_the_trainings_counts(checkout, capfd):
    (checkout / "notebooks" / "02_table.ipynb").unlink()
    write_notebook(checkout / "notebooks" / "03_convergence.ipynb", "1 / 0", parameter_cell="stores = 'both'")
    subprocess.run(["git", "init", "-q", checkout], check=True)
    assert command.main(["--device", "cpu"]) == 1
    assert "error: 1 of 2 failed: 03_convergence" in capfd.readouterr().err


def test_a_training_notebook_that_lacks_a_parameter_fails_before_anything_runs(checkout, capfd):
    write_notebook(checkout / "notebooks" / "01_train.ipynb", parameter_cell="dataset = 'a'")
    assert command.main([]) == 1
    out, err = capfd.readouterr()
    assert "train_fraction is unknown" in err
    assert out == ""
    assert not (checkout / "build").exists()


def test_what_is_recorded_and_executed_is_skipped(checkout):
    plan = reproduction.Plan(checkout)
    Store("local", checkout / "build" / "runs").write(*made_up(TINY))
    early, late = reproduction._notebooks([TINY], sweep.missing([TINY]), plan)
    assert [job.title for job in early] == [f"01_train/{TINY.key}", "02_table"]
    write_notebook(early[0].output)
    early, late = reproduction._notebooks([TINY], sweep.missing([TINY]), plan)
    assert [job.title for job in early + late] == ["02_table"]


def test_the_first_picture_is_of_committed_records_and_notebooks_that_show_runs_follow_the_trainings(checkout):
    for name in ("00_start_here", "02_benchmark_table", "03_convergence", "05_cecv"):
        write_notebook(checkout / "notebooks" / f"{name}.ipynb", parameter_cell="stores = 'both'")
    early, late = reproduction._notebooks([TINY], [TINY], reproduction.Plan(checkout))
    assert [(job.title, job.values) for job in early] == [
        ("02_benchmark_table", {"stores": "committed"}),
        ("00_start_here", {}),
        ("02_table", {}),
        ("05_cecv", {}),
    ]
    assert [(job.title, job.values) for job in late] == [("02_benchmark_table", {}), ("03_convergence", {})]


def test_a_record_of_another_recipe_does_not_stand_for_todays_run(checkout, capfd):
    recipe = TINY.full_recipe().with_changes(lr_max=0.5).as_dict()
    Store("local", checkout / "build" / "runs").write(*made_up(TINY, recipe=recipe))
    assert command.main([]) == 1
    assert "was made with other values of lr_max" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "quack"], "quack"),
        (["--workers", "0"], "'0' is not a whole number of at least 1"),
        (["--workers", "two"], "'two' is not a whole number of at least 1"),
        (["--minutes", "-1"], "'-1' is not a number of minutes above 0"),
        (["--minutes", "nan"], "'nan' is not a number of minutes above 0"),
        (["--wrong"], "--wrong"),
    ],
)
def test_wrong_arguments_are_refused_before_any_data_is_fetched(checkout, capfd, monkeypatch, arguments, said):
    monkeypatch.setattr(benchmarks, "fetch", lambda: pytest.fail("data was fetched"))
    with pytest.raises(SystemExit) as refused:
        command.main(arguments)
    assert refused.value.code == 2
    assert said in capfd.readouterr().err


def test_make_does_not_fetch_data_before_the_arguments_are_checked():
    rules = (Path(__file__).parents[1] / "Makefile").read_text()
    for target in ("reproduce", "leaderboard", "benchmark"):
        assert re.search(rf"^{target}: \$\(INSTALLED\) ", rules, flags=re.MULTILINE)


def test_a_device_that_is_not_there_is_said_at_once(checkout, capfd):
    assert command.main(["--device", "abacus"]) == 1
    assert "abacus" in capfd.readouterr().err
    assert not (checkout / "build").exists()


LOOK = """
import pandas as pd
from matplotlib import pyplot as plt
from lgdcnn_core.companion.figures import folder, save
from lgdcnn_core.companion.runs import load_records
print(folder().name, set(load_records()["store"]) - {"committed"})
nothing = pd.DataFrame(columns=["store", "key"])
save(plt.figure(), "02_table", nothing, nothing, caption="A table. It is empty.", notebook="02_table");
"""


def test_figures_are_redrawn_from_committed_records_with_a_gallery_and_notebooks_to_be_read(
    checkout, capfd, monkeypatch
):
    Store("local", checkout / "build" / "runs").write(*made_up(TINY))
    write_notebook(checkout / "notebooks" / "00_start_here.ipynb", "print('hello')")
    write_notebook(checkout / "notebooks" / "01_train.ipynb", "print(store)", parameter_cell="store = 'local'")
    write_notebook(checkout / "notebooks" / "02_table.ipynb", "# The table", LOOK)
    monkeypatch.setenv("LGDCNN_FIGURES", "")
    assert command.main(["--figures"]) == 0
    shown = {path.name: printed(path).strip() for path in (checkout / "figures" / "notebooks").iterdir()}
    assert shown == {
        "00_start_here.ipynb": "hello",
        "01_train.ipynb": "committed",
        "02_table.ipynb": "figures set()",
    }
    assert "A table. It is empty." in (checkout / "figures" / "README.md").read_text()
    # The same a second time.
    before = {path: path.read_bytes() for path in (checkout / "figures").rglob("*") if path.is_file()}
    assert len(before) == 8
    assert command.main(["--figures"]) == 0
    assert {path: path.read_bytes() for path in (checkout / "figures").rglob("*") if path.is_file()} == before


def test_no_gallery_is_written_if_a_notebook_fails_or_its_figure_has_no_caption(checkout, capfd):
    write_notebook(checkout / "notebooks" / "01_train.ipynb", "print(store)", parameter_cell="store = 'local'")
    assert command.main(["--figures"]) == 1
    assert "error: 1 of 2 failed: figures/02_table" in capfd.readouterr().err
    assert not (checkout / "figures").exists()
    write_notebook(checkout / "notebooks" / "02_table.ipynb", "# The table", LOOK.replace("A table. It is empty.", ""))
    assert command.main(["--figures"]) == 1
    assert "error: no caption or no notebook: 02_table" in capfd.readouterr().err


def test_a_dry_run_gives_the_total_first_then_a_line_a_data_set_and_trains_nothing(
    checkout, capsys, benchmark_data, monkeypatch
):
    specs = [RunSpec(BULK, seed=seed) for seed in (0, 1, 2)] + [TINY]
    monkeypatch.setitem(profiles.PROFILES, "quick", lambda: specs)
    Store("local", checkout / "build" / "runs").write(*made_up(specs[0]))
    monkeypatch.setattr(reproduction, "estimate", lambda missing, device: [7200.0] * len(missing))
    assert command.main(["--dry-run", "--device", "cpu", "--workers", "2"]) == 0
    total, bulk, tiny, _ = capsys.readouterr().out.splitlines()
    assert total.startswith("3 of 4 runs to make: about 4.0 h on this machine (cpu, 2 at once with ")
    assert bulk == f"    4.0 h  {BULK}: 3 runs, 1 recorded"
    assert tiny == "    2.0 h  matbench_jdft2d: 1 run"
    assert not (checkout / "build" / "notebooks").exists()


def test_a_reproduction_of_days_is_worth_a_warning(checkout, capfd, monkeypatch):
    monkeypatch.setattr(reproduction, "estimate", lambda missing, device: [15 * 86400.0] * len(missing))
    assert command.main(["--device", "cpu", "--runs-only", "--minutes", "1"]) == 0
    out, err = capfd.readouterr()
    assert "1 run to make: about 15.0 days" in out
    assert "warning: this takes long on this machine" in err
    # It cannot end within a minute, so it is not begun.
    assert "1 of 1 did not finish in time" in out
    assert not (checkout / "build" / "runs").exists()


# Profiles and estimates


def test_the_quick_profile_really_trains_both_networks_on_two_data_sets():
    specs = profiles.quick()
    assert {(spec.model, spec.dataset) for spec in specs} == {
        (model, task) for model in ("L-G-DCNN", "CrabNet") for task in ("matbench_jdft2d", "matbench_phonons")
    }
    assert {(spec.fold, spec.train_fraction) for spec in specs} == {(0, 1.0)}
    assert {spec.full_recipe() for spec in specs} == {FAST.sized(1000)}


def test_each_quick_run_has_three_committed_seeds_and_a_published_number_to_be_compared_with():
    table = comparison.compare(profiles.quick(), load_records([committed_store()]))
    assert (table["committed_n"] >= 3).all()
    assert table["published"].notna().all()


def test_the_paper_profile_is_the_whole_paper():
    specs = profiles.paper()
    assert len(set(specs)) == 18 * 4 + 10 * 5 * 2
    assert {spec.full_recipe() for spec in specs} == {PAPER}
    assert {(spec.setting, spec.seed) for spec in specs} == {("published", 42)}
    assert {spec.dataset for spec in specs} == set(benchmarks.names(kind="regression"))


def test_our_profile_is_every_set_and_fold_with_both_networks_and_the_tree_baselines():
    specs = profiles.ours()
    assert len(set(specs)) == len(specs) == (18 + 10 * 5) * 5
    assert {spec.dataset for spec in specs} == set(benchmarks.names(kind="regression"))
    assert {(spec.model, spec.recipe) for spec in specs} == {
        *((model, "trees") for model in ("RF", "ET", "GBM")),
        *((model, "fast") for model in ("L-G-DCNN", "CrabNet")),
    }
    networks = [spec.dataset for spec in specs if spec.model == "L-G-DCNN"]
    rows = [benchmarks.card(name).n_rows for name in networks]
    assert rows == sorted(rows)


def test_an_estimated_duration_is_that_worked_by_hand():
    size = estimate.Size(n_train=300, n_val=60, mean_elements=2.0, max_elements=5)
    pace = estimate.Pace(per_batch=1.0, per_token=0.01)
    # Three batches of 128; a third of a step for the validation data.
    exact = 10 * (3 * 1 + 300 * 2 * 0.01) + 10 / 3 * (1 + 60 * 2 * 0.01)
    assert estimate.duration(RunSpec(BULK, epochs=10), size, pace) == pytest.approx(exact)
    # Of 2,000 validation compounds, 1,000 judge an epoch.
    many = estimate.Size(n_train=300, n_val=2000, mean_elements=2.0, max_elements=5)
    few = 10 * (3 * 1 + 300 * 2 * 0.01) + 10 / 3 * (1 + 1000 * 2 * 0.01)
    assert estimate.duration(RunSpec(BULK, recipe="fast-val1000", epochs=10), many, pace) == pytest.approx(few)
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
    assert last == ["AFLOW", "bulk", "modulus", "(GPa)", "LSTM", "60", "-", "-", "-", "0", "-", "-", "-"]


@pytest.mark.parametrize("model", ["L-G-DCNN", "CrabNet"])
def test_the_published_values_of_a_fold_are_the_tables(model):
    table = benchmarks.published("matbench_folds")
    rows = table[(table["task"] == "matbench_steels") & (table["model"].str.startswith(model))]
    found = [comparison.published_mae(RunSpec("matbench_steels", fold=fold, model=model)) for fold in range(5)]
    assert found == rows.sort_values("fold")["mae"].tolist()
    assert math.isnan(comparison.published_mae(RunSpec("matbench_steels", fold=0, model="DCNN")))
