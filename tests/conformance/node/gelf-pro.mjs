// Logs by gelf-pro; PORT, ADAPTER and MARK come from the environment.
import log from "gelf-pro";

const { PORT: port, ADAPTER: adapterName, MARK: mark } = process.env;
log.setConfig({
  fields: { service: "pro-shop" },
  adapterName,
  adapterOptions: { host: "127.0.0.1", port: Number(port) },
});
const sent = (write) => new Promise((resolve, reject) => write((error) => (error ? reject(error) : resolve())));
await sent((done) => log.info(`${mark} 0`, { number: 0 }, done));
await sent((done) => log.error(`${mark} 1`, new TypeError("no cart"), done));
