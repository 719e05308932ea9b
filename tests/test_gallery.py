"""The gallery: every figure with its caption and its notebook."""

import json

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from written_notebooks import write_notebook

from lgdcnn_core.companion import figures
from lgdcnn_core.companion.reproduce import gallery
from lgdcnn_core.companion.reproduce.links import path_in_checkout, relink


@pytest.fixture
def drawn(tmp_path, drawing_style):
    """Three figures of two notebooks, stored as notebooks store them."""
    for name, notebook in (("02_table", "02_a"), ("02_more", "02_a"), ("01_run", "01_b")):
        figure, ax = plt.subplots()
        ax.plot([0, 1])
        said = {"caption": f"{name} shows a line.\nIt rises.", "notebook": notebook}
        none = pd.DataFrame(columns=["store", "key"])
        figures.save(figure, name, pd.DataFrame({"x": [0, 1]}), none, tmp_path / "figures", [], **said)
    write_notebook(tmp_path / "notebooks" / "01_b.ipynb", "# The first\n# not this", parameter_cell=None)
    write_notebook(tmp_path / "notebooks" / "02_a.ipynb", "# The second", parameter_cell=None)
    return tmp_path


def test_the_gallery_shows_every_figure_with_its_caption_below_its_notebook(drawn):
    page = gallery.write(drawn / "figures", drawn / "notebooks")
    assert page == drawn / "figures" / "README.md"
    text = page.read_text()
    in_order = [
        "## [The first](notebooks/01_b.ipynb)",
        "01_run shows a line. It rises.",
        "## [The second](notebooks/02_a.ipynb)",
        "02_more shows a line. It rises.",
        "02_table shows a line. It rises.",
    ]
    places = [text.index(each) for each in in_order]
    assert places == sorted(places)
    assert text.count("## ") == 2


def test_every_link_of_the_gallery_leads_to_a_figure_or_a_notebook(drawn):
    linked = []
    relink(gallery.render(drawn / "figures", drawn / "notebooks"), lambda target: linked.append(target) or target)
    notebooks = {target for target in linked if target.endswith(".ipynb")}
    assert notebooks == {"notebooks/01_b.ipynb", "notebooks/02_a.ipynb"}
    files = set(linked) - notebooks
    assert {path.name for path in (drawn / "figures").iterdir()} == files
    assert len(files) == 12


def test_a_figure_without_caption_is_named(drawn):
    path = drawn / "figures" / "02_more.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"caption": ""}))
    with pytest.raises(gallery.NoCaption, match="no notebook: 02_more; draw"):
        gallery.write(drawn / "figures", drawn / "notebooks")


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("[a](b.md) ![c](d/e.png)", "[a](<b.md>) ![c](<d/e.png>)"),
        ("[![a](b.png)](c.svg)", "[![a](<b.png>)](<c.svg>)"),
        ("[a](b.md#part) [c](#part)", "[a](<b.md>#part) [c](#part)"),
        ("[a](https://b.c/d.md) [e](mailto:f@g)", "[a](https://b.c/d.md) [e](mailto:f@g)"),
        ('<img src="a.png" width="9"> <a href="b.md">', '<img src="<a.png>" width="9"> <a href="<b.md>">'),
        ("[a]: b.md\n[`c`](d.md)", "[a]: <b.md>\n[`c`](<d.md>)"),
        ("`[a](b.md)` ``[a`](b.md)`` [a](b.md)", "`[a](b.md)` ``[a`](b.md)`` [a](<b.md>)"),
        ("```md\n[a](b.md)\n```\n[a](b.md)", "```md\n[a](b.md)\n```\n[a](<b.md>)"),
    ],
)
def test_links_are_found_in_all_their_forms_but_not_in_code(text, changed):
    assert relink(text, lambda target: f"<{target}>") == changed


def test_a_link_is_resolved_from_its_page():
    assert path_in_checkout("../data/README.md", "notebooks/a.ipynb") == "data/README.md"
    assert path_in_checkout("LICENSE", "README.md") == "LICENSE"
