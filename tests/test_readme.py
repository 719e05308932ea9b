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


@pytest.fixture(scope="module")
def evidence():
    return claims.Evidence()


@pytest.fixture(scope="module")
def verdicts(evidence):
    return claims.all_verdicts(evidence)


def test_the_findings_are_the_verdicts_on_committed_records(verdicts):
    _, rest = README.split(START)
    written, _ = rest.split(END)
    assert written.strip() == claims.readme_lines(claims.headlines(verdicts))


def test_the_ledger_is_what_the_committed_records_say_and_has_a_row_for_each_published_number(verdicts, evidence):
    numbers = claims.each_published_number(evidence)
    assert (TOP / "data" / "claims.csv").read_text(encoding="utf-8") == claims.csv_text(verdicts + numbers)
    assert len(numbers) == 28
    assert len({each.claim for each in numbers}) == 28
