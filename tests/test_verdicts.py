"""Verdicts: what they may be, how numbers are judged, and how they are shown."""

import math

import numpy as np
import pytest

from lgdcnn_core.companion.claims import (
    Estimate,
    Outcome,
    Verdict,
    bullets,
    frame,
    headlines,
    readme_lines,
    table_lines,
    with_lines,
)
from lgdcnn_core.companion.claims.rendering import END, START, NoPlaceForVerdicts
from lgdcnn_core.companion.claims.verdict import judge, mean_of, mean_ratio, share_of, untested, within
from lgdcnn_core.companion.wording import listed


def verdict(**changes):
    values = {"claim": "It converges", "by": "paper", "tested": "2 sets", "quantity": "epochs", "published": (3.0,)}
    values |= {"ours": (Estimate(4.0, 5, "seed", 3.5, 4.5),), "outcome": Outcome.NOT_REPRODUCED}
    return Verdict(**values | {"sentence": "It does not.", "notebook": "03_convergence"} | changes)


def test_a_verdict_without_a_number_of_ours_is_not_testable_and_no_other_is():
    assert untested("It flies", "paper", "There is no record.", "03_convergence").outcome is Outcome.NOT_TESTABLE
    with pytest.raises(ValueError, match="0 numbers of ours"):
        verdict(ours=())
    with pytest.raises(ValueError, match="1 numbers of ours"):
        verdict(outcome=Outcome.NOT_TESTABLE)


@pytest.mark.parametrize("sentence", ["", "It does not", "It does.\nOr not."])
def test_a_verdict_needs_one_sentence(sentence):
    with pytest.raises(ValueError, match="needs one sentence"):
        verdict(sentence=sentence)


@pytest.mark.parametrize(
    ("low", "high", "claimed", "outcome"),
    [
        (1.1, 1.2, "above", Outcome.REPRODUCED),
        (1.1, 1.2, "below", Outcome.NOT_REPRODUCED),
        (0.8, 0.9, "above", Outcome.NOT_REPRODUCED),
        (0.8, 0.9, "below", Outcome.REPRODUCED),
        (0.9, 1.1, "above", Outcome.OPEN),
        (math.nan, math.nan, "above", Outcome.OPEN),
    ],
)
def test_an_interval_decides_only_if_it_lies_on_one_side(low, high, claimed, outcome):
    assert judge(Estimate(1.0, 3, "seed", low, high), 1, claimed) is outcome


def test_the_interval_of_a_mean_is_students():
    found = mean_of([1.0, 2.0, 3.0], "seed")
    # t(0.975, 2) = 4.3027, standard error 1 / sqrt(3).
    assert (found.low, found.high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), rel=1e-4)
    assert math.isnan(mean_of([1.0], "seed").low)
    ratio = mean_ratio(np.exp([1.0, 2.0, 3.0]), "seed")
    assert (ratio.value, ratio.low) == pytest.approx((math.exp(2), math.exp(found.low)))


def test_the_interval_of_a_share_is_wilsons():
    found = share_of(5, 10, "case")
    # Centre 0.5, half width z sqrt(n / 4 + z^2 / 4) / (n + z^2) with z = 1.95996.
    assert (found.value, found.low, found.high) == pytest.approx((5, 2.3659, 7.6341), rel=1e-4)
    cut = within(Estimate(0.9, 3, "set", -0.2, 1.3), 0, 1)
    assert (cut.low, cut.high) == (0, 1)


def test_numbers_are_written_with_interval_and_n():
    assert Estimate(4.0, 5, "seed", 3.5, 4.5).text(".2f") == "4.00 (3.50 to 4.50, 5 seeds)"
    assert Estimate(4.0, 1, "seed").text(".0f") == "4 (1 seed)"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_notebook_readme_and_table_show_the_same_verdict():
    found = verdict(outcome=Outcome.OPEN)
    assert bullets([found]) == "- It converges: **within what seeds and test compounds leave open**. It does not."
    assert readme_lines([found]) == (
        "- It converges: **left open**. It does not. [03](figures/notebooks/03_convergence.ipynb)"
    )
    assert table_lines([found]).splitlines()[-1] == (
        "It converges | left open | It does not. | [03](03_convergence.ipynb)"
    )
    assert " | left open | 3 | 4 (3.5 to 4.5, 5 seeds) | It does" in table_lines([found], numbers=True)
    row = frame([found]).iloc[0]
    assert row[["published", "ours", "verdict"]].tolist() == ["3", "4 (3.5 to 4.5, 5 seeds)", str(Outcome.OPEN)]


def test_a_page_takes_the_verdicts_between_its_marks_and_keeps_all_else():
    page = f"# Title\n\n{START}\nold\n{END}\n\nlast\n"
    first = with_lines(page, [verdict()])
    assert first == f"# Title\n\n{START}\n{readme_lines([verdict()])}\n{END}\n\nlast\n"
    assert with_lines(first, [verdict()]) == first
    with pytest.raises(NoPlaceForVerdicts, match="once each"):
        with_lines("# Title", [verdict()])


def test_the_readme_shows_every_claim_of_the_paper_and_some_of_ours():
    ours = verdict(by="project")
    beaten = verdict(by="project", claim="Our recipes beat the published errors")
    assert headlines([verdict(), ours, beaten]) == [verdict(), beaten]


def test_a_detail_is_for_the_notebook_only():
    found = verdict(detail="It is slow.")
    assert bullets([found]).endswith("It does not. It is slow.")
    assert "It is slow." not in readme_lines([found])
