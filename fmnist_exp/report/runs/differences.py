"""What conditions differ in, what changed together, and which may be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from fmnist_exp.report.runs.conditions import column, label, naming_keys

# Conditions that differ in one of these are not compared: other test images are another task, and
# another engine rounds differently.
GROUNDS = {"data.name", "data.num_test", "data.class_names", "data.sha256", "engine"}
DATA_HASH = "data.sha256"


@dataclass(frozen=True)
class Difference:
    """A key whose value is not the same in all conditions.

    Attributes:
        key: the full key.
        follows: factors that determine its value, so that its effect cannot be told from theirs;
            empty for a factor.
        values: each value, None where a config has no such key -> the levels of `follows` that
            it comes with.
    """

    key: str
    follows: tuple[str, ...]
    values: dict[str | None, tuple[str, ...]]


def differences(configs: Sequence[dict[str, str]], factors: Sequence[str]) -> list[Difference]:
    """Every key that differs between flat configs, the factors first.

    Args:
        configs: flat configs, one for each condition.
        factors: keys that tell them all apart, as from `naming_keys`.
    """
    keys = dict.fromkeys([*factors, *(key for config in configs for key in config)])
    found = []
    for key in keys:
        if len({config.get(key) for config in configs}) > 1:
            follows = () if key in factors else _determining(key, configs, factors)
            values: dict[str | None, dict[str, None]] = {}
            for config in configs:
                levels = values.setdefault(config.get(key), {})
                if follows:
                    levels[label(config, follows)] = None
            found.append(Difference(key, follows, {v: tuple(at) for v, at in values.items()}))
    return found


def _determining(
    key: str, configs: Sequence[dict[str, str]], factors: Sequence[str]
) -> tuple[str, ...]:
    """Factors whose values fix that of a key, none of them in vain: one alone where one does."""
    kept = next(([each] for each in factors if _fixes([each], key, configs)), list(factors))
    for factor in reversed(factors):
        others = [each for each in kept if each != factor]
        if others and _fixes(others, key, configs):
            kept = others
    return tuple(kept)


def _fixes(keys: Sequence[str], other: str, configs: Sequence[dict[str, str]]) -> bool:
    """Whether a key's value is the same wherever those of some keys are."""
    levels = [tuple(map(config.get, keys)) for config in configs]
    pairs = {(level, config.get(other)) for level, config in zip(levels, configs, strict=True)}
    return len(pairs) == len(set(levels))


def changed_together(
    configs: Sequence[dict[str, str]], chosen: Sequence[str] = ()
) -> dict[tuple[str, ...], list[str]]:
    """What cannot be told apart in flat configs that are compared: keys -> those that follow them.

    The class of a Keras object is part of what its name says, and so are arguments that change
    only where the class does.

    Args:
        configs: one for each condition.
        chosen: factors that a tuner varies: these it does vary apart, if in no two runs alone.
    """
    factors = naming_keys(configs, chosen)
    found: dict[tuple[str, ...], list[str]] = {}
    for each in differences(configs, factors):
        part, argument, _ = each.key.partition(".config.")
        of_class = each.key.endswith(".class_name") or (
            argument and _fixes([f"{part}.class_name"], each.key, configs)
        )
        if each.follows and not of_class:
            found.setdefault(each.follows, []).append(each.key)
    for coarse, fine in permutations([key for key in factors if key not in chosen], 2):
        is_argument = fine.startswith(f"{column(coarse)}.config.")
        if _fixes([fine], coarse, configs) and not (
            is_argument and any(fine not in config for config in configs)
        ):
            found.setdefault((fine,), []).append(coarse)
    return found


def what_is_shared(configs: Sequence[dict[str, str]]) -> dict[str, str]:
    """Keys that all flat configs have with the same value, and that value."""
    first, *others = configs
    shared = set(first.items()).intersection(*(other.items() for other in others))
    return {key: value for key, value in first.items() if (key, value) in shared}


def grounds(config: dict[str, str]) -> dict[str, str]:
    """The keys of a flat config that two conditions must share to be compared, and their values.

    Synthetic images are made from the seed of their split; those of other data are only divided.
    """
    keys = GROUNDS | ({"data.split_seed"} if config.get("data.name") == "synthetic" else set())
    return {key: value for key, value in config.items() if key in keys}


def without_explained_hashes(configs: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Flat configs that keep the hash of their data only where the same keys have given other data.

    The hash covers the training images too, so it differs wherever `data.num_train` does; by
    itself it says that a folder or a version of the data held something else.
    """
    keys = {key for config in configs for key in config if key.startswith("data.")} - {DATA_HASH}
    if not _fixes(sorted(keys), DATA_HASH, configs):
        return list(configs)
    return [{key: each[key] for key in each if key != DATA_HASH} for each in configs]
