import { TransportError, type SearchPage, type TailBatch, type TailState, type Transport, type Unsubscribe } from "../transport";
import { buildQuery } from "./query";
import type { Level, LogRecord } from "./record";
import { LogRows, type NextPage } from "./rows";
import { DEFAULT_RANGE_ID, timeRange } from "./time";

export interface Filter {
  readonly text: string;
  readonly minimumLevel: Level | "";
  readonly rangeId: string;
}

export type LiveStatus = "off" | TailState["status"];

const PAGE_ROWS = 100;
/** Lines held back while the reader looks at others; beyond it they are only counted, and found by a new search. */
const WAITING_ROWS_LIMIT = 2_000;

/** One reader's search: its filter, the lines found so far, and the live lines that follow. */
export class LogSession {
  filter: Filter = { text: "", minimumLevel: "", rangeId: DEFAULT_RANGE_ID };
  searching = false;
  loadingMore = false;
  /** Whether a search has been answered since the session began. */
  searched = false;
  /** Why the latest search failed; its column refers to `filter.text`. */
  error: TransportError | undefined;
  partial = false;
  durationMs = 0;
  liveStatus: LiveStatus = "off";
  /** Live lines that wait because the reader holds the list. */
  waitingCount = 0;
  /** Live lines that the server left out because we were slow. */
  missedCount = 0;

  readonly #onChange: () => void;
  readonly #rows = new LogRows();
  #transport: Transport | undefined;
  /** Ends the requests of the present search when another one begins. */
  #requests: AbortController | undefined;
  #unsubscribe: Unsubscribe | undefined;
  #waiting: LogRecord[] = [];
  #live = false;
  /** Whether lines may have come that neither a search nor the live connection told. */
  #gapOpen = false;
  #paused = false;
  #scrolledAway = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get rows(): readonly LogRecord[] {
    return this.#rows.rows;
  }

  get hasMore(): boolean {
    return this.#rows.next !== undefined;
  }

  get live(): boolean {
    return this.#live;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Begin, or begin again, with a way to reach the store. */
  start(transport: Transport): void {
    this.stop();
    this.#transport = transport;
    this.refresh();
  }

  /** End every request; the lines stay. */
  stop(): void {
    this.#requests?.abort();
    this.#requests = undefined;
    this.#leaveTail();
    this.#transport = undefined;
    this.searching = false;
    this.loadingMore = false;
  }

  /** Search for something else, and follow that from the newest line on. */
  setFilter(change: Partial<Filter>): void {
    this.filter = { ...this.filter, ...change };
    this.#paused = false;
    this.#scrolledAway = false;
    this.refresh();
  }

  setLive(live: boolean): void {
    this.#live = live;
    this.#paused = false;
    this.missedCount = 0;
    if (live) {
      this.#joinTail();
    } else {
      this.#release();
      this.#leaveTail();
    }
    this.#onChange();
  }

  /** Hold new lines back, or let them in again. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#releaseUnlessHeld();
    this.#onChange();
  }

  /** Tell whether the reader looks at older lines; new ones wait meanwhile. */
  setScrolledAway(scrolledAway: boolean): void {
    if (scrolledAway !== this.#scrolledAway) {
      this.#scrolledAway = scrolledAway;
      this.#releaseUnlessHeld();
      this.#onChange();
    }
  }

  /** Search again from the newest line. */
  refresh(): void {
    const transport = this.#transport;
    if (!transport) {
      return;
    }
    this.#requests?.abort();
    this.#requests = new AbortController();
    this.missedCount = 0;
    this.#forgetWaiting();
    this.searching = true;
    this.loadingMore = false;
    void this.#fetch(undefined, (page) => {
      this.#rows.replace(page);
      this.searched = true;
    });
    if (this.#live) {
      this.#joinTail();
    }
  }

  /** Load older lines, unless that is under way or there are none. */
  loadMore(): void {
    const next = this.#rows.next;
    if (next && !this.searching && !this.loadingMore && !this.error) {
      this.loadingMore = true;
      void this.#fetch(next, (page) => this.#rows.append(page));
    }
  }

  /** Fetch one page and hand it on, unless a newer search began meanwhile. */
  async #fetch(next: NextPage | undefined, take: (page: SearchPage) => void): Promise<void> {
    const signal = this.#requests?.signal;
    if (!this.#transport || !signal) {
      return;
    }
    this.error = undefined;
    this.#onChange();
    const { query, columnShift } = buildQuery(this.filter.text, this.filter.minimumLevel);
    const { start } = timeRange(this.filter.rangeId);
    try {
      const request = { query, limit: PAGE_ROWS, ...(start && { start }), ...next };
      const page = await this.#transport.search(request, signal);
      if (signal.aborted) {
        return;
      }
      take(page);
      this.partial = page.partial;
      this.durationMs = page.duration_ms;
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      this.error = this.#shown(error, columnShift);
    }
    this.searching = false;
    this.loadingMore = false;
    this.#onChange();
    if (!this.error) {
      this.#closeGap();
    }
  }

  #joinTail(): void {
    this.#leaveTail();
    if (!this.#transport) {
      return;
    }
    const { query } = buildQuery(this.filter.text, this.filter.minimumLevel);
    this.liveStatus = "connecting";
    this.#unsubscribe = this.#transport.tail(
      query,
      (batch) => this.#receive(batch),
      (state) => this.#follow(state),
    );
  }

  #leaveTail(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#gapOpen = false;
    this.liveStatus = "off";
  }

  #follow(state: TailState): void {
    this.liveStatus = state.status;
    if (state.status === "live") {
      this.#gapOpen = true;
      this.#closeGap();
    } else if (state.status === "failed") {
      this.error ??= this.#shown(state.error, 0);
    }
    this.#onChange();
  }

  /** Fetch what came between the latest search, or a lost connection, and the first live line. */
  #closeGap(): void {
    if (this.#gapOpen && !this.searching && !this.loadingMore && !this.#held) {
      this.#gapOpen = false;
      void this.#fetch(undefined, (page) => this.#rows.catchUp(page));
    }
  }

  #receive(batch: TailBatch): void {
    this.missedCount += batch.missed;
    if (this.#held) {
      this.waitingCount += batch.rows.length;
      if (this.waitingCount <= WAITING_ROWS_LIMIT) {
        this.#waiting.push(...batch.rows);
      }
    } else {
      this.#rows.prepend(batch.rows);
    }
    this.#onChange();
  }

  get #held(): boolean {
    return this.#paused || this.#scrolledAway;
  }

  #releaseUnlessHeld(): void {
    if (!this.#held) {
      this.#release();
    }
  }

  #release(): void {
    if (this.#gapOpen || this.waitingCount > this.#waiting.length) {
      this.refresh();
    } else {
      this.#rows.prepend(this.#waiting);
      this.#forgetWaiting();
    }
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.waitingCount = 0;
  }

  #shown(error: unknown, columnShift: number): TransportError {
    if (!(error instanceof TransportError)) {
      throw error;
    }
    if (error.column === undefined) {
      return error;
    }
    const column = Math.min(Math.max(error.column - columnShift, 1), this.filter.text.length + 1);
    return new TransportError(error.code, error.message.replace(/^column \d+:\s*/i, ""), column);
  }
}
