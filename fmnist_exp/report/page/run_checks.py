"""What the runs of a study have done: checks of failures, of learning and of single runs."""

from collections.abc import Mapping, Sequence

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import listed
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.seeds import outlier
from fmnist_exp.statistics.verdicts import PRIMARY, SESOI

CEILING = 0.999  # accuracy above which nothing is left to tell apart
# Above the lowest validation loss; 20 epochs of the baseline end 0.1, 60 end 0.9.
OVERFITTING = 0.25
MAX_LABELS = 4  # conditions of a study that are named one by one
ODD = 0.01  # share of studies without an odd run in which one is named


def failed_runs(findings: Findings) -> str | None:
    """Runs that did not end with a result."""
    study = findings.study
    named = {
        status: [run.name for run in study.runs if run.record.status == status]
        for status in ("diverged", "pruned", "failed", "interrupted")
    }
    named["unfinished"] = list(study.unfinished)
    return _runs(named)


def no_result(findings: Findings) -> str | None:
    """Conditions without a completed run, but for those that a search gave up."""
    study = findings.study
    empty = [each.label for each in study.conditions if not each.runs and not each.ended("pruned")]
    return f"No completed run, so no statistics: {listed(empty, '; ')}." if empty else None


def at_chance(findings: Findings) -> str | None:
    """Conditions that guess, or nearly so."""
    low = [each for each in findings.study.measured if each.is_guessing]
    text = "At the level of guessing, or little above it: {}. These networks have learned next to "
    return on(low, findings.study, f"{text}nothing.")


def too_easy(findings: Findings) -> str | None:
    """Whether every run is right nearly always."""
    measured = findings.study.measured
    easy = len(measured) > 1 and all(each.values(PRIMARY).min() >= CEILING for each in measured)
    text = (
        f"Every run is right on {100 * CEILING:g} % of the test images or more: this task is too "
    )
    return f"{text}easy to tell conditions apart." if easy else None


def odd_run(findings: Findings) -> str | None:
    """Runs that lie far from all others of their condition and move its mean by what matters."""
    measured, told = findings.study.measured, []
    for each in measured:
        values = each.values(PRIMARY)
        place = outlier(values, ODD / len(measured))
        if place is None:
            continue
        usual = float(np.median(values))
        if abs(values[place] - usual) >= len(values) * SESOI:
            told.append(
                f"{each.runs[place].name} ({each.label}) with {100 * values[place]:.2f} %, where "
                f"{100 * usual:.2f} % is usual"
            )
    return (
        f"A run stands out: {listed(told, '; ')}. Look into its log and curves." if told else None
    )


def still_improving(findings: Findings) -> str | None:
    """Conditions whose training stopped at the last planned epoch, though it still paid."""
    found = []
    for each in findings.study.measured:
        gains = [gain for run in each.runs if (gain := run.late_gain) is not None]
        if 2 * len(gains) > len(each.runs):
            accuracy, loss = np.median(gains, axis=0)
            found += [each] if accuracy >= SESOI and loss < 0 else []
    text = "Training stopped while validation accuracy still rose: {}. Train longer before final "
    return on(found, findings.study, f"{text}accuracies are compared.")


def overfitting(findings: Findings) -> str | None:
    """Conditions whose saved weights have a validation loss far above the lowest of the run."""
    found = [
        each
        for each in findings.study.measured
        if np.median([run.loss_above_lowest for run in each.runs]) >= OVERFITTING
    ]
    text = (
        f"Overfitting: the validation loss ends {100 * OVERFITTING:g} % or more above its lowest: "
    )
    return on(found, findings.study, f"{text}{{}}. Train for fewer epochs, or regularize.")


def left_out(findings: Findings) -> str | None:
    """Completed runs that have no part in a table, or only in some."""
    runs = (run for each in findings.study.measured for run in each.runs)
    return _runs(
        {
            "left out, as another has the same condition and seed": findings.study.repeated,
            "without stored predictions, left out of calibration, agreement and ensemble": [
                run.name for run in runs if not run.has_predictions
            ],
        }
    )


def on(found: Sequence[Condition], study: Study, text: str) -> str | None:
    """The text with conditions in its braces, some of them by their labels; None without any."""
    total = len(study.measured)
    which = "; ".join(each.label for each in found)
    if len(found) == total > 1:
        which = "all conditions"
    elif len(found) > MAX_LABELS:
        which = f"{len(found)} of {total} conditions, such as {found[0].label}"
    return text.replace("{}", which) if found else None


def _runs(named: Mapping[str, Sequence[str]]) -> str | None:
    told = [
        f"{counted(len(runs), 'run')} {what}: {listed(runs)}"
        for what, runs in named.items()
        if runs
    ]
    return f"{'; '.join(told)}." if told else None
