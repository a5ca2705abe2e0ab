import { describe, expect, it } from "vitest";
import { DASHBOARD, overviewOf } from "../../src/home-assistant/dashboard";
import type { DeviceEntry, EntityEntry } from "../../src/home-assistant/types";

interface Card {
  readonly type: string;
  readonly heading?: string;
  readonly entity?: string;
  readonly visibility?: readonly object[];
}

interface View {
  readonly sections: readonly { readonly cards: readonly Card[] }[];
}

function device(id: string, name: string, via: string | null, nameByUser: string | null = null): DeviceEntry {
  return { id, name, name_by_user: nameByUser, via_device_id: via };
}

function sectionsOf(entities: readonly EntityEntry[], devices: readonly DeviceEntry[]): View["sections"] {
  const view = overviewOf({
    entities: Object.fromEntries(entities.map((entity) => [entity.entity_id, entity])),
    devices: Object.fromEntries(devices.map((entry) => [entry.id, entry])),
  }) as View;
  return view.sections;
}

const DEVICES = [
  device("s2", "zigbee2mqtt", "hub"),
  device("hub", "HA Ingestor", null),
  device("s1", "event-ingestor", "hub", "Events"),
  device("lamp", "Lamp", null),
];

const ENTITIES: readonly EntityEntry[] = [
  { entity_id: "sensor.z_lines", platform: "ha_ingestor", device_id: "s2" },
  { entity_id: "sensor.e_lines", platform: "ha_ingestor", device_id: "s1", translation_key: "lines_per_second" },
  { entity_id: "sensor.e_errors", platform: "ha_ingestor", device_id: "s1", translation_key: "errors_last_hour" },
  { entity_id: "sensor.e_events", platform: "ha_ingestor", device_id: "s1", translation_key: "events_per_second" },
  { entity_id: "sensor.a_seen", platform: "ha_ingestor", device_id: "s1", translation_key: "last_seen" },
  { entity_id: "sensor.e_hidden", platform: "ha_ingestor", device_id: "s1", hidden: true },
  { entity_id: "sensor.store_size", platform: "ha_ingestor", device_id: "hub" },
  { entity_id: "sensor.gone", platform: "ha_ingestor", device_id: "removed" },
  { entity_id: "light.lamp", platform: "hue", device_id: "lamp" },
];

describe("overviewOf", () => {
  it("gives the hub and each service a section of its visible entities", () => {
    const sections = sectionsOf(ENTITIES, DEVICES).map(({ cards }) =>
      cards.map((card) => card.heading ?? card.entity ?? card.type),
    );
    expect(sections).toEqual([
      ["HA Ingestor", "sensor.store_size"],
      ["Events", "sensor.e_events", "sensor.e_lines", "sensor.e_errors", "sensor.a_seen"],
      ["zigbee2mqtt", "sensor.z_lines"],
      ["Latest errors", "custom:ha-ingestor-log-search"],
    ]);
  });

  it("shows the events of a service only while there is a figure", () => {
    const tiles = sectionsOf(ENTITIES, DEVICES).flatMap(({ cards }) => cards.filter(({ visibility }) => visibility));
    expect(tiles).toMatchObject([
      {
        entity: "sensor.e_events",
        visibility: [{ condition: "state", entity: "sensor.e_events", state_not: ["unknown", "unavailable"] }],
      },
    ]);
  });

  it("says so when nothing exists yet", () => {
    expect(sectionsOf([], [])).toMatchObject([{ cards: [{ type: "markdown" }] }, {}]);
  });
});

describe("DASHBOARD", () => {
  it("has the overview, and the log search in a view of its own", () => {
    expect(DASHBOARD.views).toMatchObject([
      { path: "overview", strategy: { type: "custom:ha-ingestor-overview" } },
      { path: "logs", type: "panel", cards: [{ type: "custom:ha-ingestor-log-search" }] },
    ]);
  });
});
