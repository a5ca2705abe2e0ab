// Logs by OpenTelemetry's SDK, in JSON or protobuf; URL, TOKEN, MARK and ENCODING come from the environment.
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";

const { URL: url, TOKEN: token, MARK: mark, ENCODING: encoding } = process.env;
const Exporter = encoding === "json" ? JsonExporter : ProtobufExporter;
const exporter = new Exporter({
  url: `${url}/v1/logs`,
  headers: { Authorization: `Bearer ${token}` },
  compression: "gzip",
});
const provider = new LoggerProvider({
  resource: resourceFromAttributes({ "service.name": "node-shop", "host.name": "pi" }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});
const log = provider.getLogger("shop.cart", "1.0");
log.emit({
  severityNumber: SeverityNumber.WARN,
  severityText: "WARN",
  body: `${mark} 0`,
  attributes: { amount: 1.5, rooms: ["attic", "cellar"], nested: { deep: true } },
});
log.emit({ severityNumber: SeverityNumber.ERROR, body: { message: `${mark} 1`, number: 1 } });
await provider.forceFlush();
await provider.shutdown();
