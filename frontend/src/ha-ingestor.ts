import { define, defineElements } from "./elements/define";
import { LogSearchCard } from "./home-assistant/card";
import { DASHBOARD, overviewOf } from "./home-assistant/dashboard";
import type { HomeAssistant } from "./home-assistant/types";

declare global {
  interface Window {
    customCards?: object[];
    customStrategies?: object[];
  }
}

/** Home Assistant calls `generate` when somebody opens a dashboard with `strategy: {type: custom:ha-ingestor}`. */
class DashboardStrategy extends HTMLElement {
  /** Registries whose changes ask for the dashboard anew; without this it is all of them. */
  static readonly registryDependencies: readonly string[] = [];

  static generate(): Promise<object> {
    return Promise.resolve(DASHBOARD);
  }
}

/** The dashboard's overview, generated anew whenever the registries change. */
class OverviewStrategy extends HTMLElement {
  static generate(_config: object, hass: HomeAssistant): Promise<object> {
    return Promise.resolve(overviewOf(hass));
  }
}

function defineAll(): void {
  defineElements(LogSearchCard);
  define("ll-strategy-dashboard-ha-ingestor", DashboardStrategy);
  define("ll-strategy-view-ha-ingestor-overview", OverviewStrategy);
}

defineAll();
// Home Assistant puts a registry of its own in the browser's place. Where this module was faster, its elements are
// unknown there and have to be defined once more.
void customElements.whenDefined("home-assistant").then(defineAll);

(window.customCards ??= []).push({
  type: "ha-ingestor-log-search",
  name: "Log search",
  description: "Search and follow the logs that HA Ingestor collects.",
  preview: true,
});
(window.customStrategies ??= []).push({
  type: "ha-ingestor",
  strategyType: "dashboard",
  name: "HA Ingestor",
  description: "Figures of every service, and their logs.",
});
