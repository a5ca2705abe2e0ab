import { defineElements } from "./elements/define";
import { LogSearchCard } from "./home-assistant/card";
import { dashboardOf } from "./home-assistant/dashboard";
import type { HomeAssistant } from "./home-assistant/types";

declare global {
  interface Window {
    customCards?: object[];
    customStrategies?: object[];
  }
}

/** Home Assistant calls `generate` when somebody opens a dashboard with `strategy: {type: custom:ha-ingestor}`. */
class DashboardStrategy extends HTMLElement {
  static generate(_config: object, hass: HomeAssistant): Promise<object> {
    return Promise.resolve(dashboardOf(hass));
  }
}

const STRATEGY_TAG = "ll-strategy-dashboard-ha-ingestor";

if (!customElements.get(STRATEGY_TAG)) {
  defineElements(LogSearchCard);
  customElements.define(STRATEGY_TAG, DashboardStrategy);
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
}
