import { describe, expect, it } from "vitest";
import { type Unfolded, listWindow, topOf } from "../../src/log/window";

const LINE = 28;

function view(scrollTop: number, unfolded: readonly Unfolded[] = [], count = 10_000): ReturnType<typeof listWindow> {
  return listWindow({ scrollTop, viewportHeight: 560, lineHeight: LINE, count, unfolded });
}

describe("listWindow", () => {
  it("begins at the first line and renders little more than fits", () => {
    const { first, end, offset } = view(0);
    expect([first, offset]).toEqual([0, 0]);
    expect(end).toBeGreaterThanOrEqual(20);
    expect(end).toBeLessThan(40);
  });

  it("ends with the last line", () => {
    const { end, totalHeight } = view(10_000 * LINE - 560);
    expect(end).toBe(10_000);
    expect(totalHeight).toBe(10_000 * LINE);
  });

  it("renders nothing of an empty list", () => {
    expect(view(0, [], 0)).toEqual({ first: 0, end: 0, offset: 0, totalHeight: 0 });
  });

  it("covers the viewport at any position, with details unfolded", () => {
    const unfolded = [
      { index: 3, height: 400 },
      { index: 4, height: 1_000 },
      { index: 200, height: 90 },
    ];
    for (let scrollTop = 0; scrollTop < 7_000; scrollTop += 13) {
      const { first, end, offset } = view(scrollTop, unfolded, 300);
      expect(offset).toBe(topOf(first, LINE, unfolded));
      expect(offset).toBeLessThanOrEqual(scrollTop);
      expect(topOf(end, LINE, unfolded)).toBeGreaterThanOrEqual(Math.min(scrollTop + 560, 300 * LINE + 1_490));
      expect(end - first).toBeLessThan(60);
    }
  });
});
