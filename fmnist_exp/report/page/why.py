"""Why: what networks do to signal and gradient before training, in sentences and a table."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fmnist_exp.report.charts.drawing import Chart
from fmnist_exp.report.design import Design
from fmnist_exp.report.findings import Findings
from fmnist_exp.report.formatting import POINTS, fixed, listed, sized
from fmnist_exp.report.page.condition_tables import LONG, MAX_ROWS
from fmnist_exp.report.page.lines import at
from fmnist_exp.report.page.reading import section
from fmnist_exp.report.page.rendering import Section, Table, table_of
from fmnist_exp.report.page.signal_lines import (
    dead_share,
    drift,
    is_apart,
    loss_of_guessing,
    named,
    paragraphs,
)
from fmnist_exp.report.page.words import winner
from fmnist_exp.report.starts import Start, starts_of_study, without_signal
from fmnist_exp.statistics.verdicts import SAME, Comparison


def why(findings: Findings, figures: Sequence[Chart]) -> Section:
    """The section of a study, empty if no run has measured its start; `figures` are its charts."""
    study, design = findings.study, findings.design
    starts = starts_of_study(study, design)
    if not starts:
        return section("why")
    told = [*paragraphs(starts), " ".join(on_results(starts, design, findings.judged))]
    if former := without_signal(study):
        told.append(f"Not measured by runs of former code: {listed(former, '; ')}.")
    return section(
        "why",
        paragraphs=[each for each in told if each],
        figures=figures[:1],
        folded=figures[1:],
        tables=[why_table(starts)],
    )


def why_table(starts: Sequence[Start]) -> Table:
    """A row of numbers for each start, medians over its draws."""
    classes = {int(each.median("fan_out")[-1]) for each in starts}
    guess = f" (ln {max(classes)} = {loss_of_guessing(starts[0]):.3f})" if len(classes) == 1 else ""
    rows = [
        {
            "network": each.label,
            "draws": str(len(each.draws["layer"])),
            f"initial loss{guess}": sized(each.median("initial_loss")[0], 4),
            "favourite class, %": fixed(POINTS * each.median("favourite_share")[0], 0),
            "mean square, first layer": sized(each.median("mean_square")[0]),
            "last layer": sized(each.median("mean_square")[-1]),
            "ratio a layer": sized(each.ratio),
            "in theory": sized(each.theory_ratio),
            "first layer's gradient": sized(each.median("gradient_norm")[0]),
            "dead units, %": fixed(POINTS * dead_share(each), 1),
        }
        for each in starts
    ]
    caption = (
        "Before training, on the first 256 images, medians over the draws. Favourite class: the "
        "images in it. Mean square: of the values before the activation. Dead units: hidden ones "
        "that answer all 256 alike"
    )
    return table_of(rows[:MAX_ROWS], caption, folded=len(rows) > LONG)


def layers_table(start: Start) -> Table:
    """A row of numbers for each layer of a network, medians over its draws."""
    squares, norms = start.median("mean_square"), start.median("gradient_norm")
    unknown = np.full(start.num_layers, np.nan)
    with np.errstate(all="ignore"):
        measured, theory = (
            np.array([np.nan, *(each[1:] / each[:-1])])
            for each in (squares, start.theory.get("mean_square", unknown))
        )
    rows = [
        {
            "layer": str(place + 1),
            "weight SD": sized(start.median("weight_sd")[place]),
            "mean square": sized(squares[place]),
            "ratio": sized(measured[place]),
            "in theory": sized(theory[place]),
            "gradient norm": sized(norms[place]),
            "theory": sized(start.theory.get("gradient_norm", unknown)[place]),
            "dead units, %": fixed(POINTS * start.median("dead_share")[place], 1),
        }
        for place in range(start.num_layers)
    ]
    return table_of(rows, f"{start.label}, medians of {len(start.draws['layer'])} draws")


def on_results(starts: Sequence[Start], design: Design, judged: Sequence[Comparison]) -> list[str]:
    """Whether results went the way of the signals, where gradients differ by a factor of 100."""
    of_condition = {label: each for each in starts for label in each.members}
    told = []
    for place in design.places:
        cells = {level: cell for (level, there), cell in design.cells.items() if there == place}
        known = {
            level: of_condition[cell.label]
            for level, cell in cells.items()
            if cell.label in of_condition
        }
        found = [
            each
            for each in judged
            if each.place == place
            and {each.condition_a, each.condition_b} <= known.keys()
            and is_apart(_gradient(known[each.condition_a]), _gradient(known[each.condition_b]))
            and not (cells[each.condition_a].is_guessing and cells[each.condition_b].is_guessing)
        ]
        where = f"{at(place)}: " if place else ""
        told += [f"{where}{each}" for each in _on_place(found, known)]
    return told


def _on_place(found: Sequence[Comparison], known: Mapping[str, Start]) -> Iterator[str]:
    """What comparisons found whose networks start with gradients far apart; level -> start."""
    better = winner(found)
    along = [pair for pair in better if drift(known[pair[0]]) < drift(known[pair[1]])]
    for name in dict.fromkeys(best for best, _ in along):
        others = [other for best, other in along if best == name]
        yield f"Results agree: {name} keeps the signal better than {named(others)}, and is better."
    for best, other in better:
        if (best, other) not in along:
            yield f"{best} is better than {other}, which keeps the signal better."
    names = [
        each for one in found if one.verdict in SAME for each in (one.condition_b, one.condition_a)
    ]
    if names and not better:
        both = named(list(dict.fromkeys(names)))
        yield f"Training made that good: {both} are practically equal in test accuracy."


def _gradient(start: Start) -> float:
    return float(start.median("gradient_norm")[0])
