"""What a config value must be: in words, as a test, and in one form per value."""

import dataclasses
import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fmnist_exp.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Rule:
    """What a value must be.

    Attributes:
        text: the rule in words.
        holds: the rule as a test.
        example: a value that passes it.
        canonical: the one form of values that mean the same, such as 2 and 2.0; a run's key and
            its condition must not depend on how a number is spelled.
    """

    text: str
    holds: Callable[[Any], bool]
    example: str
    canonical: Callable[[Any], Any] = lambda value: value

    def check(self, key: str, value: Any) -> Any:
        """The value in its canonical form.

        Raises:
            ConfigError: the value breaks the rule.
        """
        if not self.holds(value):
            example = f"for example {key}={self.example}"
            if several := re.fullmatch(r"(\d+)(?:-|:|\.\.)(\d+)", str(value)):
                first, last = several[1], int(several[2])
                bounds = f"{first},{last + 1}" if int(first) else last + 1
                example = f"--multirun '{key}=range({bounds})' for a run of each"
            raise ConfigError(f"{key} must be {self.text}, received {value!r}. Pass {example}.")
        return self.canonical(value)


def is_integer(value: Any) -> bool:
    """Whether a value is an integer; true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a float can hold."""
    largest = sys.float_info.max
    return (is_integer(value) or isinstance(value, float)) and -largest <= value <= largest


def integer(low: int, high: float = math.inf, *, example: int, or_null: bool = False) -> Rule:
    """An integer in [low, high], or null if that is allowed."""
    text = f"an integer of at least {low}" if high == math.inf else f"an integer in [{low}, {high}]"
    return Rule(
        text + (", or null" if or_null else ""),
        lambda value: (or_null and value is None) or (is_integer(value) and low <= value <= high),
        str(example),
    )


def number(interval: str, example: str) -> Rule:
    """A finite number in an interval written the usual way, such as '[0, 1)' or '(0, inf)'."""
    low, high = (float(bound) for bound in interval[1:-1].split(","))

    def holds(value: Any) -> bool:
        above = is_number(value) and (value > low or (interval[0] == "[" and value == low))
        return above and (value < high or (interval[-1] == "]" and value == high))

    return Rule(f"a number in {interval}", holds, example, canonical=float)


def one_of(options: Mapping[str, Any] | tuple[str, ...] | frozenset[str]) -> Rule:
    """One of these words."""
    known = sorted(options)
    return Rule(f"one of {', '.join(known)}", lambda value: value in known, known[0])


TEXT = Rule(
    "a non-empty text", lambda value: isinstance(value, str) and value.strip() != "", "NAME"
)
NAME = Rule(
    "a name of letters, digits, '_', '-' and '.'",
    lambda value: isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][\w.-]*", value) is not None,
    "NAME",
)
BOOLEAN = Rule("true or false", lambda value: isinstance(value, bool), "true")
NUMBER = Rule("a finite number", is_number, "0.1", canonical=float)
# For arguments whose default is an integer: 2.0 means 2, and 0.5 may still be allowed.
COUNT = Rule(
    "a finite number",
    is_number,
    "1",
    canonical=lambda value: int(value) if value == int(value) else value,
)
MAPPING = Rule(
    "a mapping of keys to values, or null for none",
    lambda value: value is None or isinstance(value, dict),
    "{}",
    canonical=lambda value: value or {},
)
PATH = Rule(TEXT.text, TEXT.holds, "FOLDER", canonical=os.path.expanduser)
WIDTHS = Rule(
    "a list of layer widths, each an integer of at least 1",
    lambda value: isinstance(value, list) and all(is_integer(w) and w >= 1 for w in value),
    "[256,128]",
)
FOLDER = Rule(
    "a folder, or null",
    lambda value: value is None or TEXT.holds(value),
    "FOLDER",
    canonical=lambda value: value and os.path.expanduser(value),
)


def check_fields(schema: type, raw: Any, key: str) -> dict[str, Any]:
    """The values of `raw`, whose keys must be those of a dataclass, in canonical form.

    Args:
        schema: the dataclass; a field's rule, if it has one, is its metadata `rule`.
        raw: what was received.
        key: where it stands in the config; empty at the top.

    Raises:
        ConfigError: a key is unknown or missing, or a value breaks its rule.
    """
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{key} must be a mapping of keys to values, received {raw!r}. See conf/{key}/."
        )
    fields = {item.name: item for item in dataclasses.fields(schema)}
    prefix = f"{key}." if key else ""
    for name in raw:
        if name not in fields:
            raise ConfigError(
                f"{prefix}{name} is not a key that anything reads, received {raw[name]!r}."
                f"{did_you_mean(str(name), fields)} Remove it, or correct its spelling."
            )
    checked = {}
    for name, item in fields.items():
        if name not in raw:
            raise ConfigError(
                f"{prefix}{name} is missing; every key must have a value. "
                f"See the files in conf/{key.split('.')[0]}."
            )
        rule: Rule | None = item.metadata.get("rule")
        checked[name] = raw[name] if rule is None else rule.check(f"{prefix}{name}", raw[name])
    return checked
