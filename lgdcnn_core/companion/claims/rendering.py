"""Write verdicts as lists for notebooks and the README, and as a table."""

from collections.abc import Iterable

import pandas as pd

from lgdcnn_core.companion.claims.verdict import Outcome, Verdict
from lgdcnn_core.companion.wording import listed

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


def tally(verdicts: Iterable[Verdict], noun: str) -> str:
    """Count verdicts by outcome in one sentence, such as "Of 3 claims, 2 are reproduced and 1 is left open."."""
    outcomes = [each.outcome for each in verdicts]
    counts = [(outcomes.count(outcome), outcome.brief) for outcome in Outcome if outcome in outcomes]
    parts = [f"{n} {'is' if n == 1 else 'are'} {said}" for n, said in counts]
    return f"Of {len(outcomes)} {noun}, {listed(parts)}."


def table_lines(verdicts: Iterable[Verdict], numbers: bool = False) -> str:
    """Write verdicts as a Markdown table for a notebook: claim, verdict, sentence, link to the notebook that shows it.

    Parameters
    ----------
    verdicts
        The verdicts.
    numbers
        Also write the published number and ours, with its interval and n.
    """
    beside = ("published | ours | ", "---|---|") if numbers else ("", "")
    lines = [f"claim | verdict | {beside[0]}what we found | in", f"---|---|{beside[1]}---|---"]
    for each in verdicts:
        row = each.row()
        cells = [row["claim"], each.outcome.brief, *((row["published"], row["ours"]) if numbers else ())]
        cells += [row["sentence"], f"[{each.notebook[:2]}]({each.notebook}.ipynb)"]
        lines.append(" | ".join(cells))
    return "\n".join(lines)


def by_set(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """Return verdicts on published numbers as distances from them, for `figures.ledger_figure`.

    Returns
    -------
    DataFrame
        One row per verdict: ``notebook``, ``label`` (of the data set), ``verdict``, and ``percent``, ``low`` and
        ``high``: how far our number and the ends of its interval lie above the published one; missing without a number.
    """
    rows = []
    for each in verdicts:
        row: dict[str, str | float] = {
            "notebook": each.notebook,
            "label": each.claim.rpartition(" on ")[2],
            "verdict": str(each.outcome),
        }
        if each.ours:
            (ours,), (published,) = each.ours, each.published
            ends = {"percent": ours.value, "low": ours.low, "high": ours.high}
            row |= {name: 100 * (value / published - 1) for name, value in ends.items()}
        rows.append(row)
    return pd.DataFrame(rows, columns=["notebook", "label", "verdict", "percent", "low", "high"])


def csv_text(verdicts: Iterable[Verdict]) -> str:
    """Write verdicts as a csv file: the columns of `frame`, the notebook as a link from the top of the repository."""
    table = frame(verdicts)
    return table.assign(notebook=table["notebook"].map(LINK.format)).to_csv(index=False, lineterminator="\n")


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
