import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from "lit";
import { property, state } from "lit/decorators.js";
import { type Field, fieldsOf, recordAsJson } from "../log/fields";
import { plainText } from "../log/plain-text";
import type { LogRecord } from "../log/record";
import { copyText } from "./clipboard";
import { copyIcon, excludeIcon, includeIcon } from "./icons";
import { controls, theme } from "./theme";

/** Asks for the search to be narrowed to, or freed from, one value. */
export class FilterEvent extends Event {
  static readonly type = "log-filter";

  constructor(
    readonly term: string,
    readonly exclude: boolean,
  ) {
    super(FilterEvent.type, { bubbles: true, composed: true });
  }
}

/** Texts that deserve the whole width, above the table of the other fields. */
const BLOCKS: ReadonlySet<string> = new Set(["message", "exception"]);
const COPIED_SHOWN_MS = 2_000;

/** One record with all of its fields. */
export class LogDetail extends LitElement {
  static override readonly styles: CSSResultGroup = [
    theme,
    controls,
    css`
      :host {
        display: block;
        padding: 8px 12px 14px;
        background: var(--_field);
        border-block-end: 1px solid var(--_divider);
        font-size: 13px;
      }
      pre {
        margin: 0 0 8px;
        padding: 10px 12px;
        border: 1px solid var(--_divider);
        border-radius: var(--_radius);
        background: var(--_surface);
        font: 12.5px/1.55 var(--_mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        max-height: 360px;
        overflow: auto;
        unicode-bidi: plaintext;
      }
      pre.exception {
        border-inline-start: 3px solid var(--_error);
      }
      dl {
        margin: 0;
        display: grid;
        grid-template-columns: minmax(90px, max-content) minmax(0, 1fr);
      }
      .field {
        display: grid;
        grid-template-columns: subgrid;
        grid-column: 1 / -1;
        align-items: start;
        border-block-end: 1px solid var(--_divider);
        column-gap: 16px;
        font: 12.5px/1.5 var(--_mono);
      }
      .field:hover {
        background: var(--_hover);
      }
      dt,
      dd {
        margin: 0;
        padding: 5px 4px;
        overflow-wrap: anywhere;
      }
      dt {
        color: var(--_muted);
      }
      dd {
        display: flex;
        gap: 8px;
        padding-block: 1px;
      }
      .value {
        flex: 0 1 auto;
        padding-block: 4px;
        white-space: pre-wrap;
        unicode-bidi: plaintext;
      }
      .actions {
        flex: none;
        display: flex;
      }
      .toolbar {
        display: flex;
        gap: 8px;
        padding-block-start: 10px;
      }
      .control {
        height: 32px;
      }
      .control svg {
        width: 16px;
        height: 16px;
      }
      @container (max-width: 600px) {
        dl {
          grid-template-columns: minmax(0, 1fr);
        }
        dt {
          padding-block-end: 0;
        }
        .value {
          flex-grow: 1;
        }
        .icon-button {
          width: 36px;
          height: 32px;
        }
      }
    `,
  ];

  @property({ attribute: false }) record!: LogRecord;

  @state() private _copied: "" | "copied" | "failed" = "";

  protected override render(): TemplateResult {
    const fields = fieldsOf(this.record);
    return html`
      ${fields.filter((field) => BLOCKS.has(field.path)).map((field) => this._renderBlock(field))}
      <dl>${fields.filter((field) => !BLOCKS.has(field.path)).map((field) => this._renderField(field))}</dl>
      <div class="toolbar">
        <button type="button" class="control" data-testid="copy-json" @click=${this._copyJson}>
          ${copyIcon} ${{ "": "Copy as JSON", copied: "Copied", failed: "Copying failed" }[this._copied]}
        </button>
      </div>
    `;
  }

  private _renderBlock(field: Field): TemplateResult {
    return html`<pre class=${field.path} data-testid="detail-field" data-field=${field.path}>${plainText(field.text)}</pre>`;
  }

  private _renderField(field: Field): TemplateResult {
    const { path, text, term } = field;
    return html`
      <div class="field" data-testid="detail-field" data-field=${path}>
        <dt>${plainText(path)}</dt>
        <dd>
          <span class="value">${plainText(text)}</span>
          ${term === undefined
            ? nothing
            : html`<span class="actions">
                ${this._renderFilter(term, false, `Only lines with ${path} ${text}`)}
                ${this._renderFilter(term, true, `No lines with ${path} ${text}`)}
              </span>`}
        </dd>
      </div>
    `;
  }

  private _renderFilter(term: string, exclude: boolean, label: string): TemplateResult {
    return html`
      <button
        type="button"
        class="icon-button"
        data-testid=${exclude ? "exclude-value" : "filter-value"}
        title=${label}
        aria-label=${label}
        @click=${() => this.dispatchEvent(new FilterEvent(term, exclude))}
      >
        ${exclude ? excludeIcon : includeIcon}
      </button>
    `;
  }

  private async _copyJson(): Promise<void> {
    this._copied = (await copyText(recordAsJson(this.record))) ? "copied" : "failed";
    setTimeout(() => (this._copied = ""), COPIED_SHOWN_MS);
  }
}
