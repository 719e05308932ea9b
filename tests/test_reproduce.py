import gzip
import json
import math
import shutil
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from made_up_records import made_up, perfect_predictions

from lgdcnn_core import benchmarks
from lgdcnn_core.reproduce import __main__ as command
from lgdcnn_core.reproduce import comparison, estimate, kernel, leaderboard, notebook, parameters, profiles
from lgdcnn_core.runs import BrokenRecord, RunSpec, Store, load_records
from lgdcnn_core.training import FAST, PAPER

BULK = "aflow__ael_bulk_modulus_vrh"
PARAMETERS = """
dataset = "aflow"  # name
fold = None
fraction: float = 1.0
seed = 0
plot = True
"""


def write_notebook(path, *cells, parameter_cell=PARAMETERS):
    """A notebook without a kernel name or a language, as nbformat makes it."""
    made = nbformat.v4.new_notebook()
    if parameter_cell is not None:
        made.cells = [nbformat.v4.new_code_cell(parameter_cell, metadata={"tags": ["parameters"]})]
    made.cells += [nbformat.v4.new_code_cell(source) for source in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


def printed(path):
    return "".join(
        output.get("text", "")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


# Papermill's traps: parameters


def test_the_parameters_of_a_notebook_are_its_tagged_cell(tmp_path):
    found = parameters.defaults(write_notebook(tmp_path / "a.ipynb", "other = 1"))
    assert found == {"dataset": "aflow", "fold": None, "fraction": 1.0, "seed": 0, "plot": True}


@pytest.mark.parametrize(
    "values",
    [
        {"fold": 3},
        {"fold": None, "dataset": "mp", "plot": False},
        {"fraction": 1},
        {"dataset": None},
        {},
    ],
)
def test_parameters_that_fit_are_accepted(tmp_path, values):
    parameters.check(write_notebook(tmp_path / "a.ipynb"), values)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"datset": "mp"}, "datset is unknown .there are dataset, fold"),
        ({"other": 1}, "other is unknown"),
        ({"plot": "false"}, "plot is 'false', a str; its default is True"),
        ({"plot": 0}, "plot is 0, a int"),
        ({"seed": True}, "seed is True, a bool"),
        ({"seed": 1.0}, "seed is 1.0, a float"),
        ({"seed": "1", "x": 1}, "seed is '1'.*x is unknown"),
    ],
)
def test_an_unknown_parameter_or_one_of_another_type_fails_before_anything_runs(tmp_path, values, problem):
    path = write_notebook(tmp_path / "a.ipynb", "other = 2")
    with pytest.raises(parameters.UnfitParameters, match=problem):
        notebook.run(path, tmp_path / "out.ipynb", values)
    assert list(tmp_path.iterdir()) == [path]


def test_a_notebook_without_parameters_takes_none(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "x = 1", parameter_cell=None)
    parameters.check(path, {})
    with pytest.raises(parameters.UnfitParameters, match="there are none"):
        parameters.check(path, {"x": 2})


@pytest.mark.parametrize("line", ["n = 2 * 3", "import os", "a, b = 1, 2", "seed: int"])
def test_a_parameters_cell_is_for_plain_literals(tmp_path, line):
    with pytest.raises(parameters.UnfitParameters, match="plain literals"):
        parameters.defaults(write_notebook(tmp_path / "a.ipynb", parameter_cell=line))


# Papermill's traps: the kernel


class OneKernel(KernelSpecManager):
    """A machine whose kernel `python3` starts with this word."""

    interpreter: str | None = None

    def get_kernel_spec(self, name):
        if self.interpreter is None:
            raise NoSuchKernel(name)
        return KernelSpec(argv=[self.interpreter, "-m", "ipykernel_launcher"], resource_dir="/kernels/python3")


def kernels(interpreter):
    manager = OneKernel()
    manager.interpreter = interpreter
    return manager


def test_the_kernel_is_this_environments():
    kernel.check()
    kernel.check(kernels("python"))
    kernel.check(kernels(sys.executable))
    kernel.check(kernels(str(Path(sys.executable).with_name("python3"))))


def test_a_kernel_of_another_environment_is_refused_and_the_way_out_named(tmp_path):
    # A link to this very interpreter is still another environment, as every venv's interpreter is such a link.
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.symlink_to(sys.executable)
    with pytest.raises(kernel.WrongKernel, match=f"runs {other}, not {sys.executable}.*kernelspec remove python3"):
        kernel.check(kernels(str(other)))
    with pytest.raises(kernel.WrongKernel, match="install ipykernel"):
        kernel.check(kernels(None))


# Papermill's traps: processes, values, failures


def test_a_notebook_runs_in_a_directory_of_its_own_with_typed_values_and_this_interpreter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LGDCNN_RUNS", "my-runs")
    source = (
        "import os, sys\nopen('made.txt', 'w').close()\n"
        "print(repr((dataset, fold, fraction, seed, plot)), sys.executable, os.environ['LGDCNN_RUNS'], sep='\\n')"
    )
    path = write_notebook(tmp_path / "a.ipynb", source)
    before = path.read_bytes()
    looks = []
    notebook.run(Path("a.ipynb"), Path("build/a.ipynb"), {"plot": False, "fold": 2}, lambda: looks.append(1))
    values, interpreter, runs_directory = printed(tmp_path / "build" / "a.ipynb").splitlines()
    assert values == "('aflow', 2, 1.0, 0, False)"
    assert Path(interpreter).parent == Path(sys.executable).parent
    assert runs_directory == str(tmp_path / "my-runs")
    assert looks
    assert path.read_bytes() == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.ipynb", "build"}
    assert [entry.name for entry in (tmp_path / "build").iterdir()] == ["a.ipynb"]


