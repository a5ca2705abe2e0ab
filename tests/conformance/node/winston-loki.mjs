// Logs by winston to Loki; URL, TOKEN and MARK come from the environment, and JSON when it isn't protobuf.
import winston from "winston";
import LokiTransport from "winston-loki";

const { URL: host, TOKEN: token, MARK: mark, JSON: json } = process.env;
const transport = new LokiTransport({
  host,
  basicAuth: `loki:${token}`,
  labels: { app: "winston-shop", room: "attic" },
  // Quotes in labels would be refused: its protobuf does not escape them.
  json: json === "true",
  interval: 1,
  onConnectionError: (error) => {
    throw error;
  },
});
const log = winston.createLogger({ transports: [transport] });
log.info(`${mark} 0`, { number: 0 });
log.error(`${mark} 1`);
await new Promise((resolve) => setTimeout(resolve, 50));
await transport.flush();
await transport.close();
