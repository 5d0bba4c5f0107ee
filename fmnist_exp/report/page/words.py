"""The words of an answer: what levels are called, how numbers and lists are written.

The first line of a report has at most `MAX_WORDS` words; each template is given with shorter forms
for long names, and the first that fits is taken. A form has no full stop: more may follow.
"""

from collections.abc import Iterable, Sequence

from fmnist_exp.report.formatting import shown
from fmnist_exp.report.runs.conditions import LAYERS, WIDTHS
from fmnist_exp.statistics.verdicts import SESOI, Comparison, Verdict

MAX_WORDS = 25
MAX_NAMES = 4  # that are listed in the first line
POINTS = 100  # percentage points in a fraction
DECIDED = (Verdict.BETTER, Verdict.WORSE)
UNSETTLED = ("not settled", "too few seeds", "nothing to compare")  # said without an answer
BOUND = f"{POINTS * SESOI:g}"


class Noun:
    """What a factor and its levels are called, such as initializer or value of learning_rate.

    Attributes:
        one: one level of it.
        many: several.
    """

    def __init__(self, column: str) -> None:
        if column == WIDTHS:
            self.one, self.many = "choice of hidden layers", "choices of hidden layers"
            return
        name = column.rpartition(".")[2]
        head = "value" if name != column else "number" if column == LAYERS else ""
        self.one = f"{head} of {name}" if head else name
        self.many = f"{head}s of {name}" if head else f"{name}s"

    @staticmethod
    def level(label: str) -> str:
        """A level without the name of its factor: 0.1 for learning_rate=0.1."""
        return label.rpartition("=")[2].removesuffix(f" {LAYERS}").removesuffix(" hidden layer")


def points(value: float) -> str:
    """A difference of accuracies in percentage points, without its sign; what is not 0 shows so."""
    return shown(abs(POINTS * value), 2)


def both(names: Sequence[str], joint: str = "and") -> str:
    """Names as a person lists them; semicolons part those that hold commas."""
    *others, last = names
    if any(", " in name for name in names):
        return f"{'; '.join(others)}; {joint} {last}" if others else last
    return f"{', '.join(others)} {joint} {last}" if others else last


def ended(forms: Iterable[str], *ends: str) -> str:
    """The first sentence that is short enough, of forms and what they may end with."""
    return fitting(*(f"{form}{end}." for form in forms for end in ends or [""]))


def fitting(*candidates: str) -> str:
    """The first sentence that is short enough, else the last."""
    return next((each for each in candidates if len(each.split()) <= MAX_WORDS), candidates[-1])


def winner(comparisons: Iterable[Comparison]) -> dict[tuple[str, str], Comparison]:
    """(better arm, worse arm) -> comparison, of those that found a difference."""
    return {
        (each.condition_a, each.condition_b)
        if each.verdict == Verdict.BETTER
        else (each.condition_b, each.condition_a): each
        for each in comparisons
        if each.verdict in DECIDED
    }


def arms_of(comparisons: Sequence[Comparison]) -> list[str]:
    """The arms that are compared, the baseline or the earliest first."""
    pairs = [(each.condition_b, each.condition_a) for each in comparisons]
    return list(dict.fromkeys(name for pair in pairs for name in pair))
