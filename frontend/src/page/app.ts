import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from "lit";
import { query, state } from "lit/decorators.js";
import type { Stats } from "../aggregator/stats";
import { AggregatorTransport } from "../aggregator/transport";
import type { FilterEvent } from "../elements/log-detail";
import type { LogSearch } from "../elements/log-search";
import { controls, theme } from "../elements/theme";
import type { TailState, Unsubscribe } from "../transport";
import { forgetToken, keepToken, refusalText, takeToken } from "./token";

const STATS_INTERVAL_S = 5;

/** The aggregator's own page: asks for a token, then shows live figures and the log search. */
export class App extends LitElement {
  static override readonly styles: CSSResultGroup = [
    theme,
    controls,
    css`
      :host {
        display: flex;
        flex-direction: column;
        height: 100dvh;
      }
      header {
        flex: none;
        display: flex;
        align-items: center;
        gap: 10px;
        padding: 8px 12px;
        background: var(--_surface);
        border-block-end: 1px solid var(--_divider);
      }
      h1 {
        margin: 0;
        font-size: 16px;
        font-weight: 650;
      }
      .version {
        color: var(--_muted);
        font-size: 12px;
      }
      header .control {
        margin-inline-start: auto;
        height: 30px;
        font-size: 13px;
      }
      .logo {
        width: 24px;
        height: 24px;
        color: var(--_accent);
      }
      main {
        flex: 1;
        min-height: 0;
        display: flex;
        flex-direction: column;
      }
      ha-ingestor-log-search {
        flex: 1;
        height: auto;
        min-height: 0;
      }
      form {
        margin: auto;
        width: min(420px, calc(100% - 24px));
        padding: 24px;
        display: grid;
        gap: 12px;
        background: var(--_surface);
        border: 1px solid var(--_divider);
        border-radius: 12px;
      }
      form p {
        margin: 0;
        color: var(--_muted);
      }
      form code {
        font: 13px var(--_mono);
        color: var(--_text);
      }
      label {
        display: grid;
        gap: 6px;
        font-weight: 600;
      }
      input {
        height: 40px;
        padding: 0 12px;
        border: 1px solid var(--_divider);
        border-radius: var(--_radius);
        background: var(--_field);
        color: var(--_text);
        font: 14px var(--_mono);
      }
      form .control {
        height: 40px;
        justify-content: center;
        font-weight: 600;
        border-color: var(--_accent);
        color: var(--_accent-text);
      }
      form .refused {
        color: var(--_error-text);
      }
    `,
  ];

  @state() private _transport: AggregatorTransport | undefined;

  @state() private _stats: Stats | undefined;

  @state() private _refusal = "";

  @query("ha-ingestor-log-search") private readonly _search!: LogSearch;

  @query("input") private readonly _tokenInput!: HTMLInputElement;

  #endStats: Unsubscribe | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("hashchange", this.#useStoredToken);
    this.#useStoredToken();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("hashchange", this.#useStoredToken);
    this.#leave();
  }

  protected override render(): TemplateResult {
    return html`
      <header>
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 6h10M4 12h16M4 18h7" />
          <circle cx="18.5" cy="6" r="1.5" />
        </svg>
        <h1>HA Ingestor</h1>
        ${this._stats ? html`<span class="version">${this._stats.version}</span>` : nothing}
        ${this._transport
          ? html`<button type="button" class="control" data-testid="sign-out" @click=${this._onSignOut}>
              Forget token
            </button>`
          : nothing}
      </header>
      <main>${this._transport ? this._renderLogs(this._transport) : this._renderTokenForm()}</main>
    `;
  }

  private _renderLogs(transport: AggregatorTransport): TemplateResult {
    return html`
      <ha-ingestor-stats
        .stats=${this._stats}
        @log-filter=${(event: FilterEvent) => this._search.addFilter(event.term, event.exclude)}
      ></ha-ingestor-stats>
      <ha-ingestor-log-search .transport=${transport}></ha-ingestor-log-search>
    `;
  }

  private _renderTokenForm(): TemplateResult {
    return html`
      <form data-testid="token-form" @submit=${this._onToken}>
        <label>
          Access token
          <input data-testid="token-input" type="password" autocomplete="off" required />
        </label>
        ${this._refusal
          ? html`<p class="refused" role="alert" data-testid="token-error">${this._refusal}</p>`
          : nothing}
        <p>
          A token with the scope <code>read</code>. The first one is in the aggregator's data folder, in the file
          <code>tokens/read</code>. It stays in this browser tab.
        </p>
        <button type="submit" class="control" data-testid="token-submit">Show the logs</button>
      </form>
    `;
  }

  private _onToken(event: Event): void {
    event.preventDefault();
    const token = this._tokenInput.value.trim();
    keepToken(token, sessionStorage);
    this.#enter(token);
  }

  private _onSignOut(): void {
    forgetToken(sessionStorage);
    this._refusal = "";
    this.#leave();
  }

  readonly #useStoredToken = (): void => {
    const token = takeToken(location, history, sessionStorage);
    if (token) {
      this.#enter(token);
    }
  };

  #enter(token: string): void {
    this.#leave();
    this._refusal = "";
    const transport = new AggregatorTransport(document.baseURI, token);
    this._transport = transport;
    this.#endStats = transport.stats(
      STATS_INTERVAL_S,
      (stats) => (this._stats = stats),
      (state) => this.#onStatsState(transport, state),
    );
  }

  #leave(): void {
    this.#endStats?.();
    this.#endStats = undefined;
    this._transport = undefined;
    this._stats = undefined;
  }

  #onStatsState(transport: AggregatorTransport, state: TailState): void {
    if (state.status === "failed" && state.error.code === "unauthorized") {
      void this.#refuse(transport);
    }
  }

  async #refuse(transport: AggregatorTransport): Promise<void> {
    forgetToken(sessionStorage);
    const code = await transport.refusalCode();
    if (transport === this._transport) {
      this.#leave();
      this._refusal = refusalText(code);
    }
  }
}
