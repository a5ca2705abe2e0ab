/** The severities, least severe first. */
export const LEVELS = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const;

export type Level = (typeof LEVELS)[number];

/** One log record as the aggregator answers it: known fields first, then whatever the sender added. */
export interface LogRecord {
  /** The record's number in the store: unique and stable. */
  readonly _id: string;
  /** RFC 3339 in UTC, up to nanoseconds. */
  readonly timestamp: string;
  readonly level?: Level;
  readonly service?: string;
  readonly host?: string;
  readonly logger?: string;
  readonly message?: string;
  readonly exception?: string;
  readonly [field: string]: unknown;
}
