import { defineElements } from "../elements/define";
import { LogSearch } from "../elements/log-search";
import { App } from "./app";
import { StatsStrip } from "./stats-strip";

defineElements(LogSearch);
customElements.define("ha-ingestor-stats", StatsStrip);
customElements.define("ha-ingestor-app", App);
