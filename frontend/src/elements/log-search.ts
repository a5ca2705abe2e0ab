import { type CSSResultGroup, LitElement, type PropertyValues, type TemplateResult, html, nothing } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { searchPattern } from "../log/highlight";
import { addTerm } from "../log/query";
import { LEVELS, type Level } from "../log/record";
import { type Filter, LogSession } from "../log/session";
import { TIME_RANGES } from "../log/time";
import type { Transport } from "../transport";
import { clearIcon, helpIcon, pauseIcon, playIcon, refreshIcon, searchIcon, upIcon } from "./icons";
import type { FilterEvent } from "./log-detail";
import type { LogList, ScrolledAwayEvent } from "./log-list";
import { searchStyles } from "./log-search.styles";
import { counted, noticeStyles, nothingFound, retryBanner, searchFailed, searchHelp } from "./notices";
import { controls, theme } from "./theme";

const TYPING_PAUSE_MS = 350;

const LEVEL_LABELS: Readonly<Record<Level | "", string>> = {
  "": "All levels",
  TRACE: "Trace +",
  DEBUG: "Debug +",
  INFO: "Info +",
  WARNING: "Warning +",
  ERROR: "Error +",
  CRITICAL: "Critical",
};

/** Search, read and follow logs. Knows the store only by its transport. */
export class LogSearch extends LitElement {
  static override readonly styles: CSSResultGroup = [theme, controls, searchStyles, noticeStyles];

  /** How to reach the log store; nothing happens before it is set. */
  @property({ attribute: false }) transport: Transport | undefined;

  @state() private _text = "";

  @state() private _helpShown = false;

  @state() private _inputScroll = 0;

  @query("input") private readonly _input!: HTMLInputElement;

  @query("ha-ingestor-log-list") private readonly _list!: LogList | null;

  protected readonly session = new LogSession(() => this.requestUpdate());

  #typing: ReturnType<typeof setTimeout> | undefined;
  #pattern: { readonly text: string; readonly expression: RegExp | undefined } | undefined;

