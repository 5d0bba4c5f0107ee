"""Where networks err: the scores of each class, what it is taken for, and the hardest images."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fmnist_exp.report.findings import MAX_PANELS, Findings
from fmnist_exp.report.formatting import UNKNOWN, mean, percent
from fmnist_exp.report.page.rendering import Table, data_address, table_of
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.report.statistics.seeds import t_interval
from fmnist_exp.rundir.records import CLASS_METRICS

MAX_IMAGES = 24
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
        "t intervals of recall over seeds"
    )
    return table_of(rows, caption, folded=len(rows) > MAX_UNFOLDED)


def _scores(condition: Condition, name: str) -> dict[str, str]:
    precision, recall, f1, support = (
        condition.class_scores(name, metric) for metric in CLASS_METRICS
    )
    low, high = t_interval(recall)
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


def _mean_known(scores: np.ndarray) -> str:
    return mean(scores[~np.isnan(scores)], 1, 100)


def hard_images(findings: Findings, images: np.ndarray | None) -> list[tuple[str, str]]:
    """Pictures of the images that the fewest runs get right, each with what is said of it.

    Of equally hard images those come first whose commonest answer the most runs give.

    Args:
        findings: what the runs have answered.
        images: the test images, uint8 (num_images, height, width); run directories hold none.
    """
    if findings.num_right is None or images is None:
        return []
    names = findings.study.measured[0].class_names
    answers = list(findings.predictions.values())
    predicted = np.concatenate([each.predicted for each in answers])
    votes = np.array([(predicted == place).sum(axis=0) for place in range(len(names))])
    pictures = []
    for index in np.lexsort([-votes.max(axis=0), findings.num_right])[:MAX_IMAGES]:
        top = np.argsort(-votes[:, index], kind="stable")[:2]
        said = ", ".join(f"{names[k]} {votes[k, index]}" for k in top if votes[k, index])
        caption = f"no. {index}: {names[answers[0].labels[index]]}; said: {said}"
        pictures.append((data_address("png", _png(images[index])), caption))
    return pictures


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG", optimize=True)
    return file.getvalue()
