import { type CSSResultGroup, LitElement, type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { property, query, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { repeat } from "lit/directives/repeat.js";
import type { LogRecord } from "../log/record";
import { localTime } from "../log/time";
import { type Unfolded, listWindow, topOf } from "../log/window";
import { lineContent } from "./line";
import { NARROW_LINE_HEIGHT, WIDE_LINE_HEIGHT, listStyles } from "./log-list.styles";
import { controls, theme } from "./theme";

/** Below this width (px) a line takes two rows of text. */
const NARROW_WIDTH = 640;
/** How near to the last line (px) the next page is asked for. */
const NEAR_END = 1_200;

/** Asks for older lines. */
export class MoreEvent extends Event {
  static readonly type = "log-more";

  constructor() {
    super(MoreEvent.type);
  }
}

/** Tells that the list has been scrolled away from its newest line, or back to it. */
export class ScrolledAwayEvent extends Event {
  static readonly type = "log-scrolled-away";

  constructor(readonly away: boolean) {
    super(ScrolledAwayEvent.type);
  }
}

/** Tells that a line has been unfolded. */
export class UnfoldEvent extends Event {
  static readonly type = "log-unfold";

  constructor() {
    super(UnfoldEvent.type);
  }
}

/** Lines, newest first; only those in view are in the document. */
export class LogList extends LitElement {
  static override readonly styles: CSSResultGroup = [theme, controls, listStyles];

  @property({ attribute: false }) rows: readonly LogRecord[] = [];

  /** What the search matches in a line's text. */
  @property({ attribute: false }) pattern: RegExp | undefined;

  @property({ type: Boolean }) busy = false;

  @property({ type: Boolean, attribute: "has-more" }) hasMore = false;

  @property({ type: Boolean, reflect: true }) narrow = false;

  @state() private _scrollTop = 0;

  @state() private _viewportHeight = 0;

  /** Heights (px) of the details of unfolded lines, by the record's ID. */
  @state() private _unfolded: ReadonlyMap<string, number> = new Map();

  @state() private _activeId = "";

  @query(".viewport") private readonly _viewport!: HTMLElement;

  #resizes: ResizeObserver | undefined;
  #indexes: ReadonlyMap<string, number> = new Map();
  #focusActive = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resizes = new ResizeObserver((entries) => this.#measure(entries));
    this.#resizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resizes?.disconnect();
  }

  /** Show the newest line. */
  scrollToNewest(): void {
    this._viewport.scrollTop = 0;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("rows")) {
      this.#indexes = new Map(this.rows.map((row, index) => [row._id, index]));
      const kept = [...this._unfolded].filter(([id]) => this.#indexes.has(id));
      if (kept.length !== this._unfolded.size) {
        this._unfolded = new Map(kept);
      }
    }
  }

  protected override render(): TemplateResult {
    const lineHeight = this.#lineHeight;
    const view = listWindow({
      scrollTop: this._scrollTop,
      viewportHeight: this._viewportHeight,
      lineHeight,
      count: this.rows.length,
      unfolded: this.#unfoldedByIndex(),
    });
    const visible = this.rows.slice(view.first, view.end);
    const now = new Date();
    const times = visible.map((row) => localTime(row.timestamp, now));
    const timeWidth = Math.max(0, ...times.map((time) => time.length));
    const tabStop = visible.some((row) => row._id === this._activeId) ? this._activeId : visible[0]?._id;
    return html`
      <div class="viewport" @scroll=${this._onScroll}>
        <div
          role="log"
          aria-label="Log lines, newest first"
          aria-live="off"
          aria-busy=${this.busy ? "true" : "false"}
          data-testid="log-list"
          class="all"
          .style=${`height: ${view.totalHeight}px`}
        >
          <div class="window" .style=${`transform: translateY(${view.offset}px); --_time-width: ${timeWidth}ch`}>
            ${repeat(
              visible,
              (row) => row._id,
              (row, index) => this._renderRow(row, times[index] ?? "", row._id === tabStop),
            )}
          </div>
        </div>
      </div>
    `;
  }

  protected override updated(): void {
    for (const detail of this.renderRoot.querySelectorAll("ha-ingestor-log-detail")) {
      this.#resizes?.observe(detail);
    }
    if (this.#focusActive) {
      this.#focusActive = false;
      this.renderRoot.querySelector<HTMLElement>(".line[tabindex='0']")?.focus({ preventScroll: true });
    }
    this.#askForMore();
  }

  private _renderRow(row: LogRecord, time: string, isTabStop: boolean): TemplateResult {
    const isUnfolded = this._unfolded.has(row._id);
    const level = row.level ?? "";
    return html`
      <div class="row" data-testid="log-row" data-id=${row._id} data-level=${level}>
        <div
          class=${classMap({ line: true, unfolded: isUnfolded })}
          role="button"
          tabindex=${isTabStop ? 0 : -1}
          aria-expanded=${isUnfolded ? "true" : "false"}
          @click=${() => this._onLineClick(row)}
          @keydown=${(event: KeyboardEvent) => this._onLineKey(event, row)}
        >
          ${lineContent(row, time, this.pattern)}
        </div>
        ${isUnfolded
          ? html`<ha-ingestor-log-detail
              data-testid="log-row-detail"
              data-id=${row._id}
              .record=${row}
            ></ha-ingestor-log-detail>`
          : nothing}
      </div>
    `;
  }

  private _onScroll(): void {
    const away = this._viewport.scrollTop > this.#lineHeight / 2;
    this._scrollTop = this._viewport.scrollTop;
    this.dispatchEvent(new ScrolledAwayEvent(away));
  }

  private _onLineClick(row: LogRecord): void {
    // A click that ends the marking of text is no wish to unfold.
    if (getSelection()?.type !== "Range") {
      this.#toggle(row._id);
    }
  }

  private _onLineKey(event: KeyboardEvent, row: LogRecord): void {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    switch (event.key) {
      case "Enter":
      case " ":
        this.#toggle(row._id);
        break;
      case "ArrowDown":
      case "j":
        this.#moveTo(this.#indexOf(row._id) + 1);
        break;
      case "ArrowUp":
      case "k":
        this.#moveTo(this.#indexOf(row._id) - 1);
        break;
      case "Home":
        this.#moveTo(0);
        break;
      case "End":
        this.#moveTo(this.rows.length - 1);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #toggle(id: string): void {
    const unfolded = new Map(this._unfolded);
    if (!unfolded.delete(id)) {
      unfolded.set(id, 0);
      this.dispatchEvent(new UnfoldEvent());
    }
    this._unfolded = unfolded;
    this._activeId = id;
  }

  #moveTo(index: number): void {
    const row = this.rows[index];
    if (!row) {
      return;
    }
    this._activeId = row._id;
    this.#focusActive = true;
    const top = topOf(index, this.#lineHeight, this.#unfoldedByIndex());
    const { scrollTop } = this._viewport;
    if (top < scrollTop) {
      this._viewport.scrollTop = top;
    } else if (top + this.#lineHeight > scrollTop + this._viewportHeight) {
      this._viewport.scrollTop = top + this.#lineHeight - this._viewportHeight;
    }
    this._scrollTop = this._viewport.scrollTop;
    this.requestUpdate();
  }

  #measure(entries: readonly ResizeObserverEntry[]): void {
    const unfolded = new Map(this._unfolded);
    for (const entry of entries) {
      if (entry.target === this) {
        this.narrow = entry.contentRect.width < NARROW_WIDTH;
        this._viewportHeight = entry.contentRect.height;
        continue;
      }
      const id = (entry.target as HTMLElement).dataset.id;
      const height = entry.borderBoxSize[0]?.blockSize ?? 0;
      if (id !== undefined && unfolded.has(id) && entry.target.isConnected) {
        unfolded.set(id, height);
      }
    }
    this._unfolded = unfolded;
  }

  #askForMore(): void {
    const { scrollHeight, scrollTop, clientHeight } = this._viewport;
    if (this.hasMore && !this.busy && clientHeight > 0 && scrollHeight - scrollTop - clientHeight < NEAR_END) {
      this.dispatchEvent(new MoreEvent());
    }
  }

  #unfoldedByIndex(): Unfolded[] {
    return [...this._unfolded]
      .map(([id, height]) => ({ index: this.#indexOf(id), height }))
      .sort((a, b) => a.index - b.index);
  }

  #indexOf(id: string): number {
    return this.#indexes.get(id) ?? 0;
  }

  get #lineHeight(): number {
    return this.narrow ? NARROW_LINE_HEIGHT : WIDE_LINE_HEIGHT;
  }
}
