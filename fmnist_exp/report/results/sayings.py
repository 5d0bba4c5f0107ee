"""What textbooks and blog posts say, held against all studies that have tested it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fmnist_exp.report.claims import Judged, Ruling
from fmnist_exp.report.formatting import UNKNOWN
from fmnist_exp.report.page.claimed import ruling
from fmnist_exp.report.page.rendering import Table, table_of
from fmnist_exp.report.page.words import both

SOURCE = "textbooks and blog posts"  # what the source of such a claim names
SAID_BY = {
    Ruling.SUPPORTED: "supported by",
    Ruling.NOT_SUPPORTED: "not supported by",
    Ruling.INCONCLUSIVE: "left open by",
    Ruling.NOT_JUDGED: "not judged by",
}


@dataclass(frozen=True)
class Saying:
    """A sentence that people say, and what the studies say of it.

    Attributes:
        words: the sentence.
        verdict: which studies support it, in a sentence.
        tests: a row for each claim by which a study has tested it.
    """

    words: str
    verdict: str
    tests: Table


def sayings(judged: Sequence[tuple[str, Judged]]) -> list[Saying]:
    """Sentences that textbooks and blog posts are claimed to say, in the order of the studies.

    Args:
        judged: names of studies, each with a claim of its own.
    """
    groups: dict[str, list[tuple[str, Judged]]] = {}
    for study, each in judged:
        if SOURCE in each.claim.source:
            groups.setdefault(each.claim.says, []).append((study, each))
    return [Saying(words, _verdict(tests), _table(tests)) for words, tests in groups.items()]


def _verdict(tests: Sequence[tuple[str, Judged]]) -> str:
    """Which studies support a sentence; of a study that is at odds with itself, how many tests."""
    totals = Counter(study for study, _ in tests)
    counts = Counter((each.verdict, study) for study, each in tests)
    parts = []
    for verdict, words in SAID_BY.items():
        names = [
            f"{study} ({count} of {total} tests)" if count < total else study
            for study, total in totals.items()
            if (count := counts[verdict, study])
        ]
        if names:
            parts.append(f"{words} {both(names)}")
    found = {each.verdict for _, each in tests}
    start = {
        (True, True): "It depends",
        (True, False): "It holds wherever that was settled",
        (False, True): "It holds nowhere where that was settled",
        (False, False): "Not settled",
    }[Ruling.SUPPORTED in found, Ruling.NOT_SUPPORTED in found]
    return f"{start}: {'; '.join(parts)}."


def _table(tests: Sequence[tuple[str, Judged]]) -> Table:
    hows = [each.claim.source.partition("; ")[2] for _, each in tests]
    shown = {"how": UNKNOWN} if any(hows) else {}
    return table_of(
        [
            {"study": study, **{name: how or none for name, none in shown.items()}, **ruling(each)}
            for how, (study, each) in zip(hows, tests, strict=True)
        ]
    )
