import type { SearchPage, SearchRequest } from "../transport";
import type { LogRecord } from "./record";
import { justAfter } from "./time";

/** Lines kept while live ones arrive; older ones are dropped and found again by scrolling down. */
export const LIVE_ROWS_LIMIT = 10_000;

/** What a search for the next page needs besides query and range. */
export type NextPage = Pick<SearchRequest, "cursor" | "end">;

/** The loaded lines, newest first, each once. */
export class LogRows {
  #rows: readonly LogRecord[] = [];
  #ids = new Set<string>();
  #next: NextPage | undefined;

  get rows(): readonly LogRecord[] {
    return this.#rows;
  }

  /** Where older lines begin; undefined when all are loaded. */
  get next(): NextPage | undefined {
    return this.#next;
  }

  /** Start again with the newest page, or with nothing. */
  replace(page?: SearchPage): void {
    this.#rows = page?.rows ?? [];
    this.#ids = new Set(this.#rows.map((row) => row._id));
    this.#next = nextOf(page);
  }

  /** Add a page of older lines. */
  append(page: SearchPage): void {
    const added = this.#unknown(page.rows);
    this.#rows = [...this.#rows, ...added];
    this.#next = nextOf(page);
  }

  /** Add lines that just arrived, oldest first. */
  prepend(arrived: readonly LogRecord[]): void {
    const added = this.#unknown(arrived).reverse();
    if (added.length === 0) {
      return;
    }
    const rows = [...added, ...this.#rows];
    if (rows.length > LIVE_ROWS_LIMIT) {
      for (const dropped of rows.splice(LIVE_ROWS_LIMIT)) {
        this.#ids.delete(dropped._id);
      }
      const oldest = rows.at(-1);
      this.#next = oldest && { end: justAfter(oldest.timestamp) };
    }
    this.#rows = rows;
  }

  /** Close a gap: add what the newest page has and we don't, or start again when the gap is wider than the page. */
  catchUp(page: SearchPage): void {
    const reachesKnown = page.cursor === null || page.rows.some((row) => this.#ids.has(row._id));
    if (reachesKnown) {
      this.prepend([...page.rows].reverse());
    } else {
      this.replace(page);
    }
  }

  #unknown(rows: readonly LogRecord[]): LogRecord[] {
    const unknown = rows.filter((row) => !this.#ids.has(row._id));
    for (const row of unknown) {
      this.#ids.add(row._id);
    }
    return unknown;
  }
}

function nextOf(page: SearchPage | undefined): NextPage | undefined {
  return page?.cursor == null ? undefined : { cursor: page.cursor };
}
