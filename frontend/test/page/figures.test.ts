import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatRate } from "../../src/page/figures";

const withPoint = (text: string): string => text.replace(",", ".");

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1 kB"],
    [730_009, "730 kB"],
    [999_600, "1 MB"],
    [75_250_000, "75.3 MB"],
    [12_000_000_000, "12 GB"],
    [5e15, "5000 TB"],
  ])("writes %d as %s", (bytes, expected) => {
    expect(formatBytes(bytes).replace(/(\d),(\d{3})/, "$1$2")).toBe(expected);
  });
});

describe("formatCount", () => {
  it("shortens from a million on", () => {
    expect(formatCount(20_007).replace(/\D/g, "")).toBe("20007");
    expect(withPoint(formatCount(3_140_000))).toBe("3.1M");
  });
});

describe("formatRate", () => {
  it.each([
    [0, "0"],
    [0.26, "0.3"],
    [9.94, "9.9"],
    [333.45, "333"],
  ])("writes %d as %s", (rate, expected) => {
    expect(withPoint(formatRate(rate))).toBe(expected);
  });
});
