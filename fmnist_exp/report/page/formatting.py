"""Numbers as people read them in a report; where there is none, a dash."""

import math
from collections.abc import Mapping
from typing import Any

from fmnist_exp.report.page.sentences import amount

UNKNOWN = "-"
MINUS = "\N{MINUS SIGN}"


def fixed(value: float, digits: int, infinite: str = "\N{INFINITY}") -> str:
    """A number with so many decimals, and how to say infinity."""
    if math.isnan(value):
        return UNKNOWN
    text = infinite if math.isinf(value) else f"{abs(value):.{digits}f}"
    is_negative = value < 0 and text.strip("0.") != ""
    return f"{MINUS}{text}" if is_negative else text


def percent(value: float, digits: int = 2) -> str:
    """A fraction in percent, or a difference of fractions in percentage points."""
    return fixed(100 * value, digits)


def with_interval(row: Mapping[str, Any], name: str, factor: float, digits: int) -> str:
    """Mean and interval from the columns NAME_mean, NAME_ci_low and NAME_ci_high of a row."""
    mean, low, high = (factor * row[f"{name}_{part}"] for part in ("mean", "ci_low", "ci_high"))
    interval = "" if math.isnan(low) else f" [{fixed(low, digits)}, {fixed(high, digits)}]"
    return fixed(mean, digits) + interval


def bounds(interval: tuple[float, float] | None, metric: str) -> str:
    """The interval of a difference in a metric's unit."""
    if interval is None or math.isnan(interval[0]):
        return UNKNOWN
    low, high = (amount(bound, metric, signed=True, unit=False) for bound in interval)
    return f"[{low}, {high}]"


def p_value(value: float) -> str:
    """A p value with three decimals."""
    return UNKNOWN if math.isnan(value) else "<0.001" if value < 0.001 else f"{value:.3f}"


def cell(value: object) -> str:
    """Any value of a table of runs."""
    if value is None or value == "" or value != value or str(value) == "<NA>":  # NaN is not NaN
        return UNKNOWN
    return f"{value:.4f}" if isinstance(value, float) else str(value)
