"""Numbers as people read them in a report; where there is none, a dash."""

import math
from collections.abc import Mapping
from typing import Any

UNKNOWN = "-"
MINUS, INFINITY = "\N{MINUS SIGN}", "\N{INFINITY}"
# last word of a metric -> factor, decimals, unit; accuracies are read in percentage points
UNITS = {"accuracy": (100, 2, " pp"), "loss": (1, 4, "")}


def fixed(value: float, digits: int, infinite: str = INFINITY, *, signed: bool = False) -> str:
    """A number with so many decimals, how to say infinity, and whether with a plus."""
    if math.isnan(value):
        return UNKNOWN
    text = infinite if math.isinf(value) else f"{abs(value):.{digits}f}"
    if not text.strip("0."):
        return text
    return f"{MINUS}{text}" if value < 0 else f"+{text}" if signed else text


def percent(value: float, digits: int = 2) -> str:
    """A fraction in percent, or a difference of fractions in percentage points."""
    return fixed(100 * value, digits)


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


def with_interval(
    row: Mapping[str, Any], name: str, factor: float, digits: int, unit: str = ""
) -> str:
    """Mean and interval from the columns NAME_mean, NAME_ci_low and NAME_ci_high of a row."""
    mean, low, high = (
        fixed(factor * row[f"{name}_{part}"], digits) for part in ("mean", "ci_low", "ci_high")
    )
    return mean + unit if low == UNKNOWN else f"{mean}{unit} [{low}, {high}]"


def summary_cells(row: Mapping[str, Any]) -> dict[str, str]:
    """What a row of the summary says of a condition: heading -> text."""
    return {
        "test accuracy, % [95 % CI]": with_interval(row, "test_accuracy", 100, 2),
        "SD, points": percent(row["test_accuracy_std"]),
        "test loss [95 % CI]": with_interval(row, "test_loss", 1, 4),
        "validation accuracy, %": percent(row["validation_accuracy_mean"]),
        "train accuracy, %": percent(row["train_accuracy_mean"]),
        "epochs": fixed(row["num_epochs_mean"], 1),
        "seconds": fixed(row["fit_seconds_mean"], 1),
    }


def p_value(value: float) -> str:
    """A p value with three decimals."""
    return "<0.001" if value < 0.001 else fixed(value, 3)


def cell(value: object) -> str:
    """Any value of a table of runs."""
    if value is None or value == "" or value != value or str(value) == "<NA>":  # NaN is not NaN
        return UNKNOWN
    return f"{value:.4f}" if isinstance(value, float) else str(value)
