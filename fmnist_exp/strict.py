"""Values checked against a schema: one base class for configs, plans and records, one wording.

A field says once what its value must be: by its type, bounds and default. `title` puts the rule
into words where the type does not, `description` gives its reason, `examples` a value that would
do. A field has no union but with None.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import NoneType
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from fmnist_exp.errors import ConfigError, did_you_mean

ABSENT = object()  # what was received for a key that is missing
MAX_SHOWN = 200  # characters of a value that was received
Text = Annotated[str, Field(pattern=r"\S", title="a non-empty text")]


class Strict(BaseModel):
    """Plain values of exactly the declared types: no other key, no conversion, no nan.

    Parse from JSON text, in which lists become tuples: `Model.model_validate_json(text)`.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )

    def plain(self) -> dict[str, Any]:
        """The values as JSON holds them."""
        return self.model_dump(mode="json")

    def replaced(self, **values: Any) -> Self:
        """A copy with other values, checked like the first ones."""
        return self.model_validate(dict(self) | values, by_name=True)


Model = TypeVar("Model", bound=Strict)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one value.

    Attributes:
        key: where it stands.
        value: what was received; `ABSENT` for nothing.
        rule: what it must be, with the verb.
        reason: why, as a sentence; may be empty.
        repair: what to do about it, as a sentence; may be empty.
    """

    key: str
    value: object
    rule: str
    reason: str = ""
    repair: str = ""

    @property
    def finding(self) -> str:
        """Key, rule and value, without the words that help who has typed them."""
        shown = "" if self.value is ABSENT else f", received {self.value!r}"
        cut = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
        return f"{self.key or 'it'} {self.rule}{cut}"

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.finding}.", self.reason, self.repair)))


def checked(model: type[Model], values: Any, prefix: str = "") -> Model:
    """Make a model of plain values.

    Args:
        model: what they must be.
        values: mappings, lists, texts and numbers.
        prefix: key of the whole in the config; empty at the top.

    Raises:
        ConfigError: a key is unknown or missing, or a value breaks its rule; a line for each.
    """
    try:
        return model.model_validate_json(json.dumps(values, ensure_ascii=False).encode())
    except ValidationError as error:
        raise ConfigError("\n".join(map(str, problems(error, model, prefix)))) from None
    except (TypeError, ValueError) as error:  # such as bytes, which YAML knows
        raise ConfigError(f"{prefix or 'the config'} must hold plain values: {error}.") from None


def reason(error: ValidationError, model: type[Strict]) -> str:
    """The first thing that is wrong with a file, for `cannot read PATH: ...`."""
    first, *others = problems(error, model)
    return first.finding + (f"; {len(others)} more of its values are wrong" if others else "")


def problems(error: ValidationError, model: type[Strict], prefix: str = "") -> list[Problem]:
    """What pydantic has found, in words for people; arguments as for `checked`."""
    found = []
    for item in error.errors(include_url=False):
        kind, value, place = item["type"], item["input"], _find(model, item["loc"], prefix)
        key, why = place.key, (place.field.description if place.field else None) or ""
        if kind == "missing":
            repair = f"Pass ++{key}={place.example}."
            found.append(Problem(key, ABSENT, "is missing", why, repair))
        elif kind == "extra_forbidden":
            near = did_you_mean(key.rpartition(".")[2], place.beside).strip()
            repair = f"{near} Remove it, or correct its spelling."
            found.append(Problem(key, value, f"is not {place.wanted}", "", repair))
        elif kind == "json_invalid":
            found.append(Problem(key, ABSENT, f"must be JSON ({item['msg']})"))
        elif kind == "value_error":  # of a validator, whose words follow the key
            found.append(Problem(key, ABSENT, str(item["ctx"]["error"]), why))
        else:
            found.append(Problem(key, value, f"must be {place.kind}", why, place.repair(value)))
    return found


@dataclass(frozen=True)
class Kind:
    """What a type hint asks for; `str` says it after the words 'must be'."""

    type: Any
    bounds: tuple[Any, ...] = ()
    title: str | None = None
    nullable: bool = False

    @classmethod
    def of(cls, hint: Any, bounds: tuple[Any, ...] = (), title: str | None = None) -> "Kind":
        """Unwrapped: `Annotated[int, Ge(1)] | None` is a nullable integer from 1."""
        if isinstance(hint, FieldInfo):
            return cls.of(hint.annotation, tuple(hint.metadata), hint.title)
        if get_origin(hint) is Annotated:
            (hint, *more) = get_args(hint)
            infos = [FieldInfo.from_annotation(Annotated[hint, each]) for each in more]
            bounds += tuple(bound for info in infos for bound in info.metadata)
            return cls.of(hint, bounds, next((i.title for i in infos if i.title), title))
        if type(None) in get_args(hint):
            (hint,) = (each for each in get_args(hint) if each is not type(None))
            inner = cls.of(hint, bounds, title)
            return replace(inner, nullable=inner.type is not NoneType)
        return cls(hint, bounds, title)

    @property
    def is_model(self) -> bool:
        """Whether it asks for the fields of a model."""
        return isinstance(self.type, type) and issubclass(self.type, Strict)

    def __str__(self) -> str:
        return (self.title or self._words()) + (", or null" if self.nullable else "")

    def _words(self) -> str:
        origin, inner = get_origin(self.type) or self.type, get_args(self.type)
        limits = {type(bound): bound for bound in self.bounds}
        if origin is Literal:
            return f"one of {', '.join(inner)}"
        if origin is tuple:
            return f"a list, each item {Kind.of(inner[0])}"
        if origin is int and Ge in limits and Le not in limits:
            return f"an integer of at least {limits[Ge].ge}"
        if self.is_model or origin is dict:
            return "a mapping of keys to values"
        bounded = f" in {interval(self.bounds)}" if limits else ""
        number = f"a number{bounded}" if bounded else "a finite number"
        words = {bool: "true or false", str: "a text", int: f"an integer{bounded}", float: number}
        return words[origin]


def interval(bounds: Sequence[Any]) -> str:
    """The bounds of a number the usual way, such as '[0, 1)'."""
    left, right = "(-inf", "inf)"
    for bound in bounds:
        match bound:
            case Ge(ge=value):
                left = f"[{value}"
            case Gt(gt=value):
                left = f"({value}"
            case Le(le=value):
                right = f"{value}]"
            case Lt(lt=value):
                right = f"{value})"
    return f"{left}, {right}"


@dataclass(frozen=True)
class _Place:
    """Where a value stands, what must stand there, the field it is of, and the model of that."""

    key: str
    kind: Kind
    field: FieldInfo | None = None
    owner: type[Strict] | None = None

    @property
    def beside(self) -> dict[str, FieldInfo]:
        """The fields among which the value stands, by the names that files use."""
        fields = {} if self.owner is None else self.owner.model_fields
        return {info.alias or name: info for name, info in fields.items()}

    @property
    def wanted(self) -> str:
        """What a key that is unknown should have been; a model may say so as its title."""
        title = None if self.owner is None else self.owner.model_config.get("title")
        return title or "a key that anything reads"

    @property
    def example(self) -> str:
        """A value that would do, as typed on the command line."""
        of_field = [] if self.field is None else [*(self.field.examples or ()), self.field.default]
        plain = (each for each in of_field if isinstance(each, bool | int | float | str | tuple))
        value = next(plain, {bool: True, int: 1, float: 0.1}.get(self.kind.type, "NAME"))
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    def repair(self, value: object) -> str:
        """What to write in the place of a value."""
        several = re.fullmatch(r"(\d+)(?:-|:|\.\.)(\d+)", str(value))
        if several and self.kind.type in (int, float):
            first, last = int(several[1]), int(several[2])
            bounds = f"{first},{last + 1}" if first else last + 1
            return f"Pass --multirun '{self.key}=range({bounds})' for a run of each."
        if self.kind.is_model or (get_origin(self.kind.type) or self.kind.type) is dict:
            return ""
        if self.kind.type is NoneType:
            return "Leave it out."
        return f"Pass for example {self.key.partition('[')[0]}={self.example}."


def _find(model: type[Strict], location: tuple[int | str, ...], key: str) -> _Place:
    place = _Place(key, Kind(model))
    for name in location:
        inner = f"[{name}]" if isinstance(name, int) else f".{name}" if place.key else name
        key, kind = f"{place.key}{inner}", place.kind
        if kind.is_model:
            field = _Place(key, kind, owner=kind.type).beside.get(str(name))
            place = _Place(key, Kind.of(field or object), field, kind.type)
        else:  # tuple[X, ...] holds the first, dict[str, X] the last
            held = get_args(kind.type)[0 if isinstance(name, int) else -1]
            place = _Place(key, Kind.of(held), place.field, place.owner)
    return place
