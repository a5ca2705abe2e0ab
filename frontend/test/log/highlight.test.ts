import { describe, expect, it } from "vitest";
import { highlight, searchPattern } from "../../src/log/highlight";

const marked = (query: string, text: string): string[] =>
  highlight(text, searchPattern(query))
    .filter((segment) => segment.marked)
    .map((segment) => segment.text);

describe("highlight", () => {
  it.each([
    ["write", "Partial WRITE, rewrite, write-back", ["WRITE", "write"]],
    ['"partial write" -debug', "partial write in debug", ["partial write"]],
    ["level:error service:x write", "error x write", ["write"]],
    ["*temp*", "sensor kitchen_temperature ok", ["kitchen_temperature"]],
    ["(a OR b)", "a c b", ["a", "b"]],
    ["a.b", "axb a.b", ["a.b"]],
    ["é", "café é", ["é"]],
    ['"a":b c', "a b c", ["c"]],
    ["http://pi/x", "GET http://pi/x", ["http://pi/x"]],
    ["* ?", "anything", []],
    ["", "anything", []],
  ])("marks what %j finds in %j", (query, text, expected) => {
    expect(marked(query, text)).toEqual(expected);
  });

  it("loses no text", () => {
    const text = "start middle start";
    const segments = highlight(text, searchPattern("start"));
    expect(segments.map((segment) => segment.text).join("")).toBe(text);
    expect(segments).toHaveLength(3);
  });
});
