import ast
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from made_up_records import PREDICTED, made_up, made_up_trial

from lgdcnn_core.companion import runs, tuning
from lgdcnn_core.companion.reproduce import notebook, parameters, session

DIRECTORY = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(DIRECTORY.glob("*.ipynb"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def outputs(path):
    """All text that an executed notebook shows."""
    shown = [output for cell in code_of(path) for output in cell.outputs]
    kinds = ("text/markdown", "text/html", "text/plain")
    datas = [output.get("data", {}) for output in shown]
    texts = [
        output.get("text", "") or next((data[kind] for kind in kinds if kind in data), "")
        for output, data in zip(shown, datas, strict=True)
    ]
    return "\n".join(texts)


def images(path):
    return sum("image/png" in output.get("data", {}) for cell in code_of(path) for output in cell.outputs)


MOST_LINES = 60
"""Of code in a notebook: what needs more is a function of the package."""

CONCLUSION = "## What we conclude"


def is_hidden(cell):
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def table_headings(path):
    """Number of heading cells of each row of each table that an executed notebook shows."""
    tables = [
        output.data["text/html"]
        for cell in code_of(path)
        for output in cell.outputs
        if "data" in output and "text/html" in output.data
    ]
    bodies = [table.partition("<tbody>")[2] for table in tables]
    return [row.count("<th") for body in bodies for row in body.split("</tr>")]


def test_there_are_notebooks():
    assert [each.stem for each in NOTEBOOKS] == [
        *("00_start_here", "01_train", "02_benchmark_table", "03_convergence", "04_matbench_table", "05_cecv"),
        *("06_cecv_design", "07_embeddings", "08_uncertainty", "09_your_data", "10_claims", "11_speed", "12_recipe"),
        "13_sample_efficiency",
    ]


@each_notebook
def test_a_notebook_has_little_code(path):
    lines = [line for cell in code_of(path) for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


@each_notebook
def test_result_and_picture_come_before_any_explanation_and_their_code_is_hidden(path):
    cells = read(path).cells
    explained = next(number for number, cell in enumerate(cells) if number and cell.cell_type == "markdown")
    parameter_cell, *first = cells[1:explained]
    assert [cell.cell_type for cell in first] == ["code", "code"]
    assert "Markdown(" in first[0].source
    assert "figure" in first[1].source
    assert all(is_hidden(cell) for cell in first)
    # The parameters of the training are what that notebook is about.
    assert is_hidden(parameter_cell) == (path.stem != "01_train")


@each_notebook
def test_a_notebook_ends_with_what_is_concluded_how_surely_and_what_would_change_it(path):
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    ending = "\n".join(texts).partition(CONCLUSION)[2]
    assert "\n## " not in ending
    for lead in ("How sure we are", "What would change our mind"):
        assert f"**{lead}.**" in ending


@each_notebook
def test_every_figure_has_a_caption_and_the_name_of_its_notebook(path):
    calls = [
        node
        for cell in code_of(path)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "figures.save"
    ]
    shared = any(f'given = {{"notebook": "{path.stem}", **' in cell.source for cell in code_of(path))
    for call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("notebook") == repr(path.stem) or (shared and given[None] == "given")
        assert "caption" in given


def test_the_first_notebook_links_all_others_and_explains_the_words():
    text = "\n".join(cell.source for cell in read(NOTEBOOKS[0]).cells if cell.cell_type == "markdown")
    assert all(f"]({path.name})" in text for path in NOTEBOOKS[1:])
    words = ("published number", "paper recipe", "fast recipe", "padded setting", "exact setting", "scan-order rule")
    assert all(f"| {word} |" in text for word in words)


@each_notebook
def test_one_thing_has_one_name(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown").lower()
    for word in ("published setting", "published rule", "published recipe", "paper's recipe", "paper's own recipe"):
        assert word not in text


@each_notebook
def test_a_notebook_is_committed_without_outputs(path):
    assert not any(cell.outputs or cell.execution_count for cell in code_of(path))


@each_notebook
def test_a_notebook_is_valid_and_runs_in_the_python3_kernel(path):
    content = read(path)
    nbformat.validate(content)
    assert content.metadata.kernelspec.name == "python3"
    identifiers = [cell.id for cell in content.cells]
    assert len(set(identifiers)) == len(identifiers)


@each_notebook
def test_a_notebook_opens_with_its_title_and_says_what_it_takes_reads_and_writes(path):
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    assert read(path).cells[0].source == texts[0]
    assert texts[0].startswith("# ")
    for word in ("Figure or table of the paper", "Takes"):
        assert f"**{word}**" in texts[0]
    for word in ("Reads", "Writes"):
        assert f"**{word}**" in "\n".join(texts)


@each_notebook
def test_the_second_cell_holds_the_parameters_each_with_a_comment(path):
    second = read(path).cells[1]
    assert second.metadata.get("tags") == [parameters.TAG]
    assert parameters.defaults(path)
    assert all("  # " in line for line in second.source.splitlines())


@each_notebook
def test_every_parameter_is_read_by_a_later_cell(path):
    later = [cell.source for cell in read(path).cells[2:] if cell.cell_type == "code"]
    names = {
        node.id
        for source in later
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert set(parameters.defaults(path)) <= names


@each_notebook
def test_links_to_other_files_lead_somewhere(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    targets = [part.partition(")")[0] for part in text.split("](")[1:]]
    assert all((DIRECTORY / target).exists() for target in targets if not target.startswith("http"))


def test_the_training_notebook_takes_what_specifies_a_run():
    values = runs.RunSpec("matbench_jdft2d", 0).as_dict() | {"device": None}
    parameters.check(DIRECTORY / "01_train.ipynb", values)


# ------------------------------------------------------------------------------------------------- executed


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
    assert "One network with 18 properties comes with the package" in outputs(copy)
    assert "OQMD_Volume_per_atom" in outputs(copy)  # of the first formula, without a field to type in
    assert "widget-view" not in outputs(copy)
    assert "MAE after 1 epochs" in outputs(copy)
    assert "4 formulas cannot be read" in outputs(copy)
    assert images(copy) == 2


def test_in_an_open_notebook_a_field_answers_for_the_formula_that_is_typed(monkeypatch):
    shown = []
    monkeypatch.setenv(session.LIVE, "mine.ipynb")
    monkeypatch.setattr("IPython.display.display", lambda *each: shown.extend(each))

    def answer(formula):
        if formula == "Xx":
            raise ValueError("no such element")
        return [formula]

    session.formula_field(answer, "NaCl")
    fields = [each for each in shown if type(each).__name__ == "Text"]
    fields[0].value = "KCl"
    fields[0].value = "Xx"
    assert [each for each in shown if isinstance(each, str)] == ["NaCl", "KCl"]


def test_your_data_reads_an_example_trains_and_draws(workplace):
    copy = workplace / "09.ipynb"
    notebook.run(DIRECTORY / "09_your_data.ipynb", copy, {"epochs": 1, "few": [50]})
    assert "numbers in the column 'gap (eV)' have decimal commas" in outputs(copy)
    assert "unknown element" in outputs(copy)
    assert "gradient boosting" in outputs(copy)
    assert images(copy) == 3


def test_training_makes_one_record_and_does_not_make_it_twice(workplace, trained):
    first, second = map(outputs, trained)
    assert "not recorded yet, so it is trained" in first
    assert "recorded already, shown and not trained again" in second
    assert "which does not repeat the published one" in first
    keys = list(runs.Store("local", workplace / "runs").keys())
    assert keys == ["matbench_jdft2d/L-G-DCNN_fast_exact_fold0_epochs1_fraction0.3_seed0"]
    assert [images(copy) for copy in trained] == [1, 1]
    assert (workplace / "figures" / f"01_{keys[0].replace('/', '_')}.png").exists()


def test_training_shows_probabilities_for_a_classification(workplace):
    copy = workplace / "01_classes.ipynb"
    values = {"dataset": "matbench_glass", "train_fraction": 0.05, "epochs": 1}
    notebook.run(DIRECTORY / "01_train.ipynb", copy, values)
    assert images(copy) == 1


@pytest.mark.parametrize("stores", ["local", "both"])
def test_the_benchmark_table_runs_with_the_records_there_are(workplace, stores):
    copy = workplace / f"02_{stores}.ipynb"
    notebook.run(DIRECTORY / "02_benchmark_table.ipynb", copy, {"stores": stores})
    assert "lowest published MAE on 12 of 18 extended sets" in outputs(copy)
    committed = runs.load_records([runs.committed_store()]).query("fold.isna() and train_fraction == 1")
    several = runs.summarise(committed[committed["model"] == "L-G-DCNN"])["n"].max() > 1
    numbers = pd.read_csv(workplace / "figures" / "02_benchmark_table.csv")
    together = numbers.loc[numbers["group"] == "This project, ensembles", "column"]
    assert together.str.startswith("L-G-DCNN").any() == (several and stores == "both")
    assert images(copy) == 1
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
    said = outputs(copy)
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
    assert "No data set has records of both networks in one recipe." in outputs(copy)
    assert images(copy) == 1


def test_convergence_shows_the_records_there_are(workplace, trained):
    copy = workplace / "03.ipynb"
    notebook.run(DIRECTORY / "03_convergence.ipynb", copy, {"stores": "local", "train_fraction": 0.3, "epochs": 1})
    shown = pd.read_csv(workplace / "figures" / "03_convergence.csv").dropna(subset="key")
    made = [key for key in runs.Store("local", workplace / "runs").keys() if "jdft2d" in key]  # noqa: SIM118
    assert shown["key"].unique().tolist() == made
    assert shown["val_error"].notna().all()


def test_the_matbench_table_counts_folds_and_gives_no_mean_of_some(workplace, trained):
    copy = workplace / "04.ipynb"
    notebook.run(DIRECTORY / "04_matbench_table.ipynb", copy, {"stores": "local", "train_fraction": 0.3})
    numbers = pd.read_csv(workplace / "figures" / "04_matbench_table.csv")
    ours = numbers[numbers["group"] != "Published"]
    assert len(ours)
    assert ours["mean"].isna().all()
    assert ours["note"].str.contains("1 of 5 folds").all()
    assert images(copy) == 2


def test_the_matbench_table_runs_with_the_records_there_are(workplace):
    copy = workplace / "04_committed.ipynb"
    notebook.run(DIRECTORY / "04_matbench_table.ipynb", copy, {"stores": "committed"})
    assert "lowest published MAE on 12 of 18 extended sets and 7 of 10 Matbench tasks" in outputs(copy)


def test_the_design_notebook_gives_its_verdict_from_the_committed_study(workplace):
    copy = workplace / "06.ipynb"
    notebook.run(DIRECTORY / "06_cecv_design.ipynb", copy)
    assert "the distance does not detectably predict the error" in outputs(copy)
    assert images(copy) == 3


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
    assert "Of 28 numbers that the paper prints for L-G-DCNN, 1 is reproduced and 27 are not testable here" in outputs(
        copy
    )
    assert "our MAE is 1.9 μB, 5.1 % below the published one" in outputs(copy)
    assert images(copy) == 1


def test_the_notebook_of_uncertainties_says_when_there_is_no_record(workplace, monkeypatch, tmp_path):
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "none"))
    copy = workplace / "08_none.ipynb"
    notebook.run(DIRECTORY / "08_uncertainty.ipynb", copy, {"store": "local"})
    said = outputs(copy)
    assert said.count("**not testable here**") == 4  # two verdicts, at the top and at the end
    assert "There is no record of the joint network." in said
    assert "There is no cross-fit of matbench_phonons" in said
    assert images(copy) == 0


def test_the_recipe_notebook_says_when_there_is_no_record(workplace):
    copy = workplace / "12_none.ipynb"
    notebook.run(DIRECTORY / "12_recipe.ipynb", copy, {"store": "local"})
    assert "There is no record of the study" in outputs(copy)
    assert images(copy) == 0


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
    said = outputs(copy)
    assert "20 trainings of 5 trials on 2 data sets" in said
    assert "lower than that of `fast` in `batch256` and higher in `epochs30`; we could not distinguish 1 o" in said
    assert "Trainings diverged in `lr2e-3`." in said
    assert images(copy) == 1


def test_the_recipe_notebook_runs_with_the_committed_records(workplace):
    copy = workplace / "12_committed.ipynb"
    notebook.run(DIRECTORY / "12_recipe.ipynb", copy)
    assert "The fast recipe has the values of `pauling-only`" in outputs(copy)
    assert f"{len(tuning.load_trials([tuning.committed_trials()]))} trainings of " in outputs(copy)
