"""A real HTTP server that takes OTLP as it is told and reads it with the protocol's own classes.

An OpenTelemetry collector can't be had from the registries that the tests may use, so what it would make of
a request is told by opentelemetry-proto, which is generated from the same files as the collector's reader.
"""

import gzip
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from tests.library.recording_aggregator import Answer, RecordingAggregator, SentRequest

PROTOBUF = {"Content-Type": "application/x-protobuf"}


class RecordingOtlpReceiver(RecordingAggregator):
    """Takes everything unless ``answers`` holds something else, one for each request to come."""

    def usual_answer(self, request: SentRequest) -> Answer:
        del request
        return Answer(200, ExportLogsServiceResponse().SerializeToString(), PROTOBUF)

    @property
    def log_requests(self) -> list[SentRequest]:
        return [request for request in self.requests if request.path.endswith("/v1/logs")]

    @property
    def exports(self) -> list[ExportLogsServiceRequest]:
        return [
            ExportLogsServiceRequest.FromString(gzip.decompress(request.body))
            for request in self.log_requests
        ]

    @property
    def log_records(self) -> list[LogRecord]:
        return [
            record
            for export in self.exports
            for resource in export.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


def partial_success(refused: int, message: str = "") -> Answer:
    response = ExportLogsServiceResponse()
    response.partial_success.rejected_log_records = refused
    response.partial_success.error_message = message
    return Answer(200, response.SerializeToString(), PROTOBUF)


def plain(value: AnyValue) -> Any:
    """A value as Python's own type."""
    kind = value.WhichOneof("value")
    match kind:
        case None:
            return None
        case "array_value":
            return [plain(item) for item in value.array_value.values]
        case "kvlist_value":
            return attributes(value.kvlist_value.values)
    return getattr(value, kind)


def attributes(pairs: Any) -> dict[str, Any]:
    names = [pair.key for pair in pairs]
    assert len(set(names)) == len(names)
    return {pair.key: plain(pair.value) for pair in pairs}
