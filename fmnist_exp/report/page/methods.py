"""How the numbers of a report came about, and which networks learn faster."""

from fmnist_exp.report.findings import SPEEDS, Findings
from fmnist_exp.report.page.condition_tables import CALLED
from fmnist_exp.report.page.words import BOUND
from fmnist_exp.report.runs.predictions import FIRST, MAX_READ, MAX_RUNS
from fmnist_exp.report.runs.run import TARGET
from fmnist_exp.report.runs.study import Study
from fmnist_exp.statistics.verdicts import ALPHA, MIN_PAIRS

MAX_FOUND = 6  # differences of a loss in one sentence


def faster(findings: Findings) -> list[str]:
    """Which losses differ, and so which networks learn faster; empty without comparisons."""
    return [_faster(findings, metric) for metric in SPEEDS if findings.comparisons[metric]]


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
    """How the numbers came about, from what was done: compared, measured and left out."""
    found = [
        *_statements(findings),
        (
            "Initial weights, visiting order, dropout and augmentation are fixed by the seed. "
            "Accuracy and loss are those of the saved weights, the averaged ones under use_ema, in "
            "inference mode; the test images chose nothing. SD has n - 1 in its denominator; "
            "intervals of a mean are 95 % t intervals over seeds and do not speak of other test "
            "images. An accuracy has none below 0 or above 1. No SD of differences below that of "
            "rounding to one image is believed."
        ),
        (
            "Speed has three measures, fixed before any run: the epochs until a validation "
            f"accuracy of {100 * TARGET:g} %, whole numbers that hide small differences; the "
            "training loss in the first epoch, taken while the network learns; and the validation "
            "loss averaged over all epochs. A run that never reaches the target, diverged ones "
            "included, counts as later than any other in the median."
        ),
    ]
    if findings.predictions:
        found.append(
            "Calibration: expected calibration error over 15 bins of equal mass, which is biased "
            "upwards. Intervals for new seeds and new images are t intervals with the variance of "
            "both, as crossed effects, at the level of the interval for a difference. "
            "An ensemble is made of all completed runs of a condition that have stored their "
            "probabilities, in half precision, two or more. Of a study with more than "
            f"{MAX_READ} runs those of the first conditions are read, and conditions beyond have "
            f"no ensemble; of each of the first {FIRST} conditions {MAX_RUNS} runs are read in any "
            "case."
        )
    return found


def _looks(study: Study) -> str:
    """For how many looks at a study its level holds."""
    if study.settling is None:
        return "if the study is looked at once"
    first, most = study.settling.looks[0], study.settling.looks[-1]
    return (
        f"however often the study is looked at. Looks were planned every {first} seeds, up to "
        f"{most}; by each look that share of the level may be used which its seeds are of {most} "
        "(Lan and DeMets). The first verdict stands, with its intervals; means and curves are "
        "those of all seeds"
    )


def _statements(findings: Findings) -> list[str]:
    """How comparisons are judged; empty without any."""
    if not findings.judged:
        return []
    count = max(1, *(each.num_comparisons for each in findings.judged))
    statements = f"{count} statements" if count > 1 else "one statement"
    return [
        (
            "What counts is the difference within each pair of runs of one seed (paired t test). "
            f"This study makes {statements} on test accuracy. All share a level of {100 * ALPHA:g} "
            f"%, so each has {100 * ALPHA / count:.2g} % (Bonferroni): then in at most 5 of 100 "
            f"such studies is any of them false, {_looks(findings.study)}. The interval for a "
            "difference leaves out half of the level on either side, the interval for equality all "
            "of it."
        ),
        (
            "The first that applies is the verdict: identical, exploratory, practically equal, "
            f"better or worse, survivors differ, undecided. The bound of {BOUND} points was fixed "
            "before any run. What is described has intervals that hold together within each kind. "
            "The range of the seeds to plan comes from how well so few seeds tell the spread of "
            "the differences."
        ),
    ]
