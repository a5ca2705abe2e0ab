// Logs by winston to syslog; PORT, PROTOCOL, TYPE and MARK come from the environment.
import winston from "winston";
import { Syslog } from "winston-syslog";

const { PORT: port, PROTOCOL: protocol, TYPE: type, MARK: mark } = process.env;
const transport = new Syslog({
  host: "127.0.0.1",
  port: Number(port),
  protocol,
  type,
  localhost: "attic",
  app_name: "winston-shop",
  // By TCP nothing would end a message otherwise.
  eol: protocol === "tcp4" ? "\n" : undefined,
});
const log = winston.createLogger({
  levels: winston.config.syslog.levels,
  format: winston.format.simple(),
  transports: [transport],
});
log.info(`${mark} 0`);
log.error(`${mark} 1`);
await new Promise((resolve) => setTimeout(resolve, 300));
// Its connections stay open, even when it is closed.
process.exit();
