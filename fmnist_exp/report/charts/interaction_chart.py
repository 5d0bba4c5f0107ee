"""The figure of a study of several factors: every level of one of them over another."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import FAINT, SMALL, colour, marker
from fmnist_exp.report.design import CONDITION, Design
from fmnist_exp.report.formatting import POINTS
from fmnist_exp.report.runs import conditions
from fmnist_exp.report.runs.study import Condition, Study
from fmnist_exp.statistics.seeds import SHARE, t_interval
from fmnist_exp.statistics.verdicts import PRIMARY

MAX_LINES = 8  # levels of the factor that is asked about
MAX_PANELS = 4  # combinations of the factors beyond the second
MANY_TIMES = 30  # from which on the numbers of an axis are placed by their ratios
DODGE = 0.012  # of the axis, between the intervals of two levels
LABEL, LONG = 14, 24  # characters of a value that stands upright below the axis, or slanting

Cells = dict[tuple[str, str], Condition]  # (level, value of the other factor) -> condition


def is_crossed(design: Design) -> bool:
    """Whether levels of the factor that is asked about have results at several places."""
    return design.factor != CONDITION and len({place for _, place in design.cells}) > 1


def left_out(design: Design) -> str:
    """Sentences on what the figure does not show; empty if it shows all."""
    missing = [f"{level} at {place}" for level, place in design.missing()]
    more = f" and {len(missing) - 3} more" if missing[3:] else ""
    text = f" Without a result: {', '.join(missing[:3])}{more}." if missing else ""
    if design.levels[MAX_LINES:]:
        text += f" Shown: {MAX_LINES} of {len(design.levels)} levels; the tables hold the rest."
    return text


def draw_interaction(study: Study, design: Design, title: Sequence[str]) -> Figure:
    """Test accuracy of every level over the other factor: mean and 95 % t interval of each.

    Numbers stand on an axis of numbers, by their ratios where they span several orders. With
    three factors or more, the combinations of the rest have a panel each.

    Args:
        study: where the conditions come from.
        design: `is_crossed`.
        title: lines above.
    """
    axis, panels = panels_of(study, design)
    shown = list(panels)[:MAX_PANELS]
    num_columns = min(2, len(shown))
    num_rows = -(-len(shown) // num_columns)
    figure = drawing.new_figure(drawing.WIDTH, 0.9 + 3.2 * num_rows, *title)
    grid = figure.subplots(num_rows, num_columns, sharey=True, squeeze=False)
    levels = design.levels[:MAX_LINES]
    values = _values(panels)
    for axes, name in zip(grid.flat, shown, strict=False):
        places = _name_axis(axes, values)
        for index, name_of_level in enumerate(conditions.short_names(levels)):
            cells = [panels[name].get((levels[index], value)) for value in values]
            _draw_level(axes, index, len(levels), places, cells, name_of_level)
        axes.set_title(name)
        axes.set_xlabel(axis)
        axes.grid(axis="y")
    for axes in grid.flat[len(shown) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("test accuracy, %")
    _mark_chance(list(grid.flat)[: len(shown)], list(design.cells.values()))
    handles, names = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center")
    return figure


def panels_of(study: Study, design: Design) -> tuple[str, dict[str, Cells]]:
    """The factor that makes the axis, the first of numbers if there is one; panel -> its cells."""
    found = {place: study.levels(cell) for place, cell in design.cells.items()}
    others = [
        name
        for name in next(iter(found.values()))
        if name != design.factor and len({levels[name] for levels in found.values()}) > 1
    ]
    of_numbers = [name for name in others if _numbers([each[name] for each in found.values()])]
    axis = (of_numbers or others)[0]
    rest = [key for key in study.keys if conditions.column(key) in others]
    rest = [key for key in rest if conditions.column(key) != axis]
    panels: dict[str, Cells] = {}
    for (level, place), cell in design.cells.items():
        name = conditions.label(cell.config, rest) if rest else ""
        panels.setdefault(name, {})[level, found[level, place][axis]] = cell
    return axis, panels


def _values(panels: Mapping[str, Cells]) -> list[str]:
    """The values of the axis, numbers in order, others as they came."""
    values = list(dict.fromkeys(value for cells in panels.values() for _, value in cells))
    numbers = _numbers(values)
    return [values[place] for place in np.argsort(numbers, kind="stable")] if numbers else values


def _numbers(values: Sequence[str]) -> list[float]:
    """The numbers that all values are; empty if one is none."""
    numbers = [each for each in map(conditions.number, values) if each is not None]
    return numbers if len(numbers) == len(values) and np.isfinite(numbers).all() else []


def _name_axis(axes: Axes, values: Sequence[str]) -> list[float]:
    """Scale the axis and name its values; where each of them stands."""
    numbers = _numbers(values)
    if numbers and numbers[0] > 0 and numbers[-1] >= MANY_TIMES * numbers[0]:
        axes.set_xscale("log")
    places = numbers or list(map(float, range(len(values))))
    names = [text.replace("\n", " ") for text in conditions.short_names(values)]
    names = [text if len(text) <= LONG else f"{text[:10]}…{text[9 - LONG :]}" for text in names]
    axes.set_xticks(places, names)
    axes.minorticks_off()
    if max(map(len, names)) * len(names) > 60 or max(map(len, names)) > LABEL:
        axes.tick_params(axis="x", labelrotation=30)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.margins(x=0.08)
    return places


def _draw_level(
    axes: Axes,
    index: int,
    num_levels: int,
    places: Sequence[float],
    cells: Sequence[Condition | None],
    name: str,
) -> None:
    """A line through the means of one level, and its intervals, a little beside the others'."""
    means = [each.values(PRIMARY).mean() if each else np.nan for each in cells]
    bounds = [t_interval(each.values(PRIMARY), SHARE) if each else (np.nan,) * 2 for each in cells]
    lows, highs = POINTS * np.array(bounds, dtype=float).T
    is_log = axes.get_xscale() == "log"
    scaled = np.log(places) if is_log else np.array(places)
    moved = scaled + (index - (num_levels - 1) / 2) * DODGE * max(np.ptp(scaled), 1e-9)
    across = np.exp(moved) if is_log else moved
    ink, shape = colour(index), marker(index)
    heights = POINTS * np.array(means, dtype=float)
    axes.plot(across, heights, f"{shape}-", color=ink, label=name, markersize=5)
    axes.vlines(across, lows, highs, color=ink, linewidth=1.5)


def _mark_chance(every: Sequence[Axes], cells: Sequence[Condition]) -> None:
    """A line at the accuracy of guessing; a note where all results lie far above it."""
    classes = {len(cell.class_names) for cell in cells}
    if len(classes) > 1:
        return
    chance = POINTS / classes.pop()
    for axes in every:
        low, high = axes.get_ylim()
        if low > 2 * chance:
            axes.set_ylim(bottom=low - 0.1 * (high - low))  # room for the note
            text, height, place = f"chance ({chance:.3g} %) lies below", 0.02, axes.transAxes
        else:
            axes.set_ylim(bottom=0)
            axes.axhline(chance, color=FAINT, linestyle=":", linewidth=1.2)
            text, height, place = "chance", chance, axes.get_yaxis_transform()
        axes.text(0.01, height, text, transform=place, va="bottom", color=FAINT, fontsize=SMALL)
