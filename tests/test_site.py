"""The static site: every page, link and picture, and nothing from the network."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from written_notebooks import write_notebook

from lgdcnn_core.companion import figures
from lgdcnn_core.companion.reproduce import notebook, views
from lgdcnn_core.companion.reproduce.site import reference, source
from lgdcnn_core.companion.reproduce.site.building import BrokenSite, build
from lgdcnn_core.companion.reproduce.site.checking import problems
from lgdcnn_core.companion.reproduce.site.source import BrokenLink

# Extensions of Sphinx that are behind its changes.
pytestmark = pytest.mark.filterwarnings("ignore::sphinx.deprecation.RemovedInSphinx11Warning")

TOP = Path(__file__).parents[1]
EXECUTED = ("02_benchmark_table", "03_convergence")

SET_UP = "import matplotlib.pyplot as plt\nimport pandas as pd\nfrom IPython.display import Markdown"
RESULT = """
plt.subplots()[1].plot([0, 1])
plt.show()
display(Markdown("The error falls, see [the data card](../data/README.md#where-it-comes-from)."))
pd.DataFrame({f"column {n}": [n] for n in range(30)}).style.format("{:.2f}")
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """This checkout, but with two notebooks that run in a moment, executed, and with their two figures."""
    top = tmp_path_factory.mktemp("checkout")
    for path in TOP.iterdir():
        if path.name not in ("notebooks", "figures", "build") and not path.name.startswith("."):
            (top / path.name).symlink_to(path)
    for folder in ("notebooks", "figures"):
        (top / folder).mkdir()
        for path in (TOP / folder).iterdir():
            if path.suffix not in (".json", ".md") and path.is_file():
                (top / folder / path.name).symlink_to(path)
    for name in EXECUTED:
        source = top / "notebooks" / f"{name}.ipynb"
        source.unlink()
        write_notebook(source, SET_UP, RESULT)
        content = nbformat.read(source, as_version=4)
        content.cells[1].metadata["jupyter"] = {"source_hidden": True}
        content.cells.insert(0, nbformat.v4.new_markdown_cell(f"# Made up: {name}\n\nTo [training](01_train.ipynb)."))
        nbformat.write(content, source)
        notebook.run(source, top / "build" / f"{name}.ipynb")
        figure = plt.figure()
        said = {"caption": "A line. It rises.", "notebook": name}
        none = pd.DataFrame(columns=["store", "key"])
        figures.save(figure, f"{name}_line", pd.DataFrame({"x": [0]}), none, top / "figures", [], **said)
        plt.close(figure)
    views.write([top / "build" / f"{name}.ipynb" for name in EXECUTED], top)
    return top


@pytest.fixture(scope="module")
def site(checkout):
    """The built site; building fails on any warning, broken link, missing picture or fetch from the network."""
    return build(checkout).parent


def text_of(page):
    return re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


def test_the_site_has_every_page(site):
    notebooks = [f"figures/notebooks/{path.stem}.html" for path in (TOP / "notebooks").glob("*.ipynb")]
    rooms = [f"reference/lgdcnn_core.{room}.html" for room in ("cecv", "training", "benchmarks", "companion.runs")]
    pages = ["index.html", "figures/README.html", "data/README.html", "search.html", *notebooks, *rooms]
    assert len(notebooks) >= 10
    assert [page for page in pages if not (site / page).is_file()] == []


def test_the_front_page_is_the_readme_and_leads_to_every_page(site):
    front = (site / "index.html").read_text()
    assert text_of(site / "index.html").count("L-G-DCNN Companion") >= 1
    linked = set(re.findall(r'href="([^"#:]+\.html)', front))
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert pages - linked <= {"index.html", "genindex.html", "py-modindex.html", "search.html"}


def test_an_executed_notebook_is_shown_with_pictures_tables_and_folded_set_up(site):
    for name in EXECUTED:
        page = (site / "figures" / "notebooks" / f"{name}.html").read_text()
        (picture,) = re.findall(r'<img[^>]+src="([^"]+\.png)"', page)
        assert (site / "figures" / "notebooks" / picture).resolve().is_file()
        assert "column 29" in page
        folded = re.findall(r"<details.*?</details>", page, flags=re.DOTALL)
        assert len(folded) == 1
        assert "matplotlib.pyplot" in re.sub(r"<[^>]+>", "", folded[0])
        assert 'href="../../data/README.html#where-it-comes-from"' in page
        assert 'href="01_train.html"' in page


