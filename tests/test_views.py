"""Executed notebooks to be read in the repository: small, whole, and without traces of the machine."""

import base64
import io
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from written_notebooks import outputs, write_notebook

from lgdcnn_core.companion.reproduce import notebook, views

DRAWING = """
import os
from pathlib import Path
import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display
from tqdm.auto import tqdm

for _ in tqdm(range(3)):
    pass
display(Markdown("See [the data card](../data/README.md) and [03](03_b.ipynb)."))
display(pd.DataFrame({"MAE": [0.1, 0.2]}).style.format("{:.1f}").set_caption("one"))
display(pd.DataFrame({"MAE": [0.3, 0.4]}).style.format("{:.2f}").set_caption("two"))
"""

PICTURE = """
figure, ax = plt.subplots(figsize=(6.9, 3), dpi=300)
ax.scatter(range(50), range(50), c=range(50), cmap="viridis");
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A checkout with two notebooks, each executed as `make figures` does."""
    top = tmp_path_factory.mktemp("checkout")
    first = write_notebook(top / "notebooks" / "02_a.ipynb", DRAWING, PICTURE)
    content = nbformat.read(first, as_version=4)
    content.cells[1].metadata["jupyter"] = {"source_hidden": True}
    text = (
        "# First\n\n[The other](03_b.ipynb), [data](../data/README.md#what), [paper](https://doi.org/x), `[no](link)`"
    )
    content.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    nbformat.write(content, first)
    second = write_notebook(top / "notebooks" / "03_b.ipynb", f"print({str(top)!r} + '/build/runs')")
    for path in (first, second):
        notebook.run(path, top / "build" / "notebooks" / "figures" / path.name)
    return top


def copies(top):
    return views.write(sorted((top / "build" / "notebooks" / "figures").glob("*.ipynb")), top)


@pytest.fixture(scope="module")
def written(executed):
    return copies(executed)


def data_of(path, kind):
    return [output["data"][kind] for output in outputs(path) if kind in output.get("data", {})]


def test_the_copies_are_named_as_the_notebooks_and_small(executed, written):
    folder = executed / "figures" / "notebooks"
    assert written == [folder / "02_a.ipynb", folder / "03_b.ipynb"]
    assert sum(path.stat().st_size for path in written) < views.LIMIT == 6_000_000


def test_every_copy_is_valid_and_has_results_but_no_error(written):
    for path in written:
        nbformat.validate(nbformat.read(path, as_version=4))
        assert outputs(path)
        assert not any(output.output_type == "error" for output in outputs(path))


def test_a_copy_names_no_path_of_the_machine_and_no_time(executed, written):
    for path in written:
        text = path.read_text()
        for trace in (f"{place}/" for place in (executed, Path.home(), tempfile.gettempdir(), sys.prefix)):
            assert trace not in text
        assert "papermill" not in text
        assert "start_time" not in text
    assert outputs(written[1])[0].text == "build/runs\n"


def test_the_same_results_give_the_same_bytes(executed, written):
    before = [path.read_bytes() for path in written]
    second = executed / "build" / "notebooks" / "figures" / "02_a.ipynb"
    notebook.run(executed / "notebooks" / "02_a.ipynb", second)
    assert [path.read_bytes() for path in copies(executed)] == before


def test_pictures_have_the_resolution_of_a_screen(executed, written):
    (small,) = [Image.open(io.BytesIO(base64.b64decode(png))) for png in data_of(written[0], "image/png")]
    (large,) = data_of(executed / "build" / "notebooks" / "figures" / "02_a.ipynb", "image/png")
    assert small.info["dpi"][0] == pytest.approx(views.DPI, rel=0.01)
    assert 800 < small.width <= 6.9 * views.DPI + 1
    assert Image.open(io.BytesIO(base64.b64decode(large))).width / small.width == pytest.approx(2, rel=0.01)


def test_what_only_a_kernel_can_show_is_left_out(written):
    assert not data_of(written[0], "application/vnd.jupyter.widget-view+json")
    assert "%|" not in written[0].read_text()


def test_styled_tables_keep_their_styles_apart(written):
    tables = data_of(written[0], "text/html")
    assert [name in table for name in ("T_00000", "T_00001") for table in tables] == [True, False, False, True]


def test_hidden_code_gives_way_to_a_line_that_says_where_it_is(written):
    cells = nbformat.read(written[0], as_version=4).cells
    (folded,) = [cell for cell in cells if views.hidden(cell)]
    assert folded.source == "# set-up, hidden here: see notebooks/02_a.ipynb"
    assert "ax.scatter" in cells[-1].source


def test_links_lead_from_the_copy_to_where_they_led_before(written):
    first = nbformat.read(written[0], as_version=4).cells[0].source
    moved = "(03_b.ipynb), [data](../../data/README.md#what), [paper](https://doi.org/x), `[no](link)`"
    assert first == f"# First\n\n[The other]{moved}"
    assert data_of(written[0], "text/markdown") == ["See [the data card](../../data/README.md) and [03](03_b.ipynb)."]


def test_a_copy_whose_notebook_is_gone_is_removed(executed, written):
    stale = write_notebook(written[0].with_name("99_gone.ipynb"), "1")
    copies(executed)
    assert not stale.exists()


def fake(top, *shown, source="1"):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, outputs=list(shown))])
    path = top / "08_fake.ipynb"
    nbformat.write(made, path)
    return path


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ([nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])], "failed: ValueError: no"),
        ([], "has no result"),
        ([nbformat.v4.new_output("stream", text=" 50%|#####     | 1/2\r100%|##########| 2/2\n")], "has no result"),
        ([nbformat.v4.new_output("stream", text=f"{tempfile.gettempdir()}/x/a.py: warned")], "path of this machine"),
        (
            [nbformat.v4.new_output("display_data", {"text/html": f"<b>{Path.home()}/secret</b>"})],
            "path of this machine",
        ),
    ],
)
def test_a_notebook_that_cannot_be_shown_is_refused_with_the_reason(tmp_path, shown, reason):
    with pytest.raises(views.UnfitView, match=f"08_fake.ipynb.*{reason}"):
        views.write([fake(tmp_path, *shown)], tmp_path / "elsewhere")


def test_copies_that_are_too_large_together_are_refused_and_the_largest_named(tmp_path, monkeypatch):
    monkeypatch.setattr(views, "LIMIT", 1000)
    path = fake(tmp_path, nbformat.v4.new_output("stream", text="x" * 1000))
    with pytest.raises(views.UnfitView, match=r"more than 1,000; the largest is 08_fake.ipynb"):
        views.write([path], tmp_path)
    assert not list((tmp_path / "figures" / "notebooks").iterdir())
