"""What networks do to signal and gradient before training, in plain words."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from fmnist_exp.console import counted
from fmnist_exp.report.formatting import POINTS, sized
from fmnist_exp.report.page.lines import at
from fmnist_exp.report.page.words import MAX_NAMES, both
from fmnist_exp.report.runs.conditions import LAYERS
from fmnist_exp.report.starts import Start, by_depth

LITTLE = 10  # factor below which starts differ little, and a signal is kept to the last layer
WEAK = 1 / 100  # of another's gradient, from which on SGD hardly moves a layer
MAX_PLACES = 4  # that have sentences
SURE = 2  # times the loss of guessing, from which on a network begins sure of wrong answers
DEAD = 0.1  # share of hidden units that answer every image alike, from which on it is told
# Words for what one layer does to the signal, by the ratio of mean squares.
PER_LAYER = {(0.45, 0.55): "halves the signal", (1.8, 2.2): "doubles the signal"}
KEEPS = f"keeps the signal within a factor of {LITTLE}"
ENDS = ("lets the signal grow beyond any number", "lets the signal die out before the last layer")
# They divide a gradient by its recent size. Kingma and Ba (2015), Adam, section 2.1.
SCALING = frozenset({"Adam", "AdamW", "Adamax", "Nadam", "RMSprop"})


def paragraphs(starts: Sequence[Start]) -> list[str]:
    """What the starts have to say: of the deepest networks all, of others how far they differ."""
    told: list[str] = []
    brief: list[str] = []
    depth = max(each.num_layers for each in starts)
    for place, group in list(by_depth(starts).items())[:MAX_PLACES]:
        is_deepest = any(each.num_layers == depth for each in group)
        said = _in_full(group) if is_deepest else _on_sizes(group)
        if text := " ".join(said):
            (told if is_deepest else brief).append(f"{at(place)}: {text}" if place else text)
    parts = *told, " ".join(brief), _on_theory(starts)
    return [part for part in parts if part]


def _in_full(group: Sequence[Start]) -> Iterator[str]:
    """What becomes of the signal, what of the gradient, and what stands out."""
    yield from _fates(group)
    yield from _on_gradients(group)
    yield from _on_extremes(group)


def _fates(group: Sequence[Start]) -> Iterator[str]:
    """What becomes of the signal between the first layer and the last."""
    for kind in dict.fromkeys(filter(None, (each.normalization for each in group))):
        normalized = [each for each in group if each.normalization == kind]
        squares = np.concatenate([each.median("mean_square") for each in normalized])
        low, high = sized(float(squares.min()), 2), sized(float(squares.max()), 2)
        yield (
            f"{kind.capitalize()} normalization sets the signal anew at every layer: mean squares "
            f"lie between {low} and {high}."
        )
    fates: dict[tuple[str, int], list[Start]] = {}
    for each in group:
        if not each.normalization and each.num_layers > 1:
            fates.setdefault((_fate(each), each.num_layers - 1), []).append(each)
    if {fate for fate, _ in fates} == {KEEPS} and len(group) > 1:
        return  # by how much they differ says more
    for (fate, count), same in fates.items():
        names, (verb, _, rest) = named([each.level for each in same]), fate.partition(" ")
        is_one = len(same) == 1 and not names.endswith(LAYERS)
        text = f"{names} {verb if is_one else verb.removesuffix('s')} {rest}"
        shares = _listed([_share(each) for each in same])
        is_lost = all(_share(each) <= 1 / LITTLE for each in same)
        large = "as large as before" if shares == "1" else f"{shares} times as large"
        size = f"{shares} of it is left" if is_lost else f"it is {large}"
        yield text + ("." if fate in ENDS else f": after {counted(count, 'layer')} {size}.")


def _fate(start: Start) -> str:
    """What an initializer does to the signal: a verb, and the rest of a sentence."""
    squares, ratio = start.median("mean_square"), start.ratio
    if not np.isfinite(squares).all():
        return ENDS[0]
    if not squares[-1]:
        return ENDS[1]
    if 1 / LITTLE < _share(start) < LITTLE:
        return KEEPS
    words = (text for (low, high), text in PER_LAYER.items() if low <= ratio <= high)
    if ratio < 1:
        usual = f"leaves {POINTS * ratio:.0f} % of the signal"
    else:
        usual = f"multiplies the signal by {sized(ratio, 2)}"
    return f"{next(words, usual)} at every layer"


def _on_gradients(group: Sequence[Start]) -> Iterator[str]:
    """Whose first layer hardly moves; where none, how far the starts differ.

    Beside the strongest gradient of those that keep the signal: one that explodes is no measure,
    and where no network keeps it there is none.
    """
    norms = {each.level: float(each.median("gradient_norm")[0]) for each in group}
    sound = [each.level for each in group if each.normalization or _fate(each) == KEEPS]
    strong = max(sound, key=norms.__getitem__, default="")
    weak = [
        each
        for each in group
        if strong
        and norms[each.level] < norms[strong]
        and is_apart(norms[each.level], norms[strong])
    ]
    if not weak:
        yield from _on_sizes(group)
        return
    names = [each.level for each in weak]
    shares = _listed([norms[name] / norms[strong] for name in names])
    yield f"The first layer's gradient under {named(names)} is {shares} of that under {strong}."
    optimizers = frozenset[str]().union(*(each.optimizers for each in weak))
    if optimizers == {"SGD"}:
        yield "Steps of SGD are in proportion to it, so that layer hardly moves at first."
    elif optimizers <= SCALING:
        divide, their = ("divide", "their") if len(optimizers) > 1 else ("divides", "its")
        yield (
            f"{both(sorted(optimizers))} {divide} a gradient by its recent size, so {their} steps "
            "shrink far less than the gradient."
        )


def _on_sizes(group: Sequence[Start]) -> Iterator[str]:
    """By which factors the starts differ; nothing of a single one, or if a number is 0."""
    factors = [
        _factor([each.median(column)[layer] for each in group])
        for column, layer in (("mean_square", -1), ("gradient_norm", 0))
    ]
    if len(group) > 1 and np.isfinite(factors).all():
        signal, gradient = (sized(each, 2) for each in factors)
        little = " little" if max(factors) < LITTLE else ""
        yield (
            f"{named([each.level for each in group])} differ{little}: the "
            f"last layer's signal by a factor of {signal}, the first layer's gradient by "
            f"{gradient}."
        )


def _on_extremes(group: Sequence[Start]) -> Iterator[str]:
    """Who begins sure of wrong answers, and who with dead units."""
    for each in group:
        loss, guess = float(each.median("initial_loss")[0]), loss_of_guessing(each)
        if SURE * guess <= loss < math.inf:
            yield (
                f"{each.level} begins with a loss of {sized(loss)}, where guessing has "
                f"{guess:.3f}: it is sure of wrong answers."
            )
    if dead := {each.level: dead_share(each) for each in group if dead_share(each) >= DEAD}:
        ends = dict.fromkeys(f"{POINTS * share:.0f}" for share in sorted(dead.values()))
        shares = " to ".join(dict.fromkeys([next(iter(ends)), next(reversed(ends))]))
        yield f"Under {named([*dead])} {shares} % of the hidden units answer every image alike."


def _on_theory(starts: Sequence[Start]) -> str:
    """Where there is no theory, and why; empty if there is everywhere."""
    where = dict.fromkeys(each.without_theory for each in starts if each.without_theory)
    if not where:
        return ""
    return (
        f"No theory is drawn {both([*where])}: it is that of ReLU without normalization, and of "
        "initializers that scale a variance."
    )


def drift(start: Start) -> float:
    """How far the signal of the last layer is from that of the first: the logarithm of the factor.

    Infinite if nothing is left, or more than numbers can say.
    """
    share = _share(start)
    return abs(math.log(share)) if 0 < share < math.inf else math.inf


def _share(start: Start) -> float:
    squares = start.median("mean_square")
    with np.errstate(all="ignore"):  # of infinite ones
        return float(squares[-1] / squares[0]) if squares[0] else 0.0


def _listed(shares: Sequence[float]) -> str:
    """Shares in the order of names, with one digit; from the lowest to the highest of many."""
    texts = [sized(each, 1) for each in shares]
    if len(texts) < MAX_NAMES and len({*texts}) > 1:
        return both(texts)
    ends = sized(min(shares), 1), sized(max(shares), 1)
    return " to ".join(dict.fromkeys(ends))


def dead_share(start: Start) -> float:
    """Share of all hidden units; NaN without any."""
    units, shares = start.median("fan_out")[:-1], start.median("dead_share")[:-1]
    return float(units @ shares / units.sum()) if len(units) else math.nan


def loss_of_guessing(start: Start) -> float:
    """Cross-entropy of equal probabilities, the logarithm of the number of classes."""
    return math.log(start.median("fan_out")[-1])


def _factor(numbers: Sequence[float]) -> float:
    """The largest of numbers over the smallest; NaN if one is 0 or not finite."""
    known = np.isfinite(numbers).all() and min(numbers) > 0
    return float(max(numbers) / min(numbers)) if known else math.nan


def is_apart(one: float, other: float) -> bool:
    """Whether the smaller of two gradients is `WEAK` beside the other."""
    known = bool(np.isfinite([one, other]).all())
    return known and one != other and min(one, other) <= WEAK * max(one, other)


def named(names: Sequence[str]) -> str:
    """Names in a sentence, or how many there are."""
    return both(names) if len(names) <= MAX_NAMES else f"{len(names)} of them"
