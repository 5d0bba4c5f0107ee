"""How a report is read: its sections in order, each with a sentence, and the terms that it uses."""

from typing import NamedTuple

from fmnist_exp.report.page.rendering import Section, Table
from fmnist_exp.report.page.words import BOUND
from fmnist_exp.statistics.power import POWER
from fmnist_exp.statistics.verdicts import MIN_PAIRS


class Heading(NamedTuple):
    """What stands above a section: its title, and the sentence that says how to read it."""

    title: str
    lead: str


# In the order of the page.
SECTIONS = {
    "compared": Heading(
        "What was compared",
        "The factors were varied on purpose; what changed together with one of them is named, too.",
    ),
    "leaderboard": Heading(
        "Results",
        "One row for each condition, the best first; n is the number of seeds, and the brackets "
        "hold the interval of the mean.",
    ),
    "differences": Heading(
        "Differences",
        "Each row compares A with B within the same seeds: where the interval for a difference "
        "leaves out 0, they differ.",
    ),
    "claims": Heading(
        "Claims",
        "What was claimed before the first run: supported means that this study agrees, not "
        "supported that it contradicts, both by the intervals above.",
    ),
    "seeds": Heading(
        "Every seed",
        "Each dot is one run with a seed of its own, and the bar is the mean of the condition.",
    ),
    "curves": Heading(
        "Learning curves",
        "Training goes from left to right; where the validation loss rises again, overfitting has "
        "begun.",
    ),
    "why": Heading(
        "Why: signal and gradient before training",
        "A signal that dies on its way through the untrained layers takes the gradient with it; "
        "theory predicts both for ReLU.",
    ),
    "training": Heading(
        "Speed, stability, overfitting",
        "How fast and how steadily networks learn: fewer epochs and a lower loss mean faster.",
    ),
    "errors": Heading(
        "Where the networks err",
        "Each row is a true class, each column an answer: high numbers off the diagonal are the "
        "usual mistakes.",
    ),
    "hard": Heading(
        "Hard images",
        "Each picture is a test image: its true class, and the two most frequent answers with the "
        "number of runs that gave them.",
    ),
    "published": Heading(
        "Published results",
        "Means that others have reached with similar networks: a rough guide, as their recipes and "
        "splits differ.",
    ),
    "calibration": Heading(
        "Calibration, agreement, ensembles",
        "Of the answers of which a calibrated network is 80 % sure, 80 % are right; ECE is the "
        "mean gap, lower is better.",
    ),
    "runs": Heading(
        "Runs and provenance",
        "Where the numbers come from: the code, the libraries, the machine, and every run.",
    ),
    "methods": Heading(
        "Methods", "How the numbers were computed, for those who want to check them."
    ),
    "glossary": Heading("Glossary", "What the words of this page mean."),
}

# Those that docs/glossary.md has, in its words.
TERMS = {
    "run": (
        "one training of one config with one seed; it has one directory and one record, `run.json`"
    ),
    "seed": (
        "the number that fixes all random choices of a run: initial weights, order of the images, "
        "dropout, augmentation. 0 is a seed like any other, and seeds are never tuned"
    ),
    "condition": "a config without its seeds; one row of a comparison table",
    "factor, level": (
        "a key that varies in a sweep, and one of its values: `initializer` is a factor, "
        "`he_normal` a level"
    ),
    "split": (
        "the training, validation or test images. Training images fit the weights, validation "
        "images choose, test images report"
    ),
    "epoch, step, batch": (
        "one pass over the training images; one update of the weights; the images of one step"
    ),
    "accuracy, loss": (
        "the share of images whose class is named rightly; how little probability a network gives "
        "to the true classes, the mean of its negative logarithm (cross-entropy)"
    ),
    "point": "a percentage point of accuracy: 88.2 % is one point more than 87.2 %",
    "SD": "standard deviation: how far single runs usually lie from their mean",
    "95 % interval": (
        "where the mean over all seeds may lie: of 100 such intervals, 95 hold it. Square brackets "
        "hold its ends"
    ),
    "paired": (
        "two runs of different conditions with the same seed; differences are taken within such "
        "pairs"
    ),
    "interval for a difference": (
        "where the true difference may lie; drawn thin. If it leaves out 0, one side is better"
    ),
    "interval for equality": (
        "a little narrower, drawn thick: equality can be claimed falsely on one side alone (two "
        "one-sided tests, TOST)"
    ),
    "practically equal": (
        f"the interval for equality lies between \N{MINUS SIGN}{BOUND} and +{BOUND} points: no "
        "difference that matters"
    ),
    "better, worse": "the interval for a difference leaves out 0",
    "not settled, undecided": "neither: it takes more seeds to tell",
    "survivors differ": "better, but more of its runs ended without a result, so not called better",
    "exploratory": f"fewer than {MIN_PAIRS} pairs: no interval and no verdict",
    "identical": "all runs of a seed have the same results",
    "described": "shown with an interval and without a verdict",
    "interaction": "how much a difference changes from one level of another factor to the next",
    "claim; supported, not supported, inconclusive": (
        "a sentence about a comparison that was written before the first run, with the rule that "
        "judges it; the interval of the study agrees with the rule, contradicts it, or leaves both "
        "open"
    ),
    "power": (
        "the chance that a study finds what is there; the seeds to plan are those with a power of "
        f"{100 * POWER:g} %"
    ),
    "p": (
        "the chance of a difference as large as the observed one, or larger, if there were none; "
        "of one pair alone, not adjusted"
    ),
    "precision, recall, F1": (
        "of the images that are said to be of a class, the share that is; of the images of a "
        "class, the share that is found; the harmonic mean of both"
    ),
    "ECE": (
        "expected calibration error: the mean gap between how sure a network is and how often it "
        "is right"
    ),
    "ensemble": (
        "all networks of a condition, answering together: the class with the highest mean of their "
        "probabilities. There is one for all seeds, so it has no interval over seeds"
    ),
    "signal": (
        "what flows forward through the layers; its size is the mean square of the weighted sums, "
        "before the activation"
    ),
    "gradient": (
        "the direction in which the loss grows; its norm says how strongly the weights of a layer "
        "are pushed"
    ),
    "dead unit": "one that answers every image alike",
    "diverged": "ended with a loss that is no number; a result, and no failure of the program",
}


def section(name: str, **parts: object) -> Section:
    """A section under its heading; parts as the attributes of `Section`."""
    return Section(name, **SECTIONS[name]._asdict(), **parts)  # type: ignore[arg-type]


def glossary() -> Section:
    """The terms of a page."""
    rows = [[term, meaning.replace("`", "")] for term, meaning in TERMS.items()]
    return section("glossary", tables=[Table(["term", "meaning"], rows, "Terms", folded=True)])