  /** Change the search as if the reader had. */
  setFilter(change: Partial<Filter>): void {
    clearTimeout(this.#typing);
    this._text = change.text ?? this._text;
    this._list?.scrollToNewest();
    this.session.setFilter(change);
  }

  /** Narrow the search by a term such as `service:data-api`, or exclude what it finds. */
  addFilter(term: string, exclude = false): void {
    this.setFilter({ text: addTerm(this._text, term, exclude) });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("keydown", this.#onKey);
    if (this.hasUpdated) {
      this.#start();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("keydown", this.#onKey);
    clearTimeout(this.#typing);
    this.session.stop();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("transport")) {
      this.#start();
    }
    const { text } = this.session.filter;
    if (this.#pattern?.text !== text) {
      this.#pattern = { text, expression: searchPattern(text) };
    }
  }

  protected override render(): TemplateResult {
    const { session } = this;
    const queryError = session.error?.column === undefined ? undefined : session.error;
    return html`
      <div class="top">
        <form role="search" @submit=${this._onSubmit}>
          <div class="box">
            ${searchIcon}
            <input
              data-testid="search-input"
              type="text"
              aria-label="Search logs"
              aria-invalid=${queryError ? "true" : "false"}
              aria-describedby="query-error"
              placeholder="Search all logs"
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
              enterkeyhint="search"
              .value=${live(this._text)}
              @input=${this._onInput}
              @scroll=${() => (this._inputScroll = this._input.scrollLeft)}
            />
            ${queryError?.column === undefined
              ? nothing
              : html`<div
                  class="error-place"
                  data-testid="query-error-place"
                  .style=${`--_column: ${queryError.column - 1}; --_scrolled: ${this._inputScroll}px`}
                ></div>`}
            <div class="in-box">
              ${this._text
                ? html`<button
                    type="button"
                    class="icon-button"
                    data-testid="search-clear"
                    aria-label="Clear search"
                    title="Clear search"
                    @click=${this._onClear}
                  >
                    ${clearIcon}
                  </button>`
                : nothing}
              <button
                type="button"
                class="icon-button"
                data-testid="search-help"
                aria-label="How to search"
                title="How to search"
                aria-expanded=${this._helpShown ? "true" : "false"}
                @click=${() => (this._helpShown = !this._helpShown)}
              >
                ${helpIcon}
              </button>
            </div>
          </div>
          <div class="choices">${this._renderChoices()}</div>
        </form>
        <p class="query-error" id="query-error" data-testid="query-error" ?hidden=${!queryError}>
          ${queryError?.column === undefined ? nothing : `Column ${queryError.column}: ${queryError.message}`}
        </p>
        ${this._helpShown ? searchHelp((text) => this.setFilter({ text })) : nothing}
      </div>
      <div
        class="main"
        @log-filter=${(event: FilterEvent) => this.addFilter(event.term, event.exclude)}
      >
        ${session.searching ? html`<div class="progress" data-testid="loading"></div>` : nothing}
        ${this._renderBanner()}
        <div class="lines">${session.waitingCount > 0 ? this._renderNewLines() : nothing} ${this._renderMain()}</div>
      </div>
      <div class="foot">
        <span role="status" data-testid="status">${this.#statusText()}</span>
        <span class="keys"><kbd>/</kbd> search <kbd>↑</kbd> <kbd>↓</kbd> move <kbd>Enter</kbd> open</span>
      </div>
    `;
  }

  private _renderChoices(): TemplateResult {
    const { filter, live: isLive, liveStatus, paused } = this.session;
    return html`
      <select
        class="control"
        data-testid="level-select"
        aria-label="Least severe level shown"
        .value=${live(filter.minimumLevel)}
        @change=${(event: Event) =>
          this.setFilter({ minimumLevel: (event.target as HTMLSelectElement).value as Level | "" })}
      >
        ${(["", ...LEVELS] as const).map(
          (level) =>
            html`<option value=${level} ?selected=${level === filter.minimumLevel}>${LEVEL_LABELS[level]}</option>`,
        )}
      </select>
      <select
        class="control"
        data-testid="range-select"
        aria-label="Time range"
        .value=${live(filter.rangeId)}
        @change=${(event: Event) => this.setFilter({ rangeId: (event.target as HTMLSelectElement).value })}
      >
        ${TIME_RANGES.map(
          ({ id, label }) => html`<option value=${id} ?selected=${id === filter.rangeId}>${label}</option>`,
        )}
      </select>
      ${isLive
        ? html`<button
            type="button"
            class="control"
            data-testid="tail-pause"
            aria-label=${paused ? "Resume" : "Pause"}
            title=${paused ? "Resume" : "Pause"}
            @click=${() => (paused ? this._showNewest() : this.session.setPaused(true))}
          >
            ${paused ? playIcon : pauseIcon}
          </button>`
        : html`<button
            type="button"
            class="control"
            data-testid="refresh"
            aria-label="Search again"
            title="Search again"
            @click=${() => this.session.refresh()}
          >
            ${refreshIcon}
          </button>`}
      <button
        type="button"
        class="control"
        data-testid="tail-toggle"
        data-state=${liveStatus}
        aria-pressed=${isLive ? "true" : "false"}
        title="Show new lines as they arrive"
        @click=${() => this.session.setLive(!isLive)}
      >
        <span class="live-dot"></span>Live
      </button>
    `;
  }

  private _renderNewLines(): TemplateResult {
    return html`<button type="button" class="new-lines" data-testid="new-lines" @click=${this._showNewest}>
      ${upIcon} ${counted(this.session.waitingCount, "new line")}
    </button>`;
  }

  private _renderBanner(): TemplateResult | typeof nothing {
    const { error, liveStatus, missedCount, rows } = this.session;
    const again = (): void => this.session.refresh();
    if (error && error.column === undefined && rows.length > 0) {
      return retryBanner("search-error", error.message, again);
    }
    if (liveStatus === "reconnecting") {
      return html`<div class="banner" data-testid="reconnecting">Connection lost. Reconnecting…</div>`;
    }
    if (missedCount > 0) {
      const text = `${counted(missedCount, "line")} skipped, because they came too fast to be shown.`;
      return retryBanner("missed-lines", text, again);
    }
    return nothing;
  }

  private _renderMain(): TemplateResult | typeof nothing {
    const { session } = this;
    if (session.rows.length > 0) {
      return html`<ha-ingestor-log-list
        .rows=${session.rows}
        .pattern=${this.#pattern?.expression}
        .hasMore=${session.hasMore}
        .busy=${session.searching || session.loadingMore}
        @log-more=${() => session.loadMore()}
        @log-scrolled-away=${(event: ScrolledAwayEvent) => session.setScrolledAway(event.away)}
        @log-unfold=${() => session.live && session.setPaused(true)}
      ></ha-ingestor-log-list>`;
    }
    if (session.error) {
      return session.error.column === undefined
        ? searchFailed(session.error.message, () => session.refresh())
        : nothing;
    }
    return session.searched
      ? nothingFound(session.filter, session.live, (change) => this.setFilter(change))
      : html`<div class="notice">Searching…</div>`;
  }

  private _onSubmit(event: Event): void {
    event.preventDefault();
    this.setFilter({ text: this._text });
  }

  private _onInput(): void {
    this._text = this._input.value;
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.setFilter({ text: this._text }), TYPING_PAUSE_MS);
  }

  private _onClear(): void {
    this.setFilter({ text: "" });
    this._input.focus();
  }

  private _showNewest(): void {
    this._list?.scrollToNewest();
    this.session.setScrolledAway(false);
    this.session.setPaused(false);
  }

  #start(): void {
    if (this.transport) {
      this.session.start(this.transport);
    } else {
      this.session.stop();
    }
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const target = event.composedPath()[0];
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this._input.focus();
      this._input.select();
    }
  };

  #statusText(): string {
    const { session } = this;
    if (session.searching) {
      return "Searching…";
    }
    if (!session.searched) {
      return "";
    }
    if (session.error) {
      return "Showing what the search before found";
    }
    const found = `${counted(session.rows.length, "line")}${session.hasMore ? " loaded, more below" : ""}`;
    const partial = session.partial ? " · time ran out, older lines may be missing" : "";
    return `${found}${partial} · ${session.durationMs.toFixed(1)} ms`;
  }
}
