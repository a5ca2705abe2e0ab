import { describe, expect, it } from "vitest";
import { LIVE_ROWS_LIMIT, LogRows } from "../../src/log/rows";
import type { LogRecord } from "../../src/log/record";
import type { SearchPage } from "../../src/transport";

const BASE_MS = Date.UTC(2026, 10, 23, 10);

function record(id: number): LogRecord {
  return { _id: String(id), timestamp: new Date(BASE_MS + id).toISOString(), message: `line ${id}` };
}

/** Records from `newest` down to `oldest`. */
function page(newest: number, oldest: number, cursor: string | null = null): SearchPage {
  const rows = Array.from({ length: newest - oldest + 1 }, (_, index) => record(newest - index));
  return { rows, cursor, partial: false, duration_ms: 1 };
}

const ids = (rows: LogRows): number[] => rows.rows.map((row) => Number(row._id));

describe("LogRows", () => {
  it("continues below with the page that its cursor leads to", () => {
    const rows = new LogRows();
    rows.replace(page(9, 6, "older"));
    expect(rows.next).toEqual({ cursor: "older" });
    rows.append(page(6, 4));
    expect(ids(rows)).toEqual([9, 8, 7, 6, 5, 4]);
    expect(rows.next).toBeUndefined();
  });

  it("puts live lines on top, the last one first, each once", () => {
    const rows = new LogRows();
    rows.replace(page(2, 1));
    rows.prepend([record(2), record(3), record(4)]);
    expect(ids(rows)).toEqual([4, 3, 2, 1]);
  });

  it("closes a gap that one page covers", () => {
    const rows = new LogRows();
    rows.replace(page(3, 1));
    rows.prepend([record(6)]);
    rows.catchUp(page(6, 2, "older"));
    expect([...ids(rows)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rows.next).toBeUndefined();
  });

  it("starts again when the gap is wider than a page", () => {
    const rows = new LogRows();
    rows.replace(page(3, 1));
    rows.catchUp(page(90, 81, "older"));
    expect(ids(rows)).toEqual(page(90, 81).rows.map((row) => Number(row._id)));
    expect(rows.next).toEqual({ cursor: "older" });
  });

  it("drops the oldest beyond its limit and finds them again without loss", () => {
    const rows = new LogRows();
    rows.replace(page(10, 1));
    const arrived = Array.from({ length: LIVE_ROWS_LIMIT }, (_, index) => record(11 + index));
    rows.prepend(arrived);
    expect(rows.rows).toHaveLength(LIVE_ROWS_LIMIT);
    expect(ids(rows).at(-1)).toBe(11);
    expect(rows.next).toEqual({ end: new Date(BASE_MS + 12).toISOString() });
    rows.append(page(11, 8, "older"));
    expect(ids(rows).slice(-4)).toEqual([11, 10, 9, 8]);
    expect(rows.next).toEqual({ cursor: "older" });
  });
});
