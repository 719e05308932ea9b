"""The README is short, its links lead somewhere, and its findings are the verdicts on committed records."""

import re
from pathlib import Path

import pytest

from lgdcnn_core.companion import claims
from lgdcnn_core.companion.claims.rendering import END, START

TOP = Path(__file__).parent.parent
README = (TOP / "README.md").read_text(encoding="utf-8")
LINKS = [each for each in re.findall(r"\]\(([^)#]+)", README) if not each.startswith("https://")]
MOST_WORDS = 900
WRITTEN = "figures/"
"""What `make figures` writes is there once it has run in a checkout; what is missing until then must have a source."""


def test_the_readme_has_at_most_900_words():
    assert len(README.split()) <= MOST_WORDS


def test_a_picture_is_within_the_first_ten_lines():
    assert re.search(r"^!\[.+\]\(figures/.+\.png\)$", "\n".join(README.splitlines()[:10]), flags=re.MULTILINE)


@pytest.mark.parametrize("link", dict.fromkeys(LINKS))
def test_every_linked_file_exists(link):
    if link.startswith(WRITTEN) and not (TOP / "figures" / "notebooks").exists():
        source = link.removeprefix(WRITTEN)
        assert (TOP / source).exists() or (TOP / link).exists() or source == "README.md"
    else:
        assert (TOP / link).exists()


def test_every_notebook_is_linked():
    for notebook in (TOP / "notebooks").glob("*.ipynb"):
        assert f"notebooks/{notebook.name}" in LINKS
        assert f"figures/notebooks/{notebook.name}" in LINKS


def test_the_findings_are_the_verdicts_on_committed_records():
    _, rest = README.split(START)
    written, _ = rest.split(END)
    assert written.strip() == claims.readme_lines(claims.headlines(claims.all_verdicts()))
