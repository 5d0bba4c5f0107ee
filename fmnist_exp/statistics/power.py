"""What a number of paired seeds can see, and how many seeds it takes to see a difference.

The numbers rest on the SD of the differences, never on their mean: power at the observed effect
only restates the p value. In all functions `std` is that SD, `num_pairs` at least 2, `alpha` the
level of the test (for one of m comparisons, divided by m), and `power` the chance to find a
difference, with its sign.
"""

from bisect import bisect_left
from typing import NamedTuple

import numpy as np
from scipy import special, stats

POWER = 0.8
MAX_SEEDS = 1_000_000


def minimum_detectable(std: float, num_pairs: int, alpha: float, power: float = POWER) -> float:
    """Smallest true mean difference that a two-sided paired t test would find, as `std` is.

    Source:
        Cohen (1988), Statistical power analysis, chapter 2: one tail at alpha / 2 of the noncentral
        t distribution. statsmodels' TTestPower, which adds the opposite tail, misses the target at
        small alpha, where that is NaN.
    """
    freedom = num_pairs - 1
    critical = special.stdtrit(freedom, 1 - alpha / 2)
    return std * float(special.nctdtrinc(freedom, 1 - power, critical)) / num_pairs**0.5


def seeds_to_detect(std: float, difference: float, alpha: float, power: float = POWER) -> int:
    """Fewest paired seeds with which a true `difference` would be found; at most `MAX_SEEDS`."""

    def enough(count: int) -> bool:
        return minimum_detectable(std, count, alpha, power) <= difference

    return 2 + bisect_left(range(2, MAX_SEEDS), True, key=enough)


def seeds_to_settle(std: float, sesoi: float, alpha: float, power: float = POWER) -> int:
    """Fewest paired seeds that tell a difference of `sesoi`, above 0, from none.

    With so many, a true difference of `sesoi` would be found, and no difference at all would be
    shown to lie within +/- `sesoi`, each with the given power. A truth in between takes more.

    Source:
        Equivalence takes two one-sided tests at `alpha`; if each misses with probability
        (1 - power) / 2, both succeed with `power` or more (Bonferroni).
    """
    one_sided = seeds_to_detect(std, sesoi, 2 * alpha, (1 + power) / 2)
    return max(seeds_to_detect(std, sesoi, alpha, power), one_sided)


class Planned(NamedTuple):
    """Seeds to plan, and the range that the uncertain SD leaves."""

    num_seeds: int
    low: int
    high: int


def planned(std: float, num_pairs: int, sesoi: float, alpha: float) -> Planned:
    """Seeds that settle a comparison which `num_pairs` did not, more than these.

    Where `seeds_to_settle` asks for no more, the truth lies between none and `sesoi`, and twice as
    many are planned.

    Source:
        Interval of an SD: (n - 1) s^2 / chi^2, 95 %.
    """
    freedom = num_pairs - 1
    scales = np.sqrt(freedom / stats.chi2.ppf([0.975, 0.025], freedom))
    low, high = (seeds_to_settle(std * scale, sesoi, alpha) for scale in scales)
    needed = seeds_to_settle(std, sesoi, alpha)
    count = needed if needed > num_pairs else 2 * num_pairs
    return Planned(count, max(low, num_pairs + 1), max(high, count))
