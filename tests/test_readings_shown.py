"""The notebooks of CECV and of embeddings, from the committed records."""

import json
import re
from pathlib import Path

import pytest
from written_notebooks import outputs, shown

from lgdcnn_core.companion.reproduce import notebook

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SENTENCES = ["text/markdown"]


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """No local records, and figures of the test's own."""
    monkeypatch.setenv("LGDCNN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LGDCNN_FIGURES", str(tmp_path / "figures"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def tables(path):
    """The tables that an executed notebook shows."""
    return [output.get("data", {}).get("text/html", "") for output in outputs(path)]


def test_the_cecv_notebook_sets_our_vector_beside_the_published_one(elsewhere):
    few = {"datasets": ["CritExam__Ef"], "elements": ["Si"], "models": ["DCNN-K1", "LSTM", "L-G-DCNN"], "n_shuffles": 5}
    notebook.run(NOTEBOOKS / "05_cecv.ipynb", elsewhere / "05.ipynb", few)
    text = shown(elsewhere / "05.ipynb", SENTENCES)
    assert "our counts are 1.13 to 2.56 times the published ones" in text
    assert "Shuffling spreads the counts of the scan-order rule over" in text
    (table,) = [each for each in tables(elsewhere / "05.ipynb") if "leader rule" in each]
    rows = [re.findall(r"<td[^>]*>([^<]*)", row) for row in table.partition("<tbody>")[2].split("</tr>")[:-1]]
    assert [row[0] for row in rows] == ["345", "188", "118", "75", "62", "43", "34", "25"]
    assert all(0 < int(row[1]) < 851 for row in rows)
    drawn = {path.stem for path in (elsewhere / "figures").glob("*.png")}
    assert drawn == {f"05_cecv_{name}" for name in ("networks", "layers", "published", "clusters")}
    origins = json.loads((elsewhere / "figures" / "05_cecv_networks.json").read_text())["records"]
    assert [each["key"].split("/")[0] for each in origins] == ["cecv"] * 3
    assert not (elsewhere / "runs").exists()


def test_the_embeddings_notebook_opens_from_its_record(elsewhere):
    few = {"layers": ["DCNN block 3", "embedding"], "datasets": ["CritExam__Ef"], "elements": ["Si"]}
    notebook.run(NOTEBOOKS / "07_embeddings.ipynb", elsewhere / "07.ipynb", few)
    text = shown(elsewhere / "07.ipynb", SENTENCES)
    assert "share its group (by chance 8 %, untrained 46 %)" in text
    assert "Environments in L-G-DCNN's last layer are purer than in the last layer of " in text
    assert len(list((elsewhere / "figures").glob("07_*.svg"))) == 7
    assert not (elsewhere / "runs").exists()
