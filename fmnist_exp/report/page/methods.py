"""How the numbers of a report came about, and what the terms beside them mean."""

from fmnist_exp.report.findings import SPEEDS, Findings
from fmnist_exp.report.formatting import MINUS, POINTS
from fmnist_exp.report.page.condition_tables import CALLED
from fmnist_exp.report.runs import predictions
from fmnist_exp.report.runs.run import TARGET
from fmnist_exp.statistics.power import POWER
from fmnist_exp.statistics.verdicts import ALPHA, MIN_PAIRS, SESOI

MAX_FOUND = 6  # differences of a loss in one sentence


def terms(findings: Findings) -> list[str]:
    """What the words and numbers of comparisons mean, each once; empty without comparisons."""
    if not findings.judged:
        return []
    count = max(1, *(each.num_comparisons for each in findings.judged))
    statements = f"{count} statements" if count > 1 else "one statement"
    bound = f"{MINUS}{POINTS * SESOI:g} and +{POINTS * SESOI:g} points"
    return [
        (
            "Two runs with the same seed are a pair, and what counts is the difference within each "
            "pair (paired t test). The true difference is the mean over all seeds there are; an "
            "interval says where it may lie."
        ),
        (
            f"This study makes {statements} on test accuracy. All share a level of "
            f"{100 * ALPHA:g} %, so each has {100 * ALPHA / count:.2g} % (Bonferroni): then in at "
            "most 5 of 100 such studies is any of them false, if the study is looked at once."
        ),
        (
            "The first rule that applies decides. Practically equal: the interval for equality, "
            f"drawn thick, lies between {bound}, a bound that was fixed before any run. It leaves "
            "out the level on either side, as two one-sided tests do (TOST). Better or worse: the "
            "interval for a difference, drawn thin, leaves out 0; it leaves out half of the level "
            "on either side. Undecided: neither. Survivors differ: better, but more of its runs "
            f"ended without a result. Exploratory: fewer than {MIN_PAIRS} pairs, so no interval. "
            "Identical: all runs of a seed have the same results. What is described has intervals "
            "that hold together within each kind, and no verdict."
        ),
        (
            "p is the chance of a difference as large as the observed one, or larger, if there "
            "were none; it is that of one pair alone. Power is the chance that a study finds what "
            f"is there; the seeds to plan are those with a power of {100 * POWER:g} %, and their "
            "range comes from how well so few seeds tell the spread of the differences."
        ),
    ]


def speed(findings: Findings) -> list[str]:
    """How speed is measured and what differs; empty if no run was trained to an end."""
    if not any(each.runs or each.ended("diverged") for each in findings.study.conditions):
        return []
    return [
        (
            "Three measures, fixed before any run; fewer epochs and a lower loss mean faster. "
            "Epochs until the target are whole numbers and hide small differences, the two losses "
            "show them: the training loss in the first epoch, taken while the network learns, and "
            "the validation loss averaged over all epochs. A run that never reaches the target, "
            "diverged ones included, counts as later than any other in the median."
        ),
        *(_faster(findings, metric) for metric in SPEEDS if findings.comparisons[metric]),
    ]


def _faster(findings: Findings, metric: str) -> str:
    """Which differences of a loss have an interval without 0; the table has their numbers."""
    places = [each for each in findings.comparisons[metric] if each.num_pairs >= MIN_PAIRS]
    usual = [each for each in places if each.place not in findings.design.described]
    found = [
        f"{low} below {high}" + (f" ({each.place})" if each.place else "")
        for each in usual
        if each.ci_low > 0 or each.ci_high < 0
        for low, high in [
            (each.condition_b, each.condition_a)
            if each.ci_low > 0
            else (each.condition_a, each.condition_b)
        ]
    ]
    more = f"; and {len(found) - MAX_FOUND} more" if found[MAX_FOUND:] else ""
    told = f"{'; '.join(found[:MAX_FOUND])}{more}" if found else "no difference shows"
    name = CALLED[metric]
    return f"{name[0].upper()}{name[1:]}: {told}."


def methods(findings: Findings) -> list[str]:
    """How the numbers came about, from what was done: measured and left out."""
    found = [
        (
            "A condition is a config without its seed, which fixes initial weights, visiting order "
            "and dropout. Accuracy and loss are those of the saved weights, in inference mode; the "
            "test images chose nothing. SD has n - 1 in its denominator; intervals of a mean are "
            "95 % t intervals over seeds and do not speak of other test images. An accuracy has "
            "none below 0 or above 1. No SD of differences below that of rounding to one image is "
            f"believed. The target of speed is a validation accuracy of {100 * TARGET:g} %."
        )
    ]
    if findings.predictions:
        found.append(
            "Calibration: expected calibration error over 15 bins of equal mass, which is biased "
            "upwards. Intervals for new seeds and new images are t intervals with the variance of "
            "both, as crossed effects, at the level of the interval for a difference. "
            f"At most {predictions.MAX_RUNS} runs of a condition are read for this."
        )
    return found