def test_ctrl_c_ends_the_kernel_and_leaves_no_executed_copy(tmp_path):
    started = tmp_path / "pid"
    source = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    path = write_notebook(tmp_path / "a.ipynb", source)

    def interrupt():
        if started.exists() and started.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        notebook.run(path, tmp_path / "out.ipynb", while_running=interrupt)
    kernel_process = Path("/proc") / started.read_text()
    deadline = time.monotonic() + 15
    while kernel_process.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not kernel_process.exists()
    assert not (tmp_path / "out.ipynb").exists()


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
    from lgdcnn_core.figures import folder
    from lgdcnn_core.runs import load_records
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


# Matbench's leaderboard


@pytest.fixture
def leaderboard_store(tmp_path, monkeypatch, benchmark_data):
    """Made-up records of all folds of steels, off by 1 MPa, and of two folds of the metallic glasses."""
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    store = Store("local", tmp_path / "runs")
    for task, folds, error in (("matbench_steels", range(5), 1.0), ("matbench_glass", (0, 3), 0.0)):
        for fold in folds:
            test = benchmarks.load(task, fold=fold).test
            spec = RunSpec(task, fold=fold)
            store.write(*made_up(spec, predictions=perfect_predictions(test, error)))
    return store


def test_complete_tasks_are_written_as_matbench_does_and_incomplete_ones_named(leaderboard_store, tmp_path, capsys):
    file = tmp_path / "results.json.gz"
    status = leaderboard.main(["--model", "L-G-DCNN", "--recipe", "fast", "--store", "local", "--output", str(file)])
    assert status == 1
    assert "matbench_glass lacks folds 1, 2, 4" in capsys.readouterr().err
    content = json.loads(gzip.decompress(file.read_bytes()))
    assert content.keys() == {
        *("@module", "@class", "version", "tasks", "user_metadata", "benchmark_name", "datestamp", "hash")
    }
    assert list(content["tasks"]) == ["matbench_steels"]
    stated = content.pop("hash")
    assert leaderboard.content_hash(content) == stated
    results = content["tasks"]["matbench_steels"]["results"]
    assert list(results) == [f"fold_{fold}" for fold in range(5)]
    for number, fold in enumerate(results.values()):
        assert fold.keys() == {"data", "uncertainty", "parameters", "scores"}
        assert fold["data"].keys() == set(benchmarks.load("matbench_steels", fold=number).test.index)
        assert fold["scores"]["mae"] == pytest.approx(1)
        assert fold["scores"].keys() == {"mae", "rmse", "mape", "max_error"}


def test_without_a_complete_task_nothing_is_written_and_the_missing_folds_are_named(
    leaderboard_store, tmp_path, capsys
):
    file = tmp_path / "results.json.gz"
    shutil.rmtree(leaderboard_store.path / RunSpec("matbench_steels", fold=2).key)
    assert leaderboard.main(["--store", "local", "--output", str(file)]) == 1
    assert "matbench_steels lacks fold 2; matbench_glass lacks folds 1, 2, 4" in capsys.readouterr().err
    assert leaderboard.main(["--store", "local", "--model", "CrabNet", "--output", str(file)]) == 1
    assert "no fold of any task" in capsys.readouterr().err
    assert not file.exists()


def test_a_record_of_other_compounds_than_the_official_fold_is_refused(tmp_path, benchmark_data):
    store = Store("local", tmp_path / "runs")
    for fold in range(5):
        test = benchmarks.load("matbench_steels", fold=0).test
        store.write(*made_up(RunSpec("matbench_steels", fold=fold), predictions=perfect_predictions(test)))
    with pytest.raises(BrokenRecord, match="other compounds"):
        leaderboard.submission(store, RunSpec("matbench_steels", fold=0))


def test_the_hash_is_matbenchs():
    # Value: matbench.util.hash_dictionary of matbench 0.6.
    content = {"b": {"y": 1.5, "x": {"é": [1, 2.0], "a": None}}, "a": "text"}
    assert leaderboard.content_hash(content) == "0b6ad80cf6b56f660641e0ddf4ede51783f1a6d8ee3ee9d7b9dbe3075394f5f9"


def test_scores_are_matbenchs():
    actual, predicted = np.array([0.0, 1.0, 4.0]), np.array([1.0, 2.0, 2.0])
    assert leaderboard.regression_scores(actual, predicted) == {
        "mae": pytest.approx(4 / 3),
        "rmse": pytest.approx(math.sqrt(2)),
        "mape": pytest.approx(0.75),
        "max_error": 2.0,
    }
    scores = leaderboard.classification_scores(np.array([0, 0, 0, 1]), np.array([0.1, 0.6, 0.2, 0.9]))
    assert scores == {
        "accuracy": 0.75,
        "balanced_accuracy": pytest.approx(5 / 6),
        "f1": pytest.approx(2 / 3),
        "rocauc": pytest.approx(5 / 6),
    }


def test_predictions_reach_the_file_unrounded(leaderboard_store):
    content, _ = leaderboard.submission(leaderboard_store, RunSpec("matbench_steels", fold=0))
    data = content["tasks"]["matbench_steels"]["results"]["fold_0"]["data"]
    expected = leaderboard_store.predictions(RunSpec("matbench_steels", fold=0).key)
    pd.testing.assert_series_equal(
        pd.Series(data)[expected["id"]], expected.set_index("id")["predicted"], check_names=False, check_exact=True
    )
