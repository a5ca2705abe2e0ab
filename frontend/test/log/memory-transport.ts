import type { LogRecord } from "../../src/log/record";
import type {
  SearchPage,
  SearchRequest,
  TailBatch,
  TailState,
  Transport,
  TransportError,
  Unsubscribe,
} from "../../src/transport";

interface Tail {
  readonly query: string;
  onRows(batch: TailBatch): void;
  onState(state: TailState): void;
}

/** A log store in memory behind the real interface: every query finds everything, pages hold `limit` rows. */
export class MemoryTransport implements Transport {
  readonly requests: SearchRequest[] = [];
  readonly tails = new Set<Tail>();
  /** Thrown by the next searches, if set. */
  failure: TransportError | undefined;
  /** Rows, oldest first. */
  readonly #rows: LogRecord[] = [];
  #hold: Promise<void> = Promise.resolve();

  /** Store lines, and tell those who follow unless the lines are to be found by search only. */
  write(count: number, { silent = false, missed = 0 } = {}): void {
    const added = Array.from({ length: count }, (_, index) => this.#record(this.#rows.length + index + 1));
    this.#rows.push(...added);
    if (!silent) {
      for (const tail of this.tails) {
        tail.onRows({ rows: added, missed });
      }
    }
  }

  tell(state: TailState): void {
    for (const tail of this.tails) {
      tail.onState(state);
    }
  }

  /** Keep answers back until the returned function is called. */
  holdAnswers(): () => void {
    let release = (): void => undefined;
    this.#hold = new Promise((resolve) => (release = resolve));
    return release;
  }

  async search(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    this.requests.push(request);
    const end = request.cursor === undefined ? this.#rows.length : Number(request.cursor);
    const before = request.end === undefined ? this.#rows : this.#rows.filter((row) => row.timestamp < (request.end ?? ""));
    const last = Math.min(end, before.length);
    const first = Math.max(0, last - (request.limit ?? 100));
    const { failure } = this;
    await this.#hold;
    signal.throwIfAborted();
    if (failure) {
      throw failure;
    }
    return {
      rows: this.#rows.slice(first, last).reverse(),
      cursor: first > 0 ? String(first) : null,
      partial: false,
      duration_ms: 1,
    };
  }

  tail(query: string, onRows: Tail["onRows"], onState: Tail["onState"]): Unsubscribe {
    const tail = { query, onRows, onState };
    this.tails.add(tail);
    onState({ status: "connecting" });
    return () => this.tails.delete(tail);
  }

  #record(number: number): LogRecord {
    const timestamp = new Date(Date.UTC(2026, 10, 23) + number).toISOString();
    return { _id: String(number), timestamp, message: `line ${number}` };
  }
}
