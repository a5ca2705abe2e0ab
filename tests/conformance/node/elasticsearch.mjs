// Sends documents by Elasticsearch's own client; URL, TOKEN and MARK come from the environment.
import { Client } from "@elastic/elasticsearch";

const { URL: node, TOKEN: token, MARK: mark } = process.env;
const client = new Client({ node, auth: { apiKey: token }, compression: true });
await client.info();
const result = await client.helpers.bulk({
  datasource: Array.from({ length: 20 }, (_, number) => ({
    "@timestamp": new Date(Date.UTC(2026, 10, 29, 10, 0, number)).toISOString(),
    message: `${mark} ${number}`,
    log: { level: "warn" },
    service: { name: "node-shop" },
    number,
  })),
  onDocument: () => ({ create: { _index: "logs-node" } }),
});
if (result.successful !== 20 || result.failed !== 0) throw new Error(JSON.stringify(result));
await client.close();
