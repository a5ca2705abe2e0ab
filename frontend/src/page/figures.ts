const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** A size with three significant digits and a decimal unit. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${formatNumber(value, unit === 0 ? 0 : 1)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** A count, shortened from a million on. */
export function formatCount(count: number): string {
  return count < 1_000_000
    ? count.toLocaleString()
    : count.toLocaleString(undefined, { notation: "compact", maximumFractionDigits: 1 });
}

/** A rate in events each second. */
export function formatRate(perSecond: number): string {
  return formatNumber(perSecond, perSecond > 0 && perSecond < 10 ? 1 : 0);
}

function formatNumber(value: number, digits: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: digits });
}
