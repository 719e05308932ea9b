"""Verdicts on the paper's claims and on ours, computed from records: a module for each claim."""

from lgdcnn_core.companion.claims.evidence import NETWORKS, Evidence
from lgdcnn_core.companion.claims.ledger import (
    NOTEBOOKS,
    all_verdicts,
    each_published_number,
    headlines,
    of_notebook,
)
from lgdcnn_core.companion.claims.rendering import (
    bullets,
    by_set,
    csv_text,
    frame,
    readme_lines,
    table_lines,
    tally,
    with_lines,
)
from lgdcnn_core.companion.claims.verdict import Estimate, Outcome, Verdict

__all__ = [
    "NETWORKS",
    "NOTEBOOKS",
    "Estimate",
    "Evidence",
    "Outcome",
    "Verdict",
    "all_verdicts",
    "bullets",
    "by_set",
    "csv_text",
    "each_published_number",
    "frame",
    "headlines",
    "of_notebook",
    "readme_lines",
    "table_lines",
    "tally",
    "with_lines",
]
