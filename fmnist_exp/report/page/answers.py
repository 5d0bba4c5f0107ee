"""What was found, in words: the sentences that a report begins with, and its methods."""

from collections import Counter
from collections.abc import Sequence

from fmnist_exp.console import counted
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import MINUS, UNKNOWN, amount, bounds, mean_with_interval
from fmnist_exp.report.runs.predictions import MAX_RUNS
from fmnist_exp.report.runs.run import TARGET, Tuned
from fmnist_exp.report.statistics import power
from fmnist_exp.report.statistics.verdicts import (
    ALPHA,
    MAX_CONDITIONS,
    MIN_PAIRS,
    SESOI,
    Comparison,
    Verdict,
)

MAX_SENTENCES = 10  # comparisons in words; the table has the rest


def answers(findings: Findings) -> list[str]:
    """What a tuner chose; what was found about test accuracy, a sentence for each comparison."""
    chosen = list(map(_chosen, findings.study.tuned))
    comparisons = findings.comparisons["test_accuracy"]
    if not comparisons:
        return [*chosen, _without_comparison(findings)]
    told = [  # of a search, what a single seed shows on test images is no answer
        each for each in comparisons if not chosen or each.verdict != Verdict.EXPLORATORY
    ]
    found = [*chosen, _overall(comparisons), *map(sentence, told[:MAX_SENTENCES])]
    if told[MAX_SENTENCES:]:
        found.append(f"{len(told) - MAX_SENTENCES} more comparisons are in comparisons.csv.")
    return found


def sentence(comparison: Comparison) -> str:
    """What one comparison found, for people: effect, interval, pairs, verdict, what is left open.

    For example `he_normal - glorot_uniform = -0.21 pp [-0.60, +0.18] in test accuracy, 10 paired
    seeds: undecided; ...`, with a true minus sign. The interval is simultaneous over the family.
    """
    metric = comparison.metric
    text = f"{comparison.condition_a} {MINUS} {comparison.condition_b}"
    if comparison.num_pairs:
        text += f" = {amount(comparison.difference_mean, metric, signed=True)}"
        text += f" {bounds((comparison.ci_low, comparison.ci_high), metric)}".removesuffix(
            f" {UNKNOWN}"
        )
    seeds = counted(comparison.num_pairs, "paired seed")
    return f"{text} in {metric.replace('_', ' ')}, {seeds}: {_finding(comparison)}."


def _finding(comparison: Comparison) -> str:
    verdict = comparison.verdict
    if verdict == Verdict.IDENTICAL:
        return "identical in every seed"
    if verdict == Verdict.EXPLORATORY:
        return f"exploratory; a verdict takes {MIN_PAIRS} or more"
    if verdict == Verdict.EQUAL:
        return f"practically equal at ±{amount(SESOI[comparison.metric], comparison.metric)}"
    if verdict == Verdict.UNDECIDED:
        return f"undecided; {_what_it_takes(comparison)}"
    return f"{comparison.condition_a} is {verdict}"


def _what_it_takes(comparison: Comparison) -> str:
    std, metric = comparison.difference_std, comparison.metric
    alpha = ALPHA / comparison.num_comparisons
    seen = amount(power.minimum_detectable(std, comparison.num_pairs, alpha), metric)
    text = f"a difference of {seen} would have been seen with 80 % power"
    needed = power.seeds_to_settle(std, SESOI[metric], alpha)
    bound = amount(SESOI[metric], metric)
    if needed <= comparison.num_pairs:
        return f"{text}; these seeds tell {bound} from none, a difference in between takes more"
    return f"{text}, and about {needed:,} seeds would tell {bound} from none"


def _chosen(tuned: Tuned) -> str:
    """What a tuned sweep has chosen, by validation accuracy alone."""
    trials = f"{tuned.name} was tuned on validation accuracy, {counted(tuned.num_trials, 'trial')}"
    if tuned.best is None:
        return f"{trials}: none was completed, so there is nothing to choose."
    number, values, accuracy = tuned.best
    return (
        f"{trials}: the best is number {number}, {values}, with {100 * accuracy:.2f} %. "
        "The best of many looks better than it is, and test accuracies have no part in the choice: "
        "train it with several seeds before quoting one."
    )


def _overall(comparisons: Sequence[Comparison]) -> str:
    """How the comparisons of test accuracy came out, counted."""
    counts = Counter(each.verdict for each in comparisons)
    shown = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    return f"{counted(len(comparisons), 'comparison')} of test accuracy: {shown}."


def _without_comparison(findings: Findings) -> str:
    if not findings.study.measured:
        return "No run was completed: there is nothing to compare."
    if len(findings.study.measured) > 1:
        return "No two conditions share data and engine: there is nothing to compare."
    (condition,) = findings.study.measured
    accuracy = mean_with_interval(condition.values("test_accuracy"), 2, 100)
    return (
        f"Only one condition, {condition.label}: nothing to compare. Its test accuracy is "
        f"{accuracy} percent, {counted(len(condition.runs), 'run')}."
    )


def methods(findings: Findings) -> list[str]:
    """How the numbers came about, from what was done: measured, compared and left out."""
    comparisons = findings.comparisons["test_accuracy"]
    found = [
        (
            "A condition is a config without its seed, which fixes initial weights, visiting order "
            "and dropout. Accuracy and loss are those of the saved weights, in inference mode; the "
            "test images chose nothing. SD has n - 1 in its denominator; intervals of a mean are "
            "95 % t intervals over seeds and do not speak of other test images."
        )
    ]
    if comparisons:
        family = counted(comparisons[0].num_comparisons, "comparison")
        found.append(
            "Conditions are compared in pairs of runs with equal seed. For each metric the family "
            f"has {family}, which share the level of 5 % equally (Bonferroni); p values are those "
            "of paired t tests, not adjusted. The intervals decide. Practically equal: two "
            f"one-sided tests against plus and minus {100 * SESOI['test_accuracy']:g} percentage "
            "points, a bound fixed before any run, are both significant at that share. Better or "
            "worse: else, if the simultaneous interval does not hold 0. Undecided: neither. "
            f"Exploratory: fewer than {MIN_PAIRS} pairs, no verdict. Identical: the runs of every "
            "common seed have the same metrics and answers. The conditions share their test images "
            "and their split into training and validation images, so a verdict is about this split."
        )
    if len(findings.study.measured) > MAX_CONDITIONS:
        found.append(
            f"With more than {MAX_CONDITIONS} conditions each is compared with one "
            "baseline only; --baseline names another."
        )
    found.append(
        f"Convergence: the first epoch with a validation accuracy of {100 * TARGET:.0f} %, a "
        "target fixed before any run. A run that never reaches it, diverged ones included, counts "
        "as later than any other in the median."
    )
    if findings.predictions:
        found.append(
            "Calibration: expected calibration error (ECE) over 15 bins of equal mass, which is "
            "biased upwards. Intervals for new seeds and new images are 95 % t intervals with the "
            f"variance of both, as crossed effects. At most {MAX_RUNS} runs of a condition are "
            "read for this."
        )
    return found
