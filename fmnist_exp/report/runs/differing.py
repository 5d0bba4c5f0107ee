"""What differs between configs, and what changed together so that effects cannot be told apart."""

from collections.abc import Sequence
from itertools import permutations

from fmnist_exp.report.runs.conditions import SCHEDULE, column, fixes, naming_keys

AUGMENTATION = ("augmentation.name",)


def differences(
    configs: Sequence[dict[str, str]], factors: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Every key that differs between flat configs, the factors first: key -> what it follows.

    Those are the factors that determine its value, so that its effect cannot be told from theirs;
    none for a factor.

    Args:
        configs: flat configs, one for each condition.
        factors: keys that tell them all apart, as from `naming_keys`.
    """
    keys = dict.fromkeys([*factors, *(key for config in configs for key in config)])
    return {
        key: () if key in factors else _determining(key, configs, factors)
        for key in keys
        if len({config.get(key) for config in configs}) > 1
    }


def _determining(
    key: str, configs: Sequence[dict[str, str]], factors: Sequence[str]
) -> tuple[str, ...]:
    """Factors whose values fix that of a key, none of them in vain; one alone where one does."""
    kept = next(([each] for each in factors if fixes([each], key, configs)), list(factors))
    for factor in reversed(kept):
        others = [each for each in kept if each != factor]
        if fixes(others, key, configs):
            kept = others
    return tuple(kept)


def changed_together(
    configs: Sequence[dict[str, str]], chosen: Sequence[str] = ()
) -> dict[tuple[str, ...], list[str]]:
    """What cannot be told apart in flat configs that are compared: keys -> those that follow them.

    The class of a Keras object is part of what its name says, and so are arguments that change
    only where the class does; so is what an augmentation does, of its name.

    Nothing, if they are `changed_one_at_a_time`.

    Args:
        configs: one for each condition.
        chosen: factors that a tuner varies: these it does vary apart, if in no two runs alone.
    """
    if changed_one_at_a_time(configs):
        return {}
    factors = naming_keys(configs, chosen)
    found: dict[tuple[str, ...], list[str]] = {}
    for key, follows in differences(configs, factors).items():
        part, argument, _ = key.partition(".config.")
        is_named = key.endswith(".class_name") or (
            argument and fixes([f"{part}.class_name"], key, configs)
        )
        is_named = is_named or (key.startswith("augmentation.") and follows == AUGMENTATION)
        if follows and not is_named:
            found.setdefault(follows, []).append(key)
    for coarse, fine in permutations([key for key in factors if key not in chosen], 2):
        is_argument = fine.startswith(f"{column(coarse)}.config.")
        if fixes([fine], coarse, configs) and not (
            is_argument and any(fine not in config for config in configs)
        ):
            found.setdefault((fine,), []).append(coarse)
    return found


def changed_one_at_a_time(configs: Sequence[dict[str, str]]) -> bool:
    """Whether each of several flat configs differs from the first in one thing, which it names."""
    return len(configs) > 2 and all(len(_changed(configs[0], each)) < 2 for each in configs[1:])


def _changed(first: dict[str, str], other: dict[str, str]) -> set[str]:
    """What differs between two flat configs beside names; a callback or a schedule is one thing."""
    keys = {key for key in first.keys() | other.keys() if first.get(key) != other.get(key)}
    parts = {".".join(key.split(".")[:3]) if ".callbacks." in key else key for key in keys}
    parts = {SCHEDULE if part.startswith(SCHEDULE) else part for part in parts}
    return {part for part in parts if not part.endswith(".name")}
