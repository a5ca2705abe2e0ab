"""Correlation for aiohttp clients."""

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from ha_ingestor_logging.correlation import current_correlation
from ha_ingestor_logging.headers import TRACEPARENT, TRACESTATE


async def correlation_client_middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Send the current IDs with a request: ``ClientSession(middlewares=[correlation_client_middleware])``.

    Headers that the caller set win. Outside of any correlation nothing is sent.
    """
    correlation = current_correlation()
    if correlation is not None:
        headers = correlation.headers()
        if TRACEPARENT in request.headers:
            # Ours would not belong to the trace that the caller names.
            headers.pop(TRACESTATE, None)
        for name, value in headers.items():
            request.headers.setdefault(name, value)
    return await handler(request)
