"""What was compared: factors, keys that changed with them, and what all runs share."""

import re
from collections.abc import Iterator, Sequence

import numpy as np

from fmnist_exp.console import typed
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.page import words
from fmnist_exp.report.page.class_tables import class_pictures
from fmnist_exp.report.page.next_step import into
from fmnist_exp.report.page.reading import section
from fmnist_exp.report.page.rendering import Section, Table, table_of
from fmnist_exp.report.runs.conditions import column, label, number, printable
from fmnist_exp.report.runs.differing import differences
from fmnist_exp.report.runs.setting import network
from fmnist_exp.report.runs.study import Study

MAX_NETWORKS = 4  # named in a line


def compared(findings: Findings, images: np.ndarray | None = None) -> Section:
    """Everything in which runs differ, and everything that they share.

    Args:
        findings: what the study found.
        images: its test images, uint8 (num_images, height, width); None if there is no copy.
    """
    study = findings.study
    command = [*study.command, into(study)] if study.command else None
    return section(
        "compared",
        paragraphs=list(_in_lines(findings.study)),
        command=typed("train", *command) if command else None,
        tables=_what_differs(findings),
        pictures=class_pictures(findings, images),
    )


def _in_lines(study: Study) -> Iterator[str]:
    """Questions, networks, data and dates, as far as they are known."""
    for question in study.questions:
        yield f"Question: {printable(question)}"
    configs = [run.record.config for run in study.runs]
    networks = list(dict.fromkeys(map(network, configs)))
    more = f"; and {len(networks) - MAX_NETWORKS} more" if networks[MAX_NETWORKS:] else ""
    yield f"Network: {'; '.join(networks[:MAX_NETWORKS])}{more}."
    data = dict.fromkeys(run.record.data_name for run in study.runs)
    yield f"Data: {words.both(list(data))}."
    if dates := sorted({date for run in study.runs for date in _date(str(run.path))}):
        yield f"Date: {dates[0]}{f' to {dates[-1]}' if dates[1:] else ''}."
    if study.command:
        yield "To train all of it again, or to go on with what is missing:"


def _date(path: str) -> list[str]:
    """The date in the path of a run's directory, the last if there are several."""
    return re.findall(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)", path)[-1:]


def _what_differs(findings: Findings) -> list[Table]:
    study = findings.study
    configs = [each.config for each in study.conditions]
    varied = differences(configs, study.keys)
    factors = [
        {"factor": key, "levels": _values(key, (), configs), "role": _role(column(key), findings)}
        for key, follows in varied.items()
        if not follows
    ]
    together = [
        {"key": key, "values": _values(key, follows, configs)}
        for key, follows in varied.items()
        if follows
    ]
    common = sorted(set.intersection(*(set(config.items()) for config in configs)))
    shared = [{"key": key, "value": value} for key, value in common]
    return [
        table_of(factors, "Factors"),
        table_of(together, "Keys that changed together with a factor, each value with its level"),
        table_of(shared, "Keys that all runs share", folded=True),
    ]


def _role(factor: str, findings: Findings) -> str:
    """What a factor is in this report."""
    if factor == findings.design.factor:
        return "asked about"
    return "crossed with it" if factor in findings.design.others else "told apart"


def _values(key: str, follows: Sequence[str], configs: Sequence[dict[str, str]]) -> str:
    """The values of a key, each with the levels of the factors that it follows."""
    levels: dict[str, dict[str, None]] = {}
    for config in configs:
        levels.setdefault(config.get(key, "not set"), {})[label(config, follows)] = None
    if not follows:
        numbers = {value: number(value) for value in levels}
        known = [value for value, each in numbers.items() if each is not None]
        return ", ".join(sorted(known, key=float) if len(known) == len(levels) else levels)
    return "; ".join(f"{value} with {' / '.join(at)}" for value, at in levels.items())
