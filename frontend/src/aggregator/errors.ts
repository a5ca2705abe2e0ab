import { TransportError } from "../transport";

/** The error in an answer of the aggregator's API, whatever that answer holds. */
export function errorFrom(value: unknown, fallback = "The server refused the request"): TransportError {
  const error = (typeof value === "object" && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const { code, message, column } = error;
  return new TransportError(
    typeof code === "string" ? code : "unknown",
    typeof message === "string" ? message : fallback,
    typeof column === "number" ? column : undefined,
  );
}
