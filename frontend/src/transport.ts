import type { LogRecord } from "./log/record";

export interface SearchRequest {
  readonly query: string;
  /** RFC 3339 or relative (`now-15m`), inclusive. */
  readonly start?: string;
  /** RFC 3339 or relative, exclusive. */
  readonly end?: string;
  /** Rows a page, 1 to 5000. */
  readonly limit?: number;
  /** `cursor` of the page before. */
  readonly cursor?: string;
}

export interface SearchPage {
  /** Newest first. */
  readonly rows: readonly LogRecord[];
  /** Where the next page begins; null when there is nothing further. */
  readonly cursor: string | null;
  /** True when the server's time budget ran out. */
  readonly partial: boolean;
  readonly duration_ms: number;
}

export interface TailBatch {
  /** Oldest first. */
  readonly rows: readonly LogRecord[];
  /** How many lines were left out since the last batch because the reader was slow. */
  readonly missed: number;
}

/** Lines may have been lost until "live". */
export type TailState =
  | { readonly status: "connecting" | "live" | "reconnecting" }
  | { readonly status: "failed"; readonly error: TransportError };

export type Unsubscribe = () => void;

/** How the elements reach the log store; they know nothing else of the outside. */
export interface Transport {
  /**
   * Find lines.
   *
   * @throws TransportError when the server refuses the request or cannot be reached.
   * @throws DOMException named AbortError when the signal fires first.
   */
  search(request: SearchRequest, signal: AbortSignal): Promise<SearchPage>;
  /** Follow new lines until the returned function is called; reconnects by itself. */
  tail(query: string, onRows: (batch: TailBatch) => void, onState: (state: TailState) => void): Unsubscribe;
}

/** What a server refused, or that it could not be reached (`code` "unreachable"). */
export class TransportError extends Error {
  override readonly name = "TransportError";

  constructor(
    readonly code: string,
    message: string,
    /** Column of a syntax error in the query, counted from 1. */
    readonly column?: number,
  ) {
    super(message);
  }
}
