"""Where networks err: the scores of each class, and the hardest images."""

import io
from collections import Counter
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fmnist_exp.report.findings import MAX_PANELS, Findings
from fmnist_exp.report.formatting import POINTS, mean, mean_with_interval
from fmnist_exp.report.page.reading import section
from fmnist_exp.report.page.rendering import Section, Table, data_address, table_of
from fmnist_exp.report.runs.study import Condition
from fmnist_exp.rundir.records import CLASS_METRICS
from fmnist_exp.statistics.seeds import SHARE

MAX_IMAGES = 24


def per_class(conditions: Sequence[Condition]) -> Table:
    """Precision, recall and F1 of every class, the hardest class of each condition first."""
    rows = []
    for condition in conditions[:MAX_PANELS]:
        f1 = [condition.class_scores(name, "f1").mean() for name in condition.class_names]
        for place in np.argsort(f1):  # NaN, of a class without images, comes last
            name = condition.class_names[place]
            precision, recall, f1_scores, support = (
                condition.class_scores(name, metric) for metric in CLASS_METRICS
            )
            rows.append(
                {
                    "condition": condition.label,
                    "class": name,
                    "precision, %": mean(precision, 1, POINTS),
                    "recall, %": mean_with_interval(recall, 1, POINTS, SHARE),
                    "F1, %": mean(f1_scores, 1, POINTS),
                    "images": f"{support[0]:.0f}",
                }
            )
    caption = (
        "Precision, recall and F1 of each class: means over the runs, of precision over those that "
        "predict the class; 95 % t intervals of recall"
    )
    return table_of(rows, caption, folded=True)


def hard_images(findings: Findings, images: np.ndarray | None) -> Section:
    """How many test images every run gets wrong; pictures of those that the fewest get right.

    Args:
        findings: what the runs have answered.
        images: the test images, uint8 (num_images, height, width); run directories hold none.
    """
    stored = list(findings.predictions.values())
    if len({each.labels.tobytes() for each in stored}) != 1:  # none, or those of several data sets
        return section("hard")
    labels, names = stored[0].labels, findings.study.measured[0].class_names
    predicted = np.concatenate([each.predicted for each in stored])
    num_right = (predicted == labels).sum(axis=0)
    pictures = []
    for index in np.argsort(num_right, kind="stable")[:MAX_IMAGES]:
        if images is None:
            break
        votes = Counter(predicted[:, index].tolist()).most_common(2)
        said = ", ".join(f"{names[place]} ({count})" for place, count in votes)
        caption = f"no. {index}: {names[labels[index]]}; said: {said}"
        pictures.append((data_address("png", _png(images[index])), caption))
    wrong = f"{np.sum(num_right == 0):,} of {len(labels):,} test images"
    text = f"{wrong} are answered wrongly by every run of every condition."
    if pictures:
        text += " The pictures show those that the fewest runs get right."
    return section("hard", paragraphs=[text], pictures=pictures)


def class_pictures(findings: Findings, images: np.ndarray | None) -> list[tuple[str, str]]:
    """The first test image of every class; see `hard_images`."""
    stored = list(findings.predictions.values())
    if images is None or len({each.labels.tobytes() for each in stored}) != 1:
        return []
    labels, names = stored[0].labels, findings.study.measured[0].class_names
    first = {name: np.flatnonzero(labels == place)[:1] for place, name in enumerate(names)}
    return [
        (data_address("png", _png(images[index])), name)
        for name, found in first.items()
        for index in found
    ]


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG", optimize=True)
    return file.getvalue()
