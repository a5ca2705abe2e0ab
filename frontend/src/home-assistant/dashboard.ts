import type { DeviceEntry, EntityEntry, HomeAssistant } from "./types";

const PLATFORM = "ha_ingestor";

type Registry = Pick<HomeAssistant, "entities" | "devices">;

/** The same at all times, so that a new service does not take from the reader of the logs what was typed there. */
export const DASHBOARD = {
  title: "Ingestor",
  views: [
    {
      title: "Overview",
      path: "overview",
      icon: "mdi:view-dashboard-outline",
      strategy: { type: "custom:ha-ingestor-overview" },
    },
    {
      title: "Logs",
      path: "logs",
      icon: "mdi:text-search",
      type: "panel",
      cards: [{ type: "custom:ha-ingestor-log-search", live: true }],
    },
  ],
};

/** The view of what the registry holds: the hub, each service, and the latest errors. */
export function overviewOf({ entities, devices }: Registry): object {
  const groups = groupByDevice(Object.values(entities), devices);
  return {
    type: "sections",
    max_columns: 3,
    sections: [...(groups.length > 0 ? groups.map(sectionOf) : [NOTHING_YET]), LATEST_ERRORS],
  };
}

interface DeviceGroup {
  readonly device: DeviceEntry;
  readonly entities: readonly EntityEntry[];
}

/** Which figures come first, by their translation key. */
const ORDER: readonly string[] = [
  "events_per_second",
  "lines_per_second",
  "error_rate",
  "errors_last_hour",
  "store_size",
  "host_cpu",
  "host_memory",
  "host_disk",
  "last_seen",
  "dropped",
];

const NOTHING_YET = {
  type: "grid",
  cards: [{ type: "markdown", content: "No entities of **HA Ingestor** yet. They appear when a service sends lines." }],
};

const LATEST_ERRORS = {
  type: "grid",
  column_span: 3,
  cards: [
    { type: "heading", heading: "Latest errors", icon: "mdi:alert-circle-outline" },
    { type: "custom:ha-ingestor-log-search", level: "error", live: true, grid_options: { columns: "full", rows: 7 } },
  ],
};

/** Devices with their visible entities: the hub first, then the services by name. */
function groupByDevice(entities: readonly EntityEntry[], devices: Registry["devices"]): DeviceGroup[] {
  const byDevice = new Map<string, EntityEntry[]>();
  for (const entity of entities) {
    const { platform, hidden, device_id } = entity;
    if (platform === PLATFORM && !hidden && device_id !== undefined) {
      byDevice.set(device_id, [...(byDevice.get(device_id) ?? []), entity]);
    }
  }
  return [...byDevice]
    .flatMap(([id, ofDevice]) => {
      const device = devices[id];
      return device ? [{ device, entities: ofDevice.sort((a, b) => place(a) - place(b)) }] : [];
    })
    .sort((a, b) => rank(a) - rank(b) || nameOf(a.device).localeCompare(nameOf(b.device)));
}

function place({ translation_key }: EntityEntry): number {
  const index = ORDER.indexOf(translation_key ?? "");
  return index < 0 ? ORDER.length : index;
}

function rank({ device }: DeviceGroup): number {
  return device.via_device_id === null ? 0 : 1;
}

function nameOf(device: DeviceEntry): string {
  return device.name_by_user ?? device.name ?? device.id;
}

function sectionOf({ device, entities }: DeviceGroup): object {
  return {
    type: "grid",
    cards: [
      {
        type: "heading",
        heading: nameOf(device),
        icon: device.via_device_id === null ? "mdi:database-outline" : "mdi:application-cog-outline",
      },
      ...entities.map(tileOf),
    ],
  };
}

function tileOf({ entity_id: entity, translation_key }: EntityEntry): object {
  const tile = { type: "tile", entity, name: { type: "entity" } };
  // Most services report no events: the tile appears once there are some.
  return translation_key === "events_per_second"
    ? { ...tile, visibility: [{ condition: "state", entity, state_not: ["unknown", "unavailable"] }] }
    : tile;
}
