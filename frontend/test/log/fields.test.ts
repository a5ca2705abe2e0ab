import { describe, expect, it } from "vitest";
import { extraFields, fieldsOf, recordAsJson } from "../../src/log/fields";
import type { LogRecord } from "../../src/log/record";

const RECORD: LogRecord = {
  _id: "7",
  timestamp: "2026-11-23T10:00:00.123456Z",
  level: "ERROR",
  service: "data-api",
  message: "first\nsecond",
  context: { lineno: 12, tags: ["a", "b"], empty: {}, none: null },
  ok: true,
  note: "",
};

describe("fieldsOf", () => {
  it("flattens nested fields to the paths that the search knows, in order", () => {
    expect(fieldsOf(RECORD).map(({ path, text }) => [path, text])).toEqual([
      ["timestamp", "2026-11-23T10:00:00.123456Z"],
      ["level", "ERROR"],
      ["service", "data-api"],
      ["message", "first\nsecond"],
      ["context.lineno", "12"],
      ["context.tags", '["a","b"]'],
      ["context.empty", "{}"],
      ["context.none", "null"],
      ["ok", "true"],
      ["note", ""],
    ]);
  });

  it("offers a term only where it would find the value", () => {
    const terms = fieldsOf(RECORD).flatMap(({ term }) => term ?? []);
    expect(terms).toEqual(["level:ERROR", "service:data-api", "context.lineno:12", "ok:true"]);
  });
});

describe("extraFields", () => {
  it("leaves out what every line shows in its own place", () => {
    expect(extraFields(RECORD).map(({ path }) => path)).toEqual([
      "context.lineno",
      "context.tags",
      "context.empty",
      "context.none",
      "ok",
      "note",
    ]);
  });
});

describe("recordAsJson", () => {
  it("holds every field but the store's number", () => {
    const { _id, ...sent } = RECORD;
    expect(_id).toBe("7");
    expect(JSON.parse(recordAsJson(RECORD))).toEqual(sent);
  });
});
