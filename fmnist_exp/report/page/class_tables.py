"""What happens to each class, as people read it: its scores, and what it is taken for."""

from collections.abc import Sequence

import numpy as np

from fmnist_exp.report.page.formatting import UNKNOWN, percent
from fmnist_exp.report.page.rendering import Table
from fmnist_exp.report.shown import MAX_PANELS, Condition
from fmnist_exp.report.statistics.intervals import t_interval, wilson_interval
from fmnist_exp.rundir.records import CLASS_METRICS

MAX_PAIRS = 10


def per_class_tables(conditions: Sequence[Condition]) -> list[Table]:
    """Precision, recall and F1 of every class, the hardest class of each condition first."""
    rows = []
    for condition in conditions[:MAX_PANELS]:
        found = []
        for name in condition.class_names:
            precision, recall, f1, support = (
                condition.class_scores(name, metric) for metric in CLASS_METRICS
            )
            low, high = _recall_interval(recall, support)
            interval = UNKNOWN if np.isnan(low) else f"[{percent(low, 1)}, {percent(high, 1)}]"
            means = [percent(_mean_known(scores), 1) for scores in (precision, recall, f1)]
            cells = [condition.label, name, *means[:2], interval, means[2], f"{support[0]:.0f}"]
            found.append((np.nan_to_num(f1.mean(), nan=np.inf), cells))
        rows += [cells for _, cells in sorted(found, key=lambda pair: pair[0])]
    columns = ["condition", "class", "precision, %", "recall, %", "95 % CI of recall"]
    columns += ["F1, %", "images"]
    caption = (
        "Means over the runs on the test images, of precision over those that predict the class; "
        "intervals of recall over seeds (t), of a single run over images (Wilson)"
    )
    return [Table(columns, rows, caption, folded=len(rows) > 40)] if rows else []


def confused_pair_tables(conditions: Sequence[Condition]) -> list[Table]:
    """The most frequent mistakes, as a share of the true class, averaged over the conditions.

    Conditions on classes of other names than the first one's are left to their heatmaps.
    """
    if not conditions:
        return []
    names = conditions[0].class_names
    alike = [each for each in conditions[:MAX_PANELS] if each.class_names == names]
    shares = [each.confusions.mean(axis=0) for each in alike]
    mistakes = np.mean(shares, axis=0)
    np.fill_diagonal(mistakes, 0)
    order = np.argsort(-mistakes, axis=None, kind="stable")[:MAX_PAIRS]
    rows = [
        [names[true], names[given], *(percent(share[true, given], 1) for share in shares)]
        for true, given in zip(*np.unravel_index(order, mistakes.shape), strict=True)
        if mistakes[true, given] > 0
    ]
    columns = ["true class", "taken for", *(f"{each.label}, %" for each in alike)]
    caption = "The most frequent mistakes, % of the true class"
    return [Table(columns, rows, caption)] if rows else []


def _mean_known(scores: np.ndarray) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if len(known) else float("nan")


def _recall_interval(recall: np.ndarray, support: np.ndarray) -> tuple[float, float]:
    """Bounds of the mean recall of a class; NaN without a test image of it."""
    if len(recall) > 1 or np.isnan(recall[0]):
        return t_interval(recall)
    return wilson_interval(round(recall[0] * support[0]), int(support[0]))
