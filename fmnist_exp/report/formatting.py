"""Numbers as people read them in a report; where there is none, a dash. Lists of names."""

import math
from collections.abc import Iterable

import numpy as np

from fmnist_exp.statistics.seeds import ANY, t_interval

UNKNOWN = "-"
MAX_NAMED = 20  # names in one sentence
MAX_DIGITS = 9  # of a number that would else read as 0
POINTS = 100  # percentage points in a fraction
MINUS = "\N{MINUS SIGN}"
# last word of a metric -> factor, decimals, unit; accuracies are read in percentage points
UNITS = {"accuracy": (POINTS, 2, " pp"), "loss": (1, 4, "")}


def fixed(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with so many decimals, and maybe with a plus; infinite is what never happened."""
    if math.isnan(value):
        return UNKNOWN
    text = "never" if math.isinf(value) else f"{abs(value):.{digits}f}"
    if not text.strip("0."):
        return text
    return f"{MINUS}{text}" if value < 0 else f"+{text}" if signed else text


def shown(value: float, digits: int) -> str:
    """A number of 0 or more with so many decimals, or as many as show that it is not 0."""
    while digits < MAX_DIGITS and value > 0 == round(value, digits):
        digits += 1
    return f"{value:.{digits}f}"


def sized(value: float, digits: int = 3) -> str:
    """A number of any size with so many digits that count: 0.0432, 1234, 4.2e-10."""
    if not math.isfinite(value):
        return UNKNOWN
    value = float(f"{value:.{digits - 1}e}")  # so that 0.00098 with one digit is 0.001, not 1e-3
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        before = math.floor(math.log10(abs(value))) if value else 0
        return f"{round(value, digits - 1 - before):.{max(0, digits - 1 - before)}f}"
    head, power = f"{value:.{digits - 1}e}".split("e")
    return f"{head}e{int(power)}"


def mean(values: np.ndarray, digits: int, factor: float = 1) -> str:
    """The mean of the values that are known, times a factor."""
    known = values[~np.isnan(values)]
    return fixed(factor * float(np.mean(known)), digits) if len(known) else UNKNOWN


def median(values: np.ndarray, digits: int) -> str:
    """The median of the values that are known."""
    known = values[~np.isnan(values)]
    return fixed(float(np.median(known)), digits) if len(known) else UNKNOWN


def mean_with_interval(
    values: np.ndarray, digits: int, factor: float = 1, within: tuple[float, float] = ANY
) -> str:
    """The mean of values, times a factor, and its 95 % t interval: 88.50 [88.31, 88.69]."""
    known = values[~np.isnan(values)]
    centre = float(np.mean(known)) if len(known) else math.nan
    return with_interval((centre, *t_interval(values, within)), digits, factor)


def with_interval(known: tuple[float, float, float], digits: int, factor: float = 1) -> str:
    """A mean and the ends of its interval, times a factor; NaN where there is none."""
    centre, low, high = (fixed(factor * value, digits) for value in known)
    return centre + ("" if low == UNKNOWN else f" [{low}, {high}]")


def amount(value: float, metric: str, *, signed: bool = False, unit: bool = True) -> str:
    """A value or a difference of a metric as people read it, such as -0.21 pp or 0.3521."""
    factor, digits, name = UNITS[metric.rpartition("_")[2]]
    text = fixed(factor * value, digits, signed=signed)
    return text + name if unit and text != UNKNOWN else text


def bounds(interval: tuple[float, float] | None, metric: str) -> str:
    """The interval of a difference in a metric's unit."""
    if interval is None or math.isnan(interval[0]):
        return UNKNOWN
    low, high = (amount(bound, metric, signed=True, unit=False) for bound in interval)
    return f"[{low}, {high}]"


def p_value(value: float) -> str:
    """A p value with three decimals."""
    return "<0.001" if value < 0.001 else fixed(value, 3)


def listed(names: Iterable[str], joint: str = ", ") -> str:
    """The first names in one text; those of conditions hold commas and take another joint."""
    names = list(names)
    more = f" and {len(names) - MAX_NAMED:,} more" if names[MAX_NAMED:] else ""
    return joint.join(names[:MAX_NAMED]) + more
