"""What was claimed before the first run, and what the study says of it."""

from collections.abc import Sequence

from fmnist_exp.report.claims import Judged
from fmnist_exp.report.formatting import UNKNOWN, amount, bounds
from fmnist_exp.report.page.condition_tables import CALLED
from fmnist_exp.report.page.reading import section
from fmnist_exp.report.page.rendering import Section, table_of
from fmnist_exp.report.runs.conditions import printable


def claimed(judged: Sequence[Judged]) -> Section:
    """A row for each claim: who says what, how it is judged, and the interval that decides."""
    said = [
        {"claim": printable(each.claim.says), "source": printable(each.claim.source)}
        for each in judged
    ]
    rows = [first | ruling(each) for first, each in zip(said, judged, strict=True)]
    return section("claims", tables=[table_of(rows)])


def ruling(each: Judged) -> dict[str, str]:
    """What a study says of a claim: cells of a row."""
    return {
        "judged by": printable(_rule(each)),
        "verdict": str(each.verdict),
        "difference or mean": _amount(each, each.mean),
        "interval": _interval(each),
        "n": str(each.num_pairs) if each.num_pairs else UNKNOWN,
        "because": printable(each.reason),
    }


def _rule(each: Judged) -> str:
    """Comparison, metric and rule, in the units of the page."""
    claim, rule = each.claim, each.claim.rule
    if claim.bound is not None:
        rule = f"{rule.partition(' ')[0]} {_amount(each, claim.bound)}"
    metric = CALLED.get(claim.metric, claim.metric.replace("_", " "))
    return f"{claim.comparison}; {metric}: {rule}"


def _amount(each: Judged, value: float) -> str:
    """A difference or a mean of the metric of a claim."""
    if each.claim.is_difference:
        return amount(value, each.claim.metric, signed=True)
    return amount(value, each.claim.metric).replace(" pp", " %")


def _interval(each: Judged) -> str:
    if each.claim.is_difference:
        return bounds((each.low, each.high), each.claim.metric)
    low, high = (amount(bound, each.claim.metric, unit=False) for bound in (each.low, each.high))
    return low if low == UNKNOWN else f"[{low}, {high}]"
