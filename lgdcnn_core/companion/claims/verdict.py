"""The verdict on one claim: the claim, the published numbers, our numbers, and one sentence."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from lgdcnn_core.companion.intervals import CONFIDENCE, students


class Outcome(StrEnum):
    """Every outcome that a verdict can have."""

    REPRODUCED = "reproduced"
    IN_PART = "in part"
    OPEN = "within what seeds and test compounds leave open"
    NOT_REPRODUCED = "not reproduced"
    NOT_TESTABLE = "not testable here"

    @property
    def brief(self) -> str:
        """The outcome in two or three words, for a narrow column."""
        return "left open" if self is Outcome.OPEN else str(self)


@dataclass(frozen=True)
class Estimate:
    """A number that we measured.

    Attributes
    ----------
    value
        The number.
    n
        Number of things that it is measured on.
    counted
        Name of these things, in the singular, such as "seed" or "data set".
    low, high
        Ends of its 95 % interval; NaN where there are too few things for one, or where nothing is drawn at random.
    """

    value: float
    n: int
    counted: str
    low: float = math.nan
    high: float = math.nan

    def text(self, form: str) -> str:
        """Write the number, its interval and n, such as "1.03 (1.02 to 1.05, 6 data sets)".

        Parameters
        ----------
        form
            Format specification of the numbers.
        """
        beside = f"{self.n:,} {self.counted}{'' if self.n == 1 else 's'}"
        if not math.isnan(self.low):
            beside = f"{self.low:{form}} to {self.high:{form}}, {beside}"
        return f"{self.value:{form}} ({beside})"


@dataclass(frozen=True)
class Verdict:
    """The verdict on one claim, with the numbers behind it.

    Attributes
    ----------
    claim
        The claim, as a short sentence without a full stop.
    by
        Who claims it: the paper, or this project.
    tested
        Where it was tested.
    quantity
        The quantity that the numbers measure, with its unit.
    published
        The published numbers, in the order of `ours`; empty if none was published.
    ours
        Our numbers; empty if and only if the claim cannot be tested here.
    outcome
        The outcome.
    sentence
        One plain sentence that says what we found.
    notebook
        The notebook that shows it, such as "02_benchmark_table".
    form
        Format specification of the numbers.
    detail
        A second sentence for readers of the notebook; may be empty.

    Raises
    ------
    ValueError
        If the outcome does not fit the numbers, or the sentence is not one line that ends with a full stop.
    """

    claim: str
    by: Literal["paper", "project"]
    tested: str
    quantity: str
    published: tuple[float, ...]
    ours: tuple[Estimate, ...]
    outcome: Outcome
    sentence: str
    notebook: str
    form: str = ".3g"
    detail: str = ""

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.NOT_TESTABLE) != (not self.ours):
            raise ValueError(f"the verdict on {self.claim!r} is {self.outcome!r} with {len(self.ours)} numbers of ours")
        if not self.sentence.endswith(".") or "\n" in self.sentence:
            raise ValueError(f"the verdict on {self.claim!r} needs one sentence, not {self.sentence!r}")

    def row(self) -> dict[str, Any]:
        """Return the verdict as a row of a table: texts alone, numbers with their intervals and n."""
        return {
            "claim": self.claim,
            "by": self.by,
            "tested": self.tested,
            "quantity": self.quantity,
            "published": "; ".join(f"{value:{self.form}}" for value in self.published),
            "ours": "; ".join(each.text(self.form) for each in self.ours),
            "verdict": str(self.outcome),
            "sentence": self.sentence,
            "detail": self.detail,
            "notebook": self.notebook,
        }


def untested(claim: str, by: Literal["paper", "project"], why: str, notebook: str) -> Verdict:
    """Return the verdict on a claim that the records at hand cannot test; `why` gives the reason in one sentence."""
    return Verdict(claim, by, "", "", (), (), Outcome.NOT_TESTABLE, why, notebook)


def judge(estimate: Estimate, null: float, claimed: Literal["above", "below"]) -> Outcome:
    """Judge a claim that a number is above, or below, the value that chance or equality would give.

    Parameters
    ----------
    estimate
        Our number.
    null
        The value that the number would have if the claim were empty.
    claimed
        The side of `null` that is claimed.

    Returns
    -------
    Outcome
        "reproduced" if the whole interval is on the claimed side, "not reproduced" if it is on the other one, else
        "within what seeds and test compounds leave open". Without an interval nothing is decided.
    """
    if estimate.low > null:
        return Outcome.REPRODUCED if claimed == "above" else Outcome.NOT_REPRODUCED
    if estimate.high < null:
        return Outcome.REPRODUCED if claimed == "below" else Outcome.NOT_REPRODUCED
    return Outcome.OPEN


def mean_of(values: ArrayLike, counted: str) -> Estimate:
    """Return the mean of values (n,) with Student's 95 % interval; one value alone has no interval."""
    found = np.asarray(values, dtype=float)
    mean, n = float(found.mean()), len(found)
    if n < 2:
        return Estimate(mean, n, counted)
    reach = students(n - 1) * float(found.std(ddof=1)) / math.sqrt(n)
    return Estimate(mean, n, counted, mean - reach, mean + reach)


def within(estimate: Estimate, lowest: float, highest: float) -> Estimate:
    """Cut an interval off at the lowest and the highest possible value of the number."""
    low, high = (min(max(each, lowest), highest) for each in (estimate.low, estimate.high))
    return replace(estimate, low=low, high=high)


def mean_ratio(ratios: ArrayLike, counted: str) -> Estimate:
    """Return the geometric mean of ratios (n,), all above 0, with Student's 95 % interval in the logarithm."""
    logs = mean_of(np.log(np.asarray(ratios, dtype=float)), counted)
    return Estimate(math.exp(logs.value), logs.n, counted, math.exp(logs.low), math.exp(logs.high))


def share_of(successes: int, n: int, counted: str) -> Estimate:
    """Return the number of successes among n, with its 95 % interval after Wilson.

    Raises
    ------
    ValueError
        If n is 0.
    """
    interval = stats.binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(successes, n, counted, n * interval.low, n * interval.high)
