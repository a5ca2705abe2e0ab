// Logs by splunk-logging; URL, TOKEN and MARK come from the environment.
import splunk from "splunk-logging";

const { URL: url, TOKEN: token, MARK: mark } = process.env;
const log = new splunk.Logger({ url, token, batchInterval: 0, maxBatchCount: 0, maxBatchSize: 0 });
log.error = (error) => {
  throw error;
};
const metadata = { source: "shop", host: "pi" };
// Both go in one request, with nothing between them.
log.send({ message: `${mark} 0`, severity: "info", metadata });
log.send({ message: { text: `${mark} 1`, number: 1 }, severity: "error", metadata });
await new Promise((resolve, reject) => {
  log.flush((error, _response, body) => {
    if (error || body.code !== 0) reject(error ?? new Error(JSON.stringify(body)));
    else resolve();
  });
});
