"""Context managers that decorate functions too, plain and ``async`` ones."""

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


class CallDecorator(ABC):
    """Decorates functions with a context manager that is made anew for each call."""

    @abstractmethod
    def _again(self) -> AbstractContextManager[Any]:
        """Make the context manager of one call."""

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a plain or ``async`` function."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", call_async)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._again():
                return function(*args, **kwargs)

        return call
