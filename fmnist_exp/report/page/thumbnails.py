"""Small pictures of test images: those that every run gets wrong, and those in dispute."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.rendering import Thumbnail, ThumbnailStrip, data_address
from fmnist_exp.report.runs.predictions import Predictions

MAX_IMAGES = 12  # in a strip


def strips(findings: Findings, images: np.ndarray | None) -> list[ThumbnailStrip]:
    """Pictures of the images about which the runs agree least; a sentence if there are none.

    Args:
        findings: what the runs have answered.
        images: the test images, uint8 (num_images, height, width); run directories hold none.
    """
    found = findings.agreement
    if found is None:
        return []
    answers = list(findings.predictions.values())
    if images is None:
        return [ThumbnailStrip("No pictures: this machine has no copy of these test images.", [])]
    names = findings.conditions[0].class_names
    predicted = np.concatenate([each.predicted for each in answers])
    return [
        ThumbnailStrip(
            caption, _pictures(chosen[:MAX_IMAGES], images, answers[0], predicted, names)
        )
        for caption, chosen in (
            (
                "Wrong in every run, those first whose wrong answer is most common:",
                found.always_wrong,
            ),
            ("In dispute, those first whose commonest answer is rarest:", found.disputed),
        )
        if len(chosen)
    ]


def _pictures(
    chosen: np.ndarray,
    images: np.ndarray,
    answers: Predictions,
    predicted: np.ndarray,
    names: Sequence[str],
) -> list[Thumbnail]:
    pictures = []
    for index in chosen:
        votes = np.bincount(predicted[:, index], minlength=len(names))
        top = np.argsort(-votes, kind="stable")[:2]
        said = ", ".join(f"{names[k]} {votes[k]}" for k in top if votes[k])
        caption = f"no. {index}: {names[answers.labels[index]]}; said: {said}"
        pictures.append(Thumbnail(data_address("png", _png(images[index])), caption))
    return pictures


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG", optimize=True)
    return file.getvalue()
