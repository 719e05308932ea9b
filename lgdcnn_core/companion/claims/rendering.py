"""Verdicts as a notebook, the README and a table of data show them."""

from collections.abc import Iterable

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Verdict

NOTEBOOKS = "notebooks/{}.ipynb"
"""Link of the README to a notebook."""


def bullets(verdicts: Iterable[Verdict]) -> str:
    """Write verdicts as a list in Markdown, a line each: the claim, the outcome, the sentence."""
    return "\n".join(f"- {each.claim}: **{each.outcome}**. {each.sentence}" for each in verdicts)


def frame(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """Give verdicts as a table of texts, a row each, columns as in `Verdict.row`."""
    return pd.DataFrame([each.row() for each in verdicts])


def readme_table(verdicts: Iterable[Verdict], link: str = NOTEBOOKS) -> str:
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
