/** A time range the user may choose; `start` is relative to now, `""` is open. */
export interface TimeRange {
  readonly id: string;
  readonly label: string;
  readonly start: string;
}

export const TIME_RANGES: readonly TimeRange[] = [
  { id: "15m", label: "Last 15 min", start: "now-15m" },
  { id: "1h", label: "Last hour", start: "now-1h" },
  { id: "6h", label: "Last 6 hours", start: "now-6h" },
  { id: "24h", label: "Last 24 hours", start: "now-24h" },
  { id: "7d", label: "Last 7 days", start: "now-7d" },
  { id: "30d", label: "Last 30 days", start: "now-30d" },
  { id: "all", label: "All time", start: "" },
];

export const DEFAULT_RANGE_ID = "24h";

/** The chosen range, or the default one when the ID is unknown. */
export function timeRange(id: string): TimeRange {
  const range = TIME_RANGES.find((candidate) => candidate.id === id);
  return range ?? timeRange(DEFAULT_RANGE_ID);
}

/** Time of day in the reader's zone to the millisecond, with the date when it isn't today. */
export function localTime(timestamp: string, now: Date): string {
  const date = new Date(timestamp);
  if (Number.isNaN(date.getTime())) {
    return timestamp;
  }
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${three(date.getMilliseconds())}`;
  if (isSameDay(date, now)) {
    return time;
  }
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return date.getFullYear() === now.getFullYear()
    ? `${day} ${time}`
    : `${date.getFullYear()}-${day} ${time.slice(0, 8)}`;
}

/** The whole UTC time, as precise as it was recorded. */
export function utcTime(timestamp: string): string {
  return `${timestamp.replace("T", " ").replace(/Z$/, "")} UTC`;
}

/** The end (exclusive) of a range that still holds every record of this timestamp's millisecond. */
export function justAfter(timestamp: string): string {
  return new Date(Math.floor(new Date(timestamp).getTime()) + 1).toISOString();
}

function isSameDay(a: Date, b: Date): boolean {
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() && a.getDate() === b.getDate();
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function three(value: number): string {
  return String(value).padStart(3, "0");
}
