import { type CSSResultGroup, css } from "lit";
import { property } from "lit/decorators.js";
import { LogSearch } from "../elements/log-search";
import { LEVELS, type Level } from "../log/record";
import { DEFAULT_RANGE_ID, TIME_RANGES } from "../log/time";
import { HomeAssistantTransport } from "./transport";
import type { HomeAssistant, HomeAssistantConnection } from "./types";

export interface LogSearchCardConfig {
  readonly type: string;
  readonly query?: string;
  readonly level?: string;
  readonly range?: string;
  readonly live?: boolean;
}

/** The log search as a Lovelace card, fed through Home Assistant's own connection. */
export class LogSearchCard extends LogSearch {
  static override readonly styles: CSSResultGroup = [
    LogSearch.styles,
    css`
      :host {
        border: var(--ha-card-border-width, 1px) solid var(--ha-card-border-color, var(--_divider));
        border-radius: var(--ha-card-border-radius, 12px);
        box-shadow: var(--ha-card-box-shadow, none);
      }
      :host([layout="grid"]) {
        height: 100%;
      }
      :host([layout="panel"]) {
        height: calc(
          100dvh - var(--header-height, 56px) - var(--safe-area-inset-top, 0px) - var(--safe-area-inset-bottom, 0px)
        );
        border: 0;
        border-radius: 0;
        box-shadow: none;
      }
    `,
  ];

  /** Where Home Assistant places the card: "grid" in sections, "panel" alone on a view. */
  @property({ reflect: true }) layout: string | undefined;

  #connection: HomeAssistantConnection | undefined;

  set hass(hass: HomeAssistant) {
    if (hass.connection !== this.#connection) {
      this.#connection = hass.connection;
      this.transport = new HomeAssistantTransport(hass.connection);
    }
  }

  setConfig(config: LogSearchCardConfig): void {
    const { query = "", level = "", range = DEFAULT_RANGE_ID, live = false } = config;
    const minimumLevel = level.toUpperCase();
    if (!isLevelChoice(minimumLevel)) {
      throw new Error(`level: expected one of ${LEVELS.join(", ").toLowerCase()}, got "${level}"`);
    }
    if (!TIME_RANGES.some(({ id }) => id === range)) {
      throw new Error(`range: expected one of ${TIME_RANGES.map(({ id }) => id).join(", ")}, got "${range}"`);
    }
    this.setFilter({ text: query, minimumLevel, rangeId: range });
    this.session.setLive(live);
  }

  getCardSize(): number {
    return 10;
  }

  getGridOptions(): object {
    return { columns: "full", rows: 9, min_columns: 6, min_rows: 5 };
  }

  static getStubConfig(): object {
    return { range: DEFAULT_RANGE_ID, live: true };
  }

  static getConfigForm(): object {
    return {
      schema: [
        { name: "query", selector: { text: {} } },
        {
          name: "level",
          selector: {
            select: {
              mode: "dropdown",
              options: LEVELS.map((level) => ({ value: level.toLowerCase(), label: level })),
            },
          },
        },
        {
          name: "range",
          selector: {
            select: { mode: "dropdown", options: TIME_RANGES.map(({ id, label }) => ({ value: id, label })) },
          },
        },
        { name: "live", selector: { boolean: {} } },
      ],
      computeLabel: (field: { name: string }) => FIELD_LABELS[field.name],
    };
  }
}

const FIELD_LABELS: Readonly<Record<string, string>> = {
  query: "Search",
  level: "Least severe level",
  range: "Time range",
  live: "Follow new lines",
};

function isLevelChoice(level: string): level is Level | "" {
  return level === "" || (LEVELS as readonly string[]).includes(level);
}
