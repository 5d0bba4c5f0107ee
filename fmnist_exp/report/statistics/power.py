"""What a number of paired seeds can see, and how many seeds it takes to see a difference.

The numbers rest on the SD of the differences, never on their mean: power at the observed effect
only restates the p value. In all functions `std` is that SD, `num_pairs` at least 2, `alpha` the
level of the test (for one of m comparisons, divided by m), and `power` the chance to find a
difference, with its sign.
"""

from bisect import bisect_left
from functools import cache

from scipy import optimize, special

ALPHA = 0.05
POWER = 0.8
MAX_SEEDS = 1_000_000


@cache
def detectable_d_z(num_pairs: int, alpha: float = ALPHA, power: float = POWER) -> float:
    """Mean difference, in SDs of the differences, that a two-sided paired t test would find.

    Source:
        Cohen (1988), Statistical power analysis, chapter 2. statsmodels' TTestPower misses the
        target at small alpha, where the opposite tail is NaN: hence one tail at alpha / 2 of the
        noncentral t distribution, and a bracketed root.
    """
    freedom, scale = num_pairs - 1, num_pairs**0.5
    critical = special.stdtrit(freedom, 1 - alpha / 2)

    def excess(effect: float) -> float:
        return float(1 - special.nctdtr(freedom, effect * scale, critical)) - power

    high = 1 / scale
    while excess(high) < 0:
        high *= 2
    return float(optimize.brentq(excess, 0, high, xtol=1e-12))


def minimum_detectable(
    std: float, num_pairs: int, alpha: float = ALPHA, power: float = POWER
) -> float:
    """Smallest true mean difference that the test would find, in the unit of `std`."""
    return std * detectable_d_z(num_pairs, alpha, power)


def seeds_to_detect(
    std: float, difference: float, alpha: float = ALPHA, power: float = POWER
) -> int:
    """Fewest paired seeds with which a true `difference` would be found; at most `MAX_SEEDS`."""

    def enough(count: int) -> bool:
        return minimum_detectable(std, count, alpha, power) <= difference

    return 2 + bisect_left(range(2, MAX_SEEDS), True, key=enough)


def seeds_to_settle(std: float, sesoi: float, alpha: float = ALPHA, power: float = POWER) -> int:
    """Fewest paired seeds that tell a difference of `sesoi`, above 0, from none.

    With so many, a true difference of `sesoi` would be found, and no difference at all would be
    shown to lie within +/- `sesoi`, each with the given power. A truth in between takes more.

    Source:
        Equivalence takes two one-sided tests at `alpha`; if each misses with probability
        (1 - power) / 2, both succeed with `power` or more (Bonferroni).
    """
    one_sided = seeds_to_detect(std, sesoi, 2 * alpha, (1 + power) / 2)
    return max(seeds_to_detect(std, sesoi, alpha, power), one_sided)
