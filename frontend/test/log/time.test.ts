import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_RANGE_ID, justAfter, localTime, timeRange, utcTime } from "../../src/log/time";

describe("localTime", () => {
  let zone: string | undefined;

  beforeEach(() => {
    zone = process.env.TZ;
    process.env.TZ = "Asia/Kolkata";
  });

  afterEach(() => {
    process.env.TZ = zone ?? "";
  });

  const now = new Date("2026-11-23T12:00:00Z");

  it.each([
    ["2026-11-23T10:00:00.123456789Z", "15:30:00.123"],
    ["2026-11-22T20:00:00Z", "01:30:00.000"],
    ["2026-11-22T18:00:00Z", "11-22 23:30:00.000"],
    ["2025-11-22T18:00:00.5Z", "2025-11-22 23:30:00"],
    ["not a time", "not a time"],
  ])("shows %s in the reader's zone as %s", (timestamp, expected) => {
    expect(localTime(timestamp, now)).toBe(expected);
  });
});

describe("utcTime", () => {
  it("keeps every digit", () => {
    expect(utcTime("2026-11-23T10:00:00.123456789Z")).toBe("2026-11-23 10:00:00.123456789 UTC");
  });
});

describe("justAfter", () => {
  it.each([
    ["2026-11-23T10:00:00.123999999Z", "2026-11-23T10:00:00.124Z"],
    ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.001Z"],
    ["2026-11-23T23:59:59.999Z", "2026-11-24T00:00:00.000Z"],
  ])("%s lies before %s", (timestamp, end) => {
    expect(justAfter(timestamp)).toBe(end);
  });
});

describe("timeRange", () => {
  it("falls back to the default for an unknown ID", () => {
    expect(timeRange("7d").start).toBe("now-7d");
    expect(timeRange("eternity").id).toBe(DEFAULT_RANGE_ID);
  });
});
