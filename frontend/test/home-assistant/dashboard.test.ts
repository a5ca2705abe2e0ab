import { describe, expect, it } from "vitest";
import { dashboardOf } from "../../src/home-assistant/dashboard";
import type { DeviceEntry, EntityEntry } from "../../src/home-assistant/types";

interface Card {
  readonly type: string;
  readonly heading?: string;
  readonly entity?: string;
}

interface View {
  readonly path: string;
  readonly type: string;
  readonly sections?: readonly { readonly cards: readonly Card[] }[];
  readonly cards?: readonly Card[];
}

function device(id: string, name: string, via: string | null, nameByUser: string | null = null): DeviceEntry {
  return { id, name, name_by_user: nameByUser, via_device_id: via };
}

function viewsOf(entities: readonly EntityEntry[], devices: readonly DeviceEntry[]): readonly View[] {
  const dashboard = dashboardOf({
    entities: Object.fromEntries(entities.map((entity) => [entity.entity_id, entity])),
    devices: Object.fromEntries(devices.map((entry) => [entry.id, entry])),
  }) as { views: readonly View[] };
  return dashboard.views;
}

const DEVICES = [
  device("s2", "zigbee2mqtt", "hub"),
  device("hub", "HA Ingestor", null),
  device("s1", "event-ingestor", "hub", "Events"),
  device("lamp", "Lamp", null),
];

const ENTITIES: readonly EntityEntry[] = [
  { entity_id: "sensor.z_lines", platform: "ha_ingestor", device_id: "s2" },
  { entity_id: "sensor.e_lines", platform: "ha_ingestor", device_id: "s1" },
  { entity_id: "sensor.e_errors", platform: "ha_ingestor", device_id: "s1" },
  { entity_id: "sensor.e_hidden", platform: "ha_ingestor", device_id: "s1", hidden: true },
  { entity_id: "sensor.store_size", platform: "ha_ingestor", device_id: "hub" },
  { entity_id: "sensor.gone", platform: "ha_ingestor", device_id: "removed" },
  { entity_id: "light.lamp", platform: "hue", device_id: "lamp" },
];

describe("dashboardOf", () => {
  it("gives the hub and each service a section of its visible entities", () => {
    const [overview] = viewsOf(ENTITIES, DEVICES);
    const sections = overview?.sections?.map(({ cards }) => cards.map((card) => card.heading ?? card.entity ?? card.type));
    expect(sections).toEqual([
      ["HA Ingestor", "sensor.store_size"],
      ["Events", "sensor.e_errors", "sensor.e_lines"],
      ["zigbee2mqtt", "sensor.z_lines"],
      ["Latest errors", "custom:ha-ingestor-log-search"],
    ]);
  });

  it("gives the log search a view of its own", () => {
    const logs = viewsOf(ENTITIES, DEVICES)[1];
    expect(logs).toMatchObject({ path: "logs", type: "panel", cards: [{ type: "custom:ha-ingestor-log-search" }] });
  });

  it("says so when nothing exists yet", () => {
    const [overview] = viewsOf([], []);
    expect(overview?.sections).toMatchObject([{ cards: [{ type: "markdown" }] }, {}]);
  });
});
