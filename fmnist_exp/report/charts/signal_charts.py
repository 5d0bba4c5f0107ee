"""The figures of networks before training: signal and gradient over the layers."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import INK, Chart, beside, caption_of, colour, marker
from fmnist_exp.report.formatting import sized
from fmnist_exp.report.runs.conditions import short_names
from fmnist_exp.report.starts import Start, by_depth

PANELS = {
    "mean_square": "signal: mean square before the activation",
    "gradient_norm": "gradient of the weights: its norm",
}
MAX_LINES = 6  # networks in a panel: as many as there are colours
MAX_ROWS = 3  # places below the deepest that have small panels
FEW_TICKS = 100  # times the lowest value, below which powers of 10 alone would be too few ticks
CAPTION = (
    "Networks before training, layer by layer, on a log scale. Points: median over the draws of "
    "the weights; band: from the lowest to the highest; dashed: theory, from the first signal and "
    "the last gradient. What is 0, or not finite, is left out"
)


def draw_signals(starts: Sequence[Start], looks: Mapping[str, int], about: str = "") -> list[Chart]:
    """The deepest networks in large panels; those at other places in small ones, if there are any.

    Args:
        starts: all of a study; without any there is no chart.
        looks: level -> number of its colour and marker.
        about: second line of the title.
    """
    places = by_depth(starts)
    deepest, *others = places
    charts = []
    for name, part in (("signal", [deepest]), ("signal_by_place", others)):
        every = [each for place in part for each in places[place]]
        groups = {place: places[place][:MAX_LINES] for place in part[:MAX_ROWS]}
        if shown := [each for group in groups.values() for each in group]:
            where = f": {deepest}" if name == "signal" and deepest else ""
            title = (f"Signal and gradient before training{where}", about)
            with drawing.house_style():
                figure = _draw(groups, looks, title)
            what = CAPTION if name == "signal" else f"The same at {'; '.join(groups)}"
            charts.append(Chart(name, caption_of(what, shown, every, "networks"), figure))
    return charts


def _draw(
    groups: Mapping[str, Sequence[Start]], looks: Mapping[str, int], title: Sequence[str]
) -> Figure:
    """A row of panels for each place."""
    every = [each for group in groups.values() for each in group]
    levels = list(dict.fromkeys(each.level for each in every))
    legend = 0.3 + 0.2 * (1 + len(levels) // 3)
    height = 3 if len(groups) == 1 else 1.6
    figure = drawing.new_figure(10, 0.9 + legend + height * len(groups), *title)
    grid = figure.subplots(len(groups), len(PANELS), sharex=True, sharey="col", squeeze=False)
    names = dict(zip(levels, short_names(levels), strict=True))
    for row, (place, group) in zip(grid, groups.items(), strict=True):
        for axes, column in zip(row, PANELS, strict=True):
            for each in group:
                _draw_start(axes, each, column, looks[each.level], names[each.level])
        if len(groups) > 1:
            row[0].set_ylabel(beside(place))
    for axes, (column, what) in zip(grid[0], PANELS.items(), strict=True):
        axes.set_title(what)
        _scale(axes, every, column)
    for axes in grid.flat:
        axes.grid()
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.set_xlim(0.5, 0.5 + max(each.num_layers for each in every))
    for axes in grid[-1]:
        axes.set_xlabel("layer")
    found = [axes.get_legend_handles_labels() for axes in grid[:, 0]]
    handles = {name: handle for each in found for handle, name in zip(*each, strict=True)}
    if any(each.theory for each in every):
        (handles["theory"],) = grid[0, 0].plot([], [], "--", color=INK, linewidth=1)
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=4)
    return figure


def _draw_start(axes: Axes, start: Start, column: str, look: int, name: str) -> None:
    """Points, band and theory of one network."""
    draws, layers, ink = _positive(start.draws[column]), start.median("layer"), colour(look)
    if len(draws) > 1:
        axes.fill_between(
            layers,
            _edge(np.fmin, draws),
            _edge(np.fmax, draws),
            color=ink,
            alpha=0.2,
            linewidth=0,
        )
    median = _positive(start.median(column))
    axes.plot(layers, median, marker(look), color=ink, markersize=4, label=name)
    if column in start.theory:
        axes.plot(layers, _positive(start.theory[column]), "--", color=INK, linewidth=1)


def _scale(axes: Axes, starts: Sequence[Start], column: str) -> None:
    """A log scale; limits of its own where there is nothing that it can show."""
    shown = np.concatenate([_positive(each.draws[column]).ravel() for each in starts])
    axes.set_yscale("log")
    if np.isnan(shown).all():
        axes.set_ylim(0.1, 10)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < FEW_TICKS * low else (1,)))
    axes.yaxis.set_major_formatter(lambda value, _: sized(value, 1))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _edge(extreme: np.ufunc, draws: np.ndarray) -> np.ndarray:
    """The lowest or highest number of each layer that is known: float (num_layers,)."""
    found: np.ndarray = extreme.reduce(draws, axis=0)
    return found


def _positive(numbers: np.ndarray) -> np.ndarray:
    """Numbers that a log scale can show, NaN in the place of others."""
    return np.where(np.isfinite(numbers) & (numbers > 0), numbers, np.nan)
