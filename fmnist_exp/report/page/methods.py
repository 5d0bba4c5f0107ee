"""How the numbers of a report came about, written from what was done."""

from fmnist_exp.console import counted
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.runs import predictions
from fmnist_exp.report.runs.run import TARGET
from fmnist_exp.report.statistics import verdicts


def paragraphs(findings: Findings) -> list[str]:
    """What was measured, compared and left out, in sentences."""
    comparisons = findings.comparisons["test_accuracy"]
    found = [
        (
            "A condition is a config without its seed; runs of one condition differ in nothing "
            "but their seed, which fixes initial weights, visiting order and dropout. Accuracy and "
            "loss are those of the saved weights, in inference mode; the test images chose "
            "nothing. SD has n - 1 in its denominator; intervals of a mean are 95 % t intervals "
            "over seeds and do not speak of other test images."
        ),
    ]
    if comparisons:
        family = comparisons[0].num_comparisons
        sesoi = 100 * verdicts.SESOI["test_accuracy"]
        found.append(
            "Conditions are compared in pairs of runs with equal seed. For each metric the family "
            f"has {counted(family, 'comparison')}: p values are those of paired t "
            "tests, adjusted by Holm; intervals of differences are simultaneous (Bonferroni). "
            "Verdicts rest on the adjusted tests, which are a little sharper than the intervals. "
            "Practically equal: two one-sided tests "
            f"against plus and minus {sesoi:g} percentage points, a bound fixed before any run, "
            "are both significant after Holm. Better or worse: else, if the difference is "
            "significant after Holm, at 5 %. Undecided: neither; the sentence says what could have "
            f"been seen with 80 % power. Fewer than {verdicts.MIN_PAIRS} pairs get no verdict. "
            "Identical: the runs of every common seed have the same metrics and answers, so there "
            "is nothing to test. Conditions that differ in data or engine are not compared. "
            "The conditions share their test images and their split into training and validation "
            "images, so a verdict is about this split."
        )
    if len(findings.conditions) > verdicts.MAX_CONDITIONS:
        found.append(
            f"With more than {verdicts.MAX_CONDITIONS} conditions each is compared with one "
            "baseline only; --baseline names another."
        )
    found.append(
        "Convergence: the first epoch with a validation accuracy of "
        f"{100 * TARGET:.0f} %, a target fixed before any run. A run that never reaches "
        "it, diverged ones included, counts as later than any other in the median."
    )
    if findings.predictions:
        found.append(
            "Calibration: expected calibration error over 15 bins of equal mass, which is biased "
            "upwards; and negative log-likelihood, which is the test loss of the record. "
            "Probabilities are stored in half precision, predicted classes beside them. "
            "Intervals for new seeds and new images are 95 % t intervals with the variance of "
            f"both, as crossed effects. At most {predictions.MAX_RUNS} runs of a condition are "
            "read for this."
        )
    return found
