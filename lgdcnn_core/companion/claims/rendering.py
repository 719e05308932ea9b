"""Verdicts as a notebook, the README and a table of data show them."""

from collections.abc import Iterable

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Verdict

LINK = "figures/notebooks/{}.ipynb"
"""Link of the README to an executed notebook."""

START, END = "<!-- verdicts: make figures writes this table -->", "<!-- end of the verdicts -->"
"""Lines of the README between which the table is."""


class NoPlaceForVerdicts(ValueError):
    """A page has no lines between which the verdicts belong."""


def bullets(verdicts: Iterable[Verdict]) -> str:
    """Write verdicts as a list in Markdown, a line each: the claim, the outcome, the sentence and its detail."""
    return "\n".join(f"- {each.claim}: **{each.outcome}**. {each.sentence} {each.detail}".rstrip() for each in verdicts)


def frame(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """Give verdicts as a table of texts, a row each, columns as in `Verdict.row`."""
    return pd.DataFrame([each.row() for each in verdicts])


def table(verdicts: Iterable[Verdict], link: str = LINK) -> str:
    """Write verdicts as a table in Markdown, a row each: claim, outcome, sentence, notebook.

    Parameters
    ----------
    verdicts
        The verdicts.
    link
        Where notebooks are, with ``{}`` for the name.
    """
    rows = [
        f"| {each.claim} | {each.outcome.brief} | {each.sentence} "
        f"| [{each.notebook[:2]}]({link.format(each.notebook)}) |"
        for each in verdicts
    ]
    return "\n".join(["| claim | verdict | our finding | notebook |", "|---|---|---|---|", *rows])


def with_table(page: str, verdicts: Iterable[Verdict]) -> str:
    """Return a page in Markdown with the verdicts between its lines `START` and `END`.

    Raises
    ------
    NoPlaceForVerdicts
        If the page lacks one of the two lines, or has it twice.
    """
    if page.count(START) != 1 or page.count(END) != 1:
        raise NoPlaceForVerdicts(f"the page needs the lines {START!r} and {END!r}, once each")
    before, rest = page.split(START)
    return f"{before}{START}\n{table(verdicts)}\n{END}{rest.split(END)[1]}"
