"""A property that is worked out once and kept, without making other threads wait."""

from __future__ import annotations

from functools import cached_property
from typing import Self, TypeVar, overload

ValueT_co = TypeVar("ValueT_co", covariant=True)


class kept_property(cached_property[ValueT_co]):
    """``functools.cached_property`` without its lock: Python 3.11 has one for all objects of a class.

    While a thread works out a property of a large lineage, the event loop would wait for the same one of a
    small lineage. Two threads that ask one object at once may both work it out; both get the first value.
    """

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> ValueT_co: ...

    def __get__(self, instance: object, owner: type | None = None) -> Self | ValueT_co:
        """The value of an object; of its class, the property itself."""
        if instance is None:
            return self
        kept = vars(instance)
        name = self.func.__name__
        return kept[name] if name in kept else kept.setdefault(name, self.func(instance))
