"""Notebooks as they are committed: their form, their words and their parameters."""

import ast
from pathlib import Path

import nbformat
import pytest

from lgdcnn_core.companion import runs
from lgdcnn_core.companion.reproduce import parameters

DIRECTORY = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(DIRECTORY.glob("*.ipynb"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


def read(path):
    return nbformat.read(path, as_version=4)


def code_of(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


MOST_LINES = 60
"""Of code in a notebook: what needs more is a function of the package."""

CONCLUSION = "## What we conclude"


def is_hidden(cell):
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


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
