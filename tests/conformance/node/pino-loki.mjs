// Logs by pino to Loki, its transport in a worker thread; URL, TOKEN and MARK come from the environment.
import pino from "pino";

const { URL: host, TOKEN: password, MARK: mark } = process.env;
const transport = pino.transport({
  target: "pino-loki",
  options: {
    host,
    basicAuth: { username: "loki", password },
    labels: { application: "pino-shop" },
    structuredMetaKey: "meta",
    batching: { interval: 1 },
  },
});
const log = pino({ name: "cart" }, transport);
log.info({ number: 0, meta: { trace_id: "0af7651916cd43dd8448eb211c80319c" } }, `${mark} 0`);
log.error({ number: 1, err: new TypeError("no cart") }, `${mark} 1`);
// The transport's thread alone keeps no program running.
const waiting = setInterval(() => {}, 1000);
transport.on("close", () => clearInterval(waiting));
transport.end();
