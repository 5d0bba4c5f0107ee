"""Where the spread between seeds comes from, in words."""

from collections.abc import Sequence

from fmnist_exp.report.chance import ALL, Spread
from fmnist_exp.report.formatting import POINTS, fixed


def chance_lines(found: Sequence[Spread]) -> list[str]:
    """For each condition with runs that vary in all sources, what single sources make of it.

    Then how far the spread is from that of independent errors, where its interval leaves it out.
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
        if whole.independent_std < whole.std_low:
            times = fixed(whole.std / whole.independent_std, 1)
            lines.append(
                f"That is {times} times what independent errors on the test images would make: "
                "whole groups of images are answered rightly or wrongly together."
            )
    return lines
