"""Write verdicts as lists for notebooks and the README, and as a table."""

from collections.abc import Iterable

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Verdict

LINK = "figures/notebooks/{}.ipynb"
"""Link of the README to an executed notebook."""

START, END = "<!-- verdicts: make figures writes these lines -->", "<!-- end of the verdicts -->"
"""Lines of the README between which the verdicts are."""


class NoPlaceForVerdicts(ValueError):
    """A page lacks the marker lines that enclose the verdicts."""


def bullets(verdicts: Iterable[Verdict]) -> str:
    """Write verdicts as a Markdown list, one line for each: the claim, the outcome, the sentence and its detail."""
    return "\n".join(f"- {each.claim}: **{each.outcome}**. {each.sentence} {each.detail}".rstrip() for each in verdicts)


def frame(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """Return verdicts as a table of texts: one row for each, columns as in `Verdict.row`."""
    return pd.DataFrame([each.row() for each in verdicts])


def readme_lines(verdicts: Iterable[Verdict], link: str = LINK) -> str:
    """Write verdicts as a Markdown list for the README, one line for each: claim, outcome, sentence, notebook.

    Parameters
    ----------
    verdicts
        The verdicts.
    link
        Link to a notebook, with ``{}`` for its name.
    """
    return "\n".join(
        f"- {each.claim}: **{each.outcome.brief}**. {each.sentence} [{each.notebook[:2]}]({link.format(each.notebook)})"
        for each in verdicts
    )


def with_lines(page: str, verdicts: Iterable[Verdict]) -> str:
    """Return a page in Markdown with the verdicts between its lines `START` and `END`.

    Raises
    ------
    NoPlaceForVerdicts
        If the page lacks one of the two lines, or has it twice.
    """
    if page.count(START) != 1 or page.count(END) != 1:
        raise NoPlaceForVerdicts(f"the page needs the lines {START!r} and {END!r}, once each")
    before, rest = page.split(START)
    return f"{before}{START}\n{readme_lines(verdicts)}\n{END}{rest.split(END)[1]}"
