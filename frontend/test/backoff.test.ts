import { describe, expect, it } from "vitest";
import { Backoff } from "../src/backoff";

describe("Backoff", () => {
  it("doubles the longest possible wait up to its limit, and begins again after a reset", () => {
    const backoff = new Backoff({ first: 100, longest: 400 });
    for (const ceiling of [100, 200, 400, 400]) {
      const wait = backoff.next();
      expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
      expect(wait).toBeLessThanOrEqual(ceiling);
    }
    backoff.reset();
    expect(backoff.next()).toBeLessThanOrEqual(100);
  });
});
