import { term } from "./query";
import type { LogRecord } from "./record";

/** One field of a record, nested ones by their dotted path. */
export interface Field {
  readonly path: string;
  /** The value as text, lists as JSON. */
  readonly text: string;
  /** The search term that finds this value, or undefined where none would. */
  readonly term: string | undefined;
}

/** Fields every record may have: the line shows them in their own places. */
const STANDARD_FIELDS: ReadonlySet<string> = new Set([
  "_id",
  "timestamp",
  "observed",
  "level",
  "service",
  "host",
  "logger",
  "message",
  "trace_id",
  "span_id",
  "correlation_id",
  "request_id",
  "user",
  "exception",
  "exception_type",
  "exception_message",
  "source",
  "uid",
]);
const NOT_SEARCHABLE: ReadonlySet<string> = new Set(["timestamp", "observed"]);
const LONGEST_SEARCHABLE_TEXT = 256;

/** All fields of a record in the order they came; the store's own number is none. */
export function fieldsOf(record: LogRecord): Field[] {
  return Object.entries(record)
    .filter(([name]) => name !== "_id")
    .flatMap(([name, value]) => flatten(name, value));
}

/** The sender's own fields in short, to be shown behind the message. */
export function extraFields(record: LogRecord): Field[] {
  return Object.entries(record)
    .filter(([name]) => !STANDARD_FIELDS.has(name))
    .flatMap(([name, value]) => flatten(name, value));
}

/** The record as JSON to be copied, without the store's own number. */
export function recordAsJson(record: LogRecord): string {
  return JSON.stringify({ ...record, _id: undefined }, null, 2);
}

function flatten(path: string, value: unknown): Field[] {
  if (Array.isArray(value)) {
    return [{ path, text: JSON.stringify(value), term: undefined }];
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value);
    return members.length === 0
      ? [{ path, text: "{}", term: undefined }]
      : members.flatMap(([name, member]) => flatten(`${path}.${name}`, member));
  }
  return [{ path, text: String(value), term: termOf(path, value) }];
}

function termOf(path: string, value: unknown): string | undefined {
  if (NOT_SEARCHABLE.has(path)) {
    return undefined;
  }
  switch (typeof value) {
    case "string":
      return value === "" || value.includes("\n") || value.length > LONGEST_SEARCHABLE_TEXT
        ? undefined
        : term(path, value);
    case "number":
    case "boolean":
      return term(path, value);
    default:
      return undefined;
  }
}
