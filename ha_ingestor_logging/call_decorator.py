"""Context managers that decorate functions too: plain and ``async`` ones, and generators of both kinds."""

import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar, cast

from ha_ingestor_logging.generator_steps import async_generator_inside, generator_inside

P = ParamSpec("P")
R = TypeVar("R")


class CallDecorator(ABC):
    """Decorates functions with a context manager that is made anew for each call."""

    @abstractmethod
    def _again(self) -> AbstractContextManager[Any]:
        """Make the context manager of one call."""

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function; a generator is inside from its first step to its end."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self._again():
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", call_async)

        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            inside: Callable[..., Any] = (
                generator_inside if inspect.isgeneratorfunction(function) else async_generator_inside
            )

            @functools.wraps(function)
            def generate(*args: P.args, **kwargs: P.kwargs) -> Any:
                return inside(self._again(), function(*args, **kwargs))

            return cast("Callable[P, R]", generate)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._again():
                return function(*args, **kwargs)

        return call
