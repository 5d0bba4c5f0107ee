"""Small pictures of test images: those that every run gets wrong, and those in dispute."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page.rendering import Strip, data_address

MAX_IMAGES = 12  # in a strip


def strips(findings: Findings, images: np.ndarray | None) -> list[Strip]:
    """Pictures of the images about which the runs agree least; a sentence if there are none.

    Args:
        findings: what the runs have answered.
        images: the test images, uint8 (num_images, height, width); run directories hold none.
    """
    found = findings.agreement
    if found is None:
        return []
    if images is None:
        return [Strip("No pictures: this machine has no copy of these test images.")]
    names = findings.conditions[0].class_names
    answers = list(findings.predictions.values())
    predicted = np.concatenate([each.predicted for each in answers])

    def picture(index: int) -> tuple[str, str]:
        label = names[answers[0].labels[index]]
        caption = f"no. {index}: {label}; said: {_votes(predicted[:, index], names)}"
        return data_address("png", _png(images[index])), caption

    chosen = {
        "Wrong in every run, those first whose wrong answer is most common:": found.always_wrong,
        "In dispute, those first whose commonest answer is rarest:": found.disputed,
    }
    return [
        Strip(caption, list(map(picture, indices[:MAX_IMAGES])))
        for caption, indices in chosen.items()
        if len(indices)
    ]


def _votes(answers: np.ndarray, names: Sequence[str]) -> str:
    """The two commonest answers to an image, and how many runs gave them."""
    votes = np.bincount(answers, minlength=len(names))
    top = np.argsort(-votes, kind="stable")[:2]
    return ", ".join(f"{names[k]} {votes[k]}" for k in top if votes[k])


def _png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG", optimize=True)
    return file.getvalue()
