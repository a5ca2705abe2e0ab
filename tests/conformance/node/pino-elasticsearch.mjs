// Logs by pino to Elasticsearch; URL, TOKEN and MARK come from the environment.
import pino from "pino";
import pinoElasticsearch from "pino-elasticsearch";

const { URL: node, TOKEN: token, MARK: mark } = process.env;
const stream = pinoElasticsearch({ node, auth: { apiKey: token }, index: "pino-%{DATE}", esVersion: 8, opType: "create" });
stream.on("error", (error) => {
  throw error;
});
const stored = new Promise((resolve, reject) => {
  stream.on("insert", (stats) => (stats.failed ? reject(new Error(JSON.stringify(stats))) : resolve()));
  stream.on("insertError", reject);
});
const log = pino({ name: "cart", base: { service: "pino-shop" } }, stream);
log.info({ number: 0 }, `${mark} 0`);
log.error({ number: 1, err: new TypeError("no cart") }, `${mark} 1`);
stream.end();
await stored;
