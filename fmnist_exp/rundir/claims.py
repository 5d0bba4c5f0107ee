"""What a study asks, and what is claimed about its answer: written before its first run.

Both stand in the file of a study, and in `study.json` of each sweep of it; a report judges them.
"""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from fmnist_exp.errors import did_you_mean
from fmnist_exp.strict import Strict, Text

PRIMARY = "test_accuracy"  # the one metric with a smallest difference that matters
METRICS = (PRIMARY, "test_loss", "first_epoch_train_loss", "mean_validation_loss")
VERDICTS = ("better", "worse", "equal", "not better")  # rules about A - B
WITHIN = "within"  # a rule about A - B: between -X and X
BOUNDS = ("above", "below", WITHIN)  # rules that name a fraction: of A - B, or of the mean of A
RULES = (*VERDICTS, *(f"{bound} X" for bound in BOUNDS))
BETWEEN = " - "


def typed(name: str) -> str:
    """A name in a report as one types it: with a plain minus and single spaces."""
    return " ".join(name.replace("\N{MINUS SIGN}", "-").split())


def _known_metric(text: str) -> str:
    if text not in METRICS:
        meant = did_you_mean(text, METRICS)
        raise ValueError(f"must be a metric of comparisons.csv, received {text!r}.{meant}")
    return text


def _known_rule(text: str) -> str:
    bound, _, number = text.partition(" ")
    is_bound = bound in BOUNDS and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", number)
    if text not in VERDICTS and not is_bound:
        meant = did_you_mean(text, RULES)
        raise ValueError(f"must be one of {', '.join(RULES)}, received {text!r}.{meant}")
    return text


class Claim(Strict, title="a part of a claim"):
    """A sentence that a study can contradict.

    Attributes:
        says: the sentence, as people say it.
        source: who says so.
        comparison: `A - B` or `A - B, PLACE` in the words of a report; or `A` or `A, PLACE`, one
            condition alone.
        metric: one of `METRICS`.
        rule: one of `RULES`: what A must be, held against B; or where the difference, or the mean
            of the one condition, must lie.
    """

    says: Text = Field(examples=["He initialization is better with ReLU"])
    source: Text = Field(examples=["textbooks"])
    comparison: Annotated[Text, AfterValidator(typed)] = Field(
        examples=["he_normal - glorot_uniform"]
    )
    metric: Annotated[Text, AfterValidator(_known_metric)] = Field(examples=[PRIMARY])
    rule: Annotated[Text, AfterValidator(_known_rule)] = Field(examples=["better"])

    @property
    def bound(self) -> float | None:
        """The number that a rule names, as a fraction; None if it names none."""
        return None if self.rule in VERDICTS else float(self.rule.partition(" ")[2])

    @property
    def is_difference(self) -> bool:
        """Whether it compares two conditions."""
        return BETWEEN in self.comparison

    @model_validator(mode="after")
    def _can_be_judged(self) -> Self:
        if self.rule == "equal" and self.metric != PRIMARY:
            raise ValueError(
                f"must have metric {PRIMARY} for rule 'equal', received {self.metric!r}: of no "
                "other metric is it fixed which difference matters"
            )
        if self.rule in VERDICTS and not self.is_difference:
            raise ValueError(
                f"must compare two conditions, A - B, for rule {self.rule!r}, received "
                f"{self.comparison!r}: of one alone it can be said that it lies above or below X"
            )
        if self.rule.startswith(WITHIN) and not (self.is_difference and (self.bound or 0) > 0):
            raise ValueError(
                f"must compare two conditions and name a number above 0 for rule {WITHIN!r}, "
                f"received {self.comparison!r} and {self.rule!r}"
            )
        if self.metric == PRIMARY and self.bound is not None and abs(self.bound) > 1:
            raise ValueError(
                f"must name a fraction in its rule, received {self.rule!r}: 0.02 is two points"
            )
        return self


class Question(Strict):
    """What is asked of a study, in a sentence, and what is claimed about the answer."""

    question: Text | None = None
    claims: tuple[Claim, ...] = ()
