"""Where networks err: the scores of each class, what it is taken for, and the hardest images."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fmnist_exp.report.findings import MAX_PANELS, Findings
from fmnist_exp.report.formatting import POINTS, mean, mean_with_interval
from fmnist_exp.report.page.rendering import Section, Table, data_address, table_of
from fmnist_exp.report.runs.study import Condition
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
        "95 % t intervals of recall"
    )
    return table_of(rows, caption, folded=len(rows) > MAX_UNFOLDED)


def _scores(condition: Condition, name: str) -> dict[str, str]:
    precision, recall, f1, support = (
        condition.class_scores(name, metric) for metric in CLASS_METRICS
    )
    return {
        "condition": condition.label,
        "class": name,
        "precision, %": mean(precision, 1, POINTS),
        "recall, %": mean_with_interval(recall, 1, POINTS),
        "F1, %": mean(f1, 1, POINTS),
        "images": f"{support[0]:.0f}",
    }


def hard_images(findings: Findings, images: np.ndarray | None) -> Section:
    """How many test images every run gets wrong; pictures of those that the fewest get right.

    Of equally hard images those come first whose commonest answer the most runs give.

    Args:
        findings: what the runs have answered.
        images: the test images, uint8 (num_images, height, width); run directories hold none.
    """
    stored = list(findings.predictions.values())
    if len({each.labels.tobytes() for each in stored}) != 1:  # none, or those of several data sets
        return Section("hard", "Hard images")
    labels, names = stored[0].labels, findings.study.measured[0].class_names
    predicted = np.concatenate([each.predicted for each in stored])
    num_right = (predicted == labels).sum(axis=0)
    votes = np.array([(predicted == place).sum(axis=0) for place in range(len(names))])
    pictures = []
    for index in np.lexsort([-votes.max(axis=0), num_right])[:MAX_IMAGES]:
        if images is None:
            break
        top = np.argsort(-votes[:, index], kind="stable")[:2]
        said = ", ".join(f"{names[k]} {votes[k, index]}" for k in top if votes[k, index])
        caption = f"no. {index}: {names[labels[index]]}; said: {said}"
        pictures.append((data_address("png", _png(images[index])), caption))
    wrong = f"{np.sum(num_right == 0):,} of {len(labels):,} test images"
    text = f"{wrong} are answered wrongly by every run of every condition."
    return Section("hard", "Hard images", [text], pictures=pictures)


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG", optimize=True)
    return file.getvalue()
