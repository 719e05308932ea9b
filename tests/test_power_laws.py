"""Power laws: recovered from errors that follow one, with intervals that hold the truth as often as they say."""

import numpy as np
import pytest
from scipy import stats

from lgdcnn_core.companion.runs import power_laws

SIZES = np.geomspace(100, 25_000, 8)


def test_a_law_without_noise_is_recovered_exactly():
    law = power_laws.fit(SIZES, 7.0 * SIZES**-0.25)
    assert law.exponent == pytest.approx(0.25)
    assert law.at_reference == pytest.approx(7.0 * 1000**-0.25)
    assert law.scatter == pytest.approx(0, abs=1e-12)
    assert law.errors([16, 81]).tolist() == pytest.approx([3.5, 7 / 3])


def test_intervals_are_those_of_a_line_by_least_squares():
    # scipy's standard errors, Student's quantile for six degrees of freedom.
    logs = np.log(SIZES / 1000)
    heights = 0.5 - 0.3 * logs + np.array([0.05, -0.02, 0.01, -0.06, 0.03, 0.04, -0.01, -0.04])
    line = stats.linregress(logs, heights)
    law = power_laws.fit(SIZES, np.exp(heights))
    assert law.exponent == pytest.approx(-line.slope)
    low, high = law.exponent_interval
    assert (high - low) / 2 == pytest.approx(2.446912 * line.stderr, rel=1e-6)
    at_low, at_high = law.reference_interval
    assert np.log(at_high / at_low) / 2 == pytest.approx(2.446912 * line.intercept_stderr, rel=1e-6)
    assert np.sqrt(at_low * at_high) == pytest.approx(np.exp(line.intercept))


def test_each_size_counts_once_however_many_seeds_it_has():
    errors = 7.0 * SIZES**-0.25 * np.exp([0.05, -0.02, 0.01, -0.06, 0.03, 0.04, -0.01, -0.04])
    # Two seeds whose logarithms lie as far above as below.
    several = np.append(errors, errors[0] * 1.5), np.append(SIZES, SIZES[0])
    several[0][0] /= 1.5
    assert power_laws.fit(several[1], several[0]).exponent == pytest.approx(power_laws.fit(SIZES, errors).exponent)


def test_two_sizes_are_too_few():
    with pytest.raises(power_laws.TooFewSizes, match="needs 3 sizes, not 2"):
        power_laws.fit([100, 200, 200], [1.0, 0.9, 0.8])


def test_intervals_hold_the_truth_in_about_95_of_100_studies():
    generator = np.random.default_rng(0)
    sizes = np.concatenate([np.repeat(SIZES[:5], 3), SIZES[5:]])  # three seeds, then one
    # 3.5 n^-0.35 and 1.8 n^-0.25 meet at (3.5 / 1.8)^10 = 773 compounds.
    truth, rival, meeting = 3.5 * sizes**-0.35, 1.8 * sizes**-0.25, (3.5 / 1.8) ** 10
    held = np.zeros(3)
    n = 1000
    for _ in range(n):
        errors, others = (each * np.exp(0.05 * generator.normal(size=len(sizes))) for each in (truth, rival))
        law = power_laws.fit(sizes, errors)
        found = power_laws.crossing(power_laws.fit(sizes, errors / others), 100, 25_000)
        held += [
            law.exponent_interval[0] <= 0.35 <= law.exponent_interval[1],
            law.reference_interval[0] <= 3.5 * 1000**-0.35 <= law.reference_interval[1],
            found.low <= meeting <= found.high,
        ]
    # Sizes with one seed scatter more than those with three, so that the rates are not exactly 0.95.
    assert np.abs(held / n - 0.95) == pytest.approx(0, abs=0.035)


def test_laws_without_noise_meet_where_they_are_equal():
    # 5 n^-0.5 = 2 n^-0.3 at n = 2.5^5 = 97.65625.
    ratio = power_laws.fit(SIZES, (5 * SIZES**-0.5) / (2 * SIZES**-0.3))
    assert ratio.exponent == pytest.approx(0.2)
    found = power_laws.crossing(ratio, 50, 25_000)
    assert (found.size, found.low, found.high) == pytest.approx((97.65625,) * 3)


def test_laws_that_meet_outside_the_measured_sizes_have_no_crossing():
    found = power_laws.crossing(power_laws.fit(SIZES, 2.5 * SIZES**-0.2), 100, 25_000)
    assert np.isnan([found.size, found.low, found.high]).all()


def test_parallel_laws_never_meet():
    found = power_laws.crossing(power_laws.fit(SIZES, np.full(8, 0.5)), 100, 25_000)
    assert np.isnan([found.size, found.low, found.high]).all()


def test_models_with_the_same_errors_may_meet_anywhere():
    noise = np.exp([0.05, -0.05, -0.05, 0.05, 0.05, -0.05, -0.05, 0.05])
    found = power_laws.crossing(power_laws.fit(SIZES, noise), 100, 25_000)
    assert (found.low, found.high) == pytest.approx((100, 25_000))


def test_an_interval_of_the_crossing_is_where_the_band_holds_equality():
    errors = SIZES**-0.1 * 1000**0.1 * np.exp([0.02, -0.03, 0.01, 0.02, -0.02, 0.03, -0.01, -0.02])
    ratio = power_laws.fit(SIZES, errors)
    found = power_laws.crossing(ratio, 100, 25_000)
    low, high = ratio.band([found.low, found.size, found.high])
    assert high[2] == pytest.approx(1)
    assert low[0] == pytest.approx(1)
    assert low[1] < 1 < high[1]