def test_the_gallery_shows_pictures_and_captions(site):
    page = (site / "figures" / "README.html").read_text()
    assert page.count("A line. It rises.") == len(EXECUTED)
    assert len(re.findall(r"<img[^>]+_line\.png", page)) == len(EXECUTED)
    assert 'href="notebooks/03_convergence.html"' in page


def test_the_reference_has_the_docstrings(site):
    page = site / "reference" / "lgdcnn_core.html"
    for name in ("fit", "predict", "pretrained", "table"):
        assert f'id="lgdcnn_core.CompositionRegressor.{name}"' in page.read_text()
    assert "get_params" not in page.read_text()
    assert "set_fit_request" not in page.read_text()
    assert "doi:10.1021/acs.jctc.4c00187" in text_of(site / "reference" / "lgdcnn_core.cecv.html")


def test_search_finds_pages_by_their_words(site):
    index = (site / "searchindex.js").read_text()
    for page in ("figures/notebooks/02_benchmark_table", "data/README", "reference/lgdcnn_core.cecv"):
        assert f'"{page}"' in index


@pytest.fixture
def changed(tmp_path, checkout, monkeypatch):
    """A checkout with another changelog, and no reference, which takes its time."""
    for path in checkout.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "CHANGELOG.md").unlink()
    monkeypatch.setattr(reference, "STOREYS", {})
    return tmp_path


def test_a_link_to_a_file_that_is_not_there_is_named(changed):
    (changed / "CHANGELOG.md").write_text("# Changes\n\n[gone](data/gone.csv)\n")
    with pytest.raises(BrokenLink, match=r"CHANGELOG.md links to data/gone.csv"):
        source.write(changed, changed / "pages")


def test_links_lead_to_pages_files_and_no_directories(changed):
    text = "[a](data/reference/) [b](notebooks/01_train.ipynb#run) [c](LICENSE) [d](data/runs/) [e](data/)"
    (changed / "CHANGELOG.md").write_text(text)
    source.write(changed, changed / "pages")
    led = "[a](data/reference/README.md) [b](figures/notebooks/01_train.ipynb#run) [c](LICENSE) d [e](data/README.md)"
    assert (changed / "pages" / "CHANGELOG.md").read_text() == led
    assert (changed / "pages" / "LICENSE").is_file()
    assert (changed / "pages" / "data" / "reference" / "README.md").read_text().startswith("---\norphan: true\n")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="gone.html">', "a.html: gone.html (no such file)"),
        ('<a href="b.html#gone">', "a.html: b.html#gone (no such place on the page)"),
        ('<a href="#gone">', "a.html: #gone (no such place on the page)"),
        ('<img src="gone.png">', "a.html: gone.png (no such file)"),
        ('<script src="https://cdn.example/x.js"></script>', "a.html: https://cdn.example/x.js (from the network)"),
        ('<link rel="stylesheet" href="//x.example/y.css">', "a.html: //x.example/y.css (from the network)"),
        ('<link rel="stylesheet" href="gone.css">', "a.html: gone.css (no such file)"),
    ],
)
def test_the_check_of_a_site_finds_what_is_broken(tmp_path, body, problem):
    (tmp_path / "b.html").write_text('<h1 id="here">b</h1><a href="https://doi.org/x">paper</a>')
    (tmp_path / "a.html").write_text(f'<a href="b.html#here">fine</a>{body}')
    assert problems(tmp_path) == [problem]


def test_the_check_of_a_site_finds_fonts_from_the_network(tmp_path):
    (tmp_path / "a.css").write_text("@import url('https://fonts.example/a.css'); b { background: url(here.png) }")
    assert problems(tmp_path) == ["a.css: https://fonts.example/a.css (from the network)"]


def test_a_warning_breaks_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr("lgdcnn_core.companion.reproduce.site.building.write", unfinished)
    with pytest.raises(BrokenSite, match="Sphinx warned"):
        build(tmp_path)


def unfinished(top, folder):
    folder.mkdir(parents=True)
    (folder / "index.md").write_text("# Front\n\n![a picture](gone.png)\n")
