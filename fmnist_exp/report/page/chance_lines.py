"""Where the spread between seeds comes from, in words."""

import math
from collections.abc import Sequence

from fmnist_exp.report.chance import ALL, Spread
from fmnist_exp.report.formatting import POINTS, fixed


def chance_lines(found: Sequence[Spread]) -> list[str]:
    """For each condition with runs that vary in all sources, what single sources make of it.

    Then which of them have another mean, and how far the spread is from that of independent errors.
    """
    lines = []
    for label in dict.fromkeys(each.condition for each in found):
        kinds = {each.varied: each for each in found if each.condition == label}
        whole = kinds.pop(ALL, None)
        alone = [each for name, each in kinds.items() if " and " not in name]
        if whole is None or not alone:
            continue
        alone.sort(key=lambda each: -each.std)
        told = [f"{each.varied} alone by {fixed(POINTS * each.std, 2)}" for each in alone]
        lines.append(
            f"A change of seed moves test accuracy by {fixed(POINTS * whole.std, 2)} points (SD): "
            f"{', '.join(told)}."
        )
        shared = [each for each in alone if _is_apart(each, whole)]
        lines += [
            f"Runs that vary in {each.varied} alone reach {fixed(POINTS * each.mean, 2)} %, those "
            f"that vary in all {fixed(POINTS * whole.mean, 2)} %: what they share moves them all."
            for each in shared
        ]
        if whole.independent_std < whole.std_low:
            times = fixed(whole.std / whole.independent_std, 1)
            lines.append(
                f"That is {times} times what independent errors on the test images would make: "
                "whole groups of images are answered rightly or wrongly together."
            )
    return lines


def _is_apart(one: Spread, other: Spread) -> bool:
    """Whether two means lie further apart than four of their standard errors."""
    variance = one.std**2 / one.num_runs + other.std**2 / other.num_runs
    return abs(one.mean - other.mean) > 4 * math.sqrt(variance)
