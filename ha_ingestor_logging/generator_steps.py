"""Generators inside a context manager: in a context of their own, which their consumer doesn't see."""

from collections.abc import AsyncGenerator, Awaitable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context, copy_context
from functools import partial
from typing import Any, Generic, TypeVar

Yielded = TypeVar("Yielded")
Sent = TypeVar("Sent")
Returned = TypeVar("Returned")


def generator_inside(
    manager: AbstractContextManager[Any], generator: Generator[Yielded, Sent, Returned]
) -> Generator[Yielded, Sent, Returned]:
    """The generator, inside the manager from its first step to its end."""
    context = copy_context()
    with _entered(context, manager):
        return (yield from _in_context(context, generator))


async def async_generator_inside(
    manager: AbstractContextManager[Any], generator: AsyncGenerator[Yielded, Sent]
) -> AsyncGenerator[Yielded, Sent]:
    """The same for an ``async`` generator."""
    context = copy_context()
    with _entered(context, manager):
        step: Awaitable[Yielded] = anext(generator)
        while True:
            try:
                yielded = await _Step(context, step)
            except StopAsyncIteration:
                return
            try:
                sent = yield yielded
            except GeneratorExit:
                await _Step(context, generator.aclose())
                raise
            except BaseException as thrown:  # noqa: BLE001 - the generator's own to handle
                step = generator.athrow(thrown)
            else:
                step = generator.asend(sent)


@contextmanager
def _entered(context: Context, manager: AbstractContextManager[Any]) -> Iterator[None]:
    context.run(manager.__enter__)
    try:
        yield
    except GeneratorExit:
        # The consumer has seen enough: no failure.
        context.run(manager.__exit__, None, None, None)
        raise
    except BaseException as error:
        context.run(manager.__exit__, type(error), error, error.__traceback__)
        raise
    else:
        context.run(manager.__exit__, None, None, None)


class _Step(Generic[Returned]):
    """Awaits something in a context other than the task's."""

    def __init__(self, context: Context, awaitable: Awaitable[Returned]) -> None:
        self._context = context
        self._awaitable = awaitable

    def __await__(self) -> Generator[Any, Any, Returned]:
        return _in_context(self._context, self._awaitable.__await__())


def _in_context(
    context: Context, steps: Generator[Yielded, Any, Returned]
) -> Generator[Yielded, Any, Returned]:
    """``yield from steps``, each of them in the context."""
    resume = partial(steps.send, None)
    while True:
        try:
            yielded = context.run(resume)
        except StopIteration as stop:
            returned: Returned = stop.value
            return returned
        try:
            sent = yield yielded
        except BaseException as thrown:  # noqa: BLE001 - the generator's own to handle
            resume = partial(steps.throw, thrown)
        else:
            resume = partial(steps.send, sent)
