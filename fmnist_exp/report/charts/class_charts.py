"""Figures of classes: which are hard, what they are taken for, and where two conditions differ."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from fmnist_exp.report.charts import drawing
from fmnist_exp.report.charts.drawing import COLOURS, FAINT, INK, SMALL
from fmnist_exp.report.formatting import MINUS, POINTS
from fmnist_exp.report.runs.conditions import short_names
from fmnist_exp.report.runs.study import Condition

ERRORS, FEWER = COLOURS[1], COLOURS[0]  # the more of this, the more errors; fewer than elsewhere
STRONGEST = 0.65  # opacity of a cell on which ink can still be read
MUTED = 0.12  # opacity of the diagonal
MANY = 12  # classes from which on cells hold whole numbers


def draw_per_class(conditions: Sequence[Condition], title: Sequence[str] = ()) -> Figure:
    """Mean F1 of every class in every condition, hardest class first.

    Args:
        conditions: conditions with the same class names.
        title: lines above.
    """
    names = conditions[0].class_names
    f1 = np.array(
        [[each.class_scores(name, "f1").mean() for each in conditions] for name in names]
    )  # float (num_classes, num_conditions)
    order = np.argsort(f1.mean(axis=1))  # NaN comes last
    f1 = f1[order]
    errors = np.nan_to_num(1 - f1)
    width = max(5, min(10, 2.6 + 0.55 * len(conditions)))
    figure = drawing.new_figure(width, 2.4 + 0.27 * len(names), *title)
    cells = np.where(np.isnan(f1), "-", np.char.mod("%.1f", POINTS * np.nan_to_num(f1)))
    axes = figure.subplots()
    _shade(axes, errors / max(errors.max(), 1e-9), cells, np.full(f1.shape, ERRORS))
    _name_cells(
        axes,
        short_names([names[index] for index in order]),
        [condition.name for condition in conditions],
    )
    return figure


def draw_shares(
    shares: np.ndarray, cells: np.ndarray, class_names: Sequence[str], title: Sequence[str]
) -> Figure:
    """What the images of each class are taken for; right answers are muted, so that errors show.

    Args:
        shares: float (num_classes, num_classes); row is the true class.
        cells: str (num_classes, num_classes); what each cell says.
        class_names: name of each class.
        title: lines above.
    """
    right = np.eye(len(shares), dtype=bool)
    errors = np.where(right, 0, shares)
    weights = np.where(right, MUTED / STRONGEST, errors / max(errors.max(), 1e-9))
    return _matrix(weights, cells, np.where(right, FAINT, ERRORS), class_names, title)


def draw_confusion(
    shares: np.ndarray, class_names: Sequence[str], title: Sequence[str] = ()
) -> Figure:
    """`draw_shares` with the shares in percent, those that would round to zero left out."""
    return draw_shares(shares, _in_percent(shares), class_names, title)


def draw_changes(
    changes: np.ndarray, reliable: np.ndarray, class_names: Sequence[str], title: Sequence[str]
) -> Figure:
    """How much more of each class one condition takes for each other than another condition does.

    Args:
        changes: float (num_classes, num_classes); differences of shares.
        reliable: bool (num_classes, num_classes); the cells that are not greyed.
        class_names: name of each class.
        title: lines above.
    """
    sizes = np.where(reliable, np.abs(changes), 0)
    inks = np.where(reliable, np.where(changes > 0, ERRORS, FEWER), FAINT)
    signs = np.where(changes < 0, MINUS, "+")
    numbers = _in_percent(np.abs(changes))
    cells = np.where(numbers == "", "", np.char.add(signs, numbers))
    return _matrix(sizes / max(sizes.max(), 1e-9), cells, inks, class_names, title)


def _in_percent(shares: np.ndarray) -> np.ndarray:
    """Texts of shares in percent; empty for those that round to zero."""
    decimals = 0 if len(shares) > MANY else 1
    texts = np.char.mod(f"%.{decimals}f", POINTS * shares)
    return np.where(POINTS * shares >= 0.5 / 10**decimals, texts, "")


def _matrix(
    weights: np.ndarray,
    cells: np.ndarray,
    inks: np.ndarray,
    class_names: Sequence[str],
    title: Sequence[str],
) -> Figure:
    """A square of cells, true classes by predicted ones."""
    size = min(10.0, max(4.5, 2 + (0.4 if len(weights) <= MANY else 0.31) * len(weights)))
    figure = drawing.new_figure(size, size, *title)
    axes = figure.subplots()
    _shade(axes, weights, cells, inks)
    names = short_names(class_names)
    _name_cells(axes, names, names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    return figure


def _shade(axes: Axes, weights: np.ndarray, cells: np.ndarray, inks: np.ndarray) -> None:
    """Cells in these inks, as strong as their weights from 0 to 1, with texts; grey if so inked.

    Opacity, not a scale of colours, so that white and dark paper both show through.
    """
    shaded = [place for place in np.ndindex(*weights.shape) if weights[place] > 0]
    patches = PatchCollection(
        [Rectangle((column - 0.5, row - 0.5), 1, 1) for row, column in shaded]
    )
    patches.set_facecolor(
        [(str(inks[place]), STRONGEST * float(weights[place])) for place in shaded]
    )
    patches.set_edgecolor("none")
    axes.add_collection(patches)
    for (row, column), text in np.ndenumerate(cells):
        ink = FAINT if inks[row, column] == FAINT else INK
        cell = axes.text(
            column, row, text, ha="center", va="center_baseline", color=ink, fontsize=SMALL
        )
        cell.set_in_layout(False)  # it lies within the axes: a hundred need not be measured thrice


def _name_cells(axes: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), columns, rotation=45)
    for label in axes.get_xticklabels():
        label.set(ha="right", multialignment="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
