import { describe, expect, it } from "vitest";
import { addTerm, buildQuery, term } from "../../src/log/query";

describe("buildQuery", () => {
  it("sends typed text unchanged when all levels are shown", () => {
    expect(buildQuery("a OR b", "")).toEqual({ query: "a OR b", columnShift: 0 });
  });

  it("binds the level to the whole text and tells the shift of its columns", () => {
    expect(buildQuery("a OR b", "WARNING")).toEqual({ query: "(a OR b) level:>=warning", columnShift: 1 });
  });

  it("asks for the level alone when nothing is typed", () => {
    expect(buildQuery("  ", "ERROR")).toEqual({ query: "level:>=error", columnShift: 0 });
  });

  it.each(["a) OR (b", '"never closed', "duration_ms:[1 TO 5", "(a"])(
    "leaves unbalanced text %j to the server's judgement",
    (text) => {
      expect(buildQuery(text, "ERROR")).toEqual({ query: text, columnShift: 0 });
    },
  );

  it.each(['"a ) b"', String.raw`\(x`, "/a(b/ c", "f:[a TO b}"])("takes %j as balanced", (text) => {
    expect(buildQuery(text, "ERROR").query).toBe(`(${text}) level:>=error`);
  });
});

describe("term", () => {
  it.each([
    ["service", "data-api", "service:data-api"],
    ["entity_id", "sensor.kitchen", "entity_id:sensor.kitchen"],
    ["path", "/api/x", 'path:"/api/x"'],
    ["user", 'Anna "A" \\ B', String.raw`user:"Anna \"A\" \\ B"`],
    ["pattern", "a*b", 'pattern:"a*b"'],
    ["word", "OR", 'word:"OR"'],
    ["text", "-debug", 'text:"-debug"'],
    ["my field", "x", '"my field":x'],
    ["delta", -5, "delta:-5"],
    ["ok", false, "ok:false"],
    ["context.lineno", 12, "context.lineno:12"],
  ])("writes %s = %j as %s", (field, value, expected) => {
    expect(term(field, value)).toBe(expected);
  });
});

describe("addTerm", () => {
  it.each([
    ["", "a:1", false, "a:1"],
    ["", "a:1", true, "-a:1"],
    ["error", "a:1", false, "error a:1"],
    ["x OR y", "a:1", false, "(x OR y) a:1"],
    ["(x OR y) z", "a:1", true, "(x OR y) z -a:1"],
    ['"x OR y"', "a:1", false, '"x OR y" a:1'],
    ["a:1 b", "a:1", false, "a:1 b"],
    ["-a:1 b", "a:1", true, "-a:1 b"],
    ["b a:1 c", "a:1", true, "b -a:1 c"],
    ["b NOT a:1", "a:1", false, "b a:1"],
    ["-(x) a:1", "a:1", true, "-(x) -a:1"],
    ["(a:1)", "a:1", true, "(a:1) -a:1"],
    ['m:"a b"', 'm:"a b"', true, '-m:"a b"'],
  ])("%j with %s (exclude: %s) becomes %j", (query, added, exclude, expected) => {
    expect(addTerm(query, added, exclude)).toBe(expected);
  });
});
