/** What this module uses of Home Assistant's `hass` object. */
export interface HomeAssistant {
  readonly connection: HomeAssistantConnection;
  readonly entities: Readonly<Record<string, EntityEntry>>;
  readonly devices: Readonly<Record<string, DeviceEntry>>;
}

export interface HomeAssistantConnection {
  sendMessagePromise(message: Readonly<Record<string, unknown>>): Promise<unknown>;
  subscribeMessage(
    callback: (event: unknown) => void,
    message: Readonly<Record<string, unknown>>,
    options: { readonly resubscribe: boolean },
  ): Promise<() => Promise<void>>;
  addEventListener(type: "ready" | "disconnected", listener: () => void): void;
  removeEventListener(type: "ready" | "disconnected", listener: () => void): void;
}

export interface EntityEntry {
  readonly entity_id: string;
  readonly platform?: string;
  readonly device_id?: string;
  readonly translation_key?: string;
  readonly hidden?: boolean;
}

export interface DeviceEntry {
  readonly id: string;
  readonly name: string | null;
  readonly name_by_user: string | null;
  readonly via_device_id: string | null;
}
