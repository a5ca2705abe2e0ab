/** What the page shows of the aggregator's statistics. */
export interface Stats {
  readonly version: string;
  readonly totals: {
    readonly lines_per_s: number;
    readonly errors_last_hour: number;
    readonly dropped: number;
  };
  readonly store: {
    readonly rows: number;
    readonly size_bytes: number;
  };
  readonly host: {
    readonly cpu_percent: number;
    readonly memory_percent: number;
    readonly disk_percent: number;
  };
  readonly services: Readonly<Record<string, ServiceStats>>;
}

export interface ServiceStats {
  readonly lines_per_s: number;
  readonly errors_last_hour: number;
}
