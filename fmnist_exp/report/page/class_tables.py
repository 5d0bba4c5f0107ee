"""What happens to each class, as people read it: its scores, and what it is taken for."""

from collections.abc import Sequence

import numpy as np

from fmnist_exp.report.findings import MAX_PANELS
from fmnist_exp.report.formatting import UNKNOWN, mean, percent
from fmnist_exp.report.page.tables import Table, table_of
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.report.statistics.intervals import t_interval, wilson_interval
from fmnist_exp.rundir.records import CLASS_METRICS

MAX_PAIRS = 10
MAX_UNFOLDED = 40  # rows of a table that is not folded


def per_class(conditions: Sequence[Condition]) -> Table:
    """Precision, recall and F1 of every class, the hardest class of each condition first."""
    rows = []
    for condition in conditions[:MAX_PANELS]:
        f1 = {name: condition.class_scores(name, "f1").mean() for name in condition.class_names}
        hardest = sorted(f1, key=lambda name: np.nan_to_num(f1[name], nan=np.inf))
        rows += [_scores(condition, name) for name in hardest]
    caption = (
        "Means over the runs on the test images, of precision over those that predict the class; "
        "intervals of recall over seeds (t), of a single run over images (Wilson)"
    )
    return table_of(rows, caption, folded=len(rows) > MAX_UNFOLDED)


def _scores(condition: Condition, name: str) -> dict[str, str]:
    precision, recall, f1, support = (
        condition.class_scores(name, metric) for metric in CLASS_METRICS
    )
    low, high = _recall_interval(recall, support)
    return {
        "condition": condition.label,
        "class": name,
        "precision, %": _mean_known(precision),
        "recall, %": _mean_known(recall),
        "95 % CI of recall": (
            UNKNOWN if np.isnan(low) else f"[{percent(low, 1)}, {percent(high, 1)}]"
        ),
        "F1, %": _mean_known(f1),
        "images": f"{support[0]:.0f}",
    }


def confused_pairs(conditions: Sequence[Condition]) -> Table:
    """The most frequent mistakes, as a share of the true class, averaged over the conditions.

    Conditions on classes of other names than the first one's are left to their heatmaps.
    """
    if not conditions:
        return table_of([])
    names = conditions[0].class_names
    alike = [each for each in conditions[:MAX_PANELS] if each.class_names == names]
    shares = {f"{each.label}, %": each.confusions.mean(axis=0) for each in alike}
    mistakes = np.mean(list(shares.values()), axis=0)
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:MAX_PAIRS]
    rows = [
        {"true class": names[true], "taken for": names[given]}
        | {heading: percent(share[true, given], 1) for heading, share in shares.items()}
        for true, given in zip(*np.unravel_index(order, mistakes.shape), strict=True)
        if mistakes[true, given] > 0
    ]
    return table_of(rows, "The most frequent mistakes, % of the true class")


def _mean_known(scores: np.ndarray) -> str:
    return mean(scores[~np.isnan(scores)], 1, 100)


def _recall_interval(recall: np.ndarray, support: np.ndarray) -> tuple[float, float]:
    """Bounds of the mean recall of a class; NaN without a test image of it."""
    if len(recall) > 1 or np.isnan(recall[0]):
        return t_interval(recall)
    return wilson_interval(round(recall[0] * support[0]), int(support[0]))
