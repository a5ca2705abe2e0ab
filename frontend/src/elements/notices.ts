import { type TemplateResult, css, html, nothing } from "lit";
import type { Filter } from "../log/session";
import { timeRange } from "../log/time";
import { refreshIcon } from "./icons";

const EXAMPLES: readonly (readonly [query: string, meaning: string])[] = [
  ["connection refused", "both words, anywhere in the line"],
  ['"partial write"', "these words side by side"],
  ["level:>=warning", "warnings and worse"],
  ["service:data-api -debug", "one service, without a word"],
  ["duration_ms:>500", "any field, compared"],
  ["(timeout OR refused) host:pi", "either, together with a host"],
];

export const noticeStyles = css`
  .help {
    margin: 10px 0 0;
    padding: 10px 12px;
    display: grid;
    grid-template-columns: minmax(120px, max-content) minmax(0, 1fr);
    gap: 4px 16px;
    border: 1px solid var(--_divider);
    border-radius: var(--_radius);
    background: var(--_field);
    font-size: 13px;
    max-height: 220px;
    overflow: auto;
  }
  .help dt button {
    padding: 0;
    border: 0;
    background: none;
    color: var(--_accent-text);
    font: 12.5px/20px var(--_mono);
    text-align: start;
    cursor: pointer;
  }
  .help dt button:hover {
    text-decoration: underline;
  }
  .help dd {
    margin: 0;
    color: var(--_muted);
    line-height: 20px;
  }
  .notice {
    margin: auto;
    padding: 24px;
    max-width: 460px;
    text-align: center;
    color: var(--_muted);
  }
  .notice h2 {
    margin: 0 0 6px;
    color: var(--_text);
    font-size: 16px;
    font-weight: 600;
  }
  .notice p {
    margin: 0 0 14px;
    overflow-wrap: anywhere;
  }
  .notice .control {
    margin: 0 4px 8px;
    color: var(--_text);
  }
  .banner {
    flex: none;
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 6px 12px;
    border-block-end: 1px solid var(--_divider);
    background: color-mix(in srgb, var(--_warning) 12%, var(--_surface));
    font-size: 13px;
  }
  .banner[data-testid="search-error"] {
    background: color-mix(in srgb, var(--_error) 12%, var(--_surface));
  }
  .banner .control {
    height: 28px;
  }
`;

/** What the search language can do, as examples to try. */
export function searchHelp(onExample: (query: string) => void): TemplateResult {
  return html`<dl class="help" data-testid="help">
    ${EXAMPLES.map(
      ([example, meaning]) => html`
        <dt>
          <button type="button" data-testid="example" @click=${() => onExample(example)}>${example}</button>
        </dt>
        <dd>${meaning}</dd>
      `,
    )}
  </dl>`;
}

/** A strip above the lines that says what is wrong with them. */
export function retryBanner(testId: string, text: string, onRetry: () => void): TemplateResult {
  return html`<div class="banner" data-testid=${testId}>
    <span>${text}</span>
    <button type="button" class="control" data-testid="retry" @click=${onRetry}>Search again</button>
  </div>`;
}

/** In place of the lines: why there are none. */
export function searchFailed(message: string, onRetry: () => void): TemplateResult {
  return html`<div class="notice" data-testid="search-error">
    <h2>The search did not succeed</h2>
    <p>${message}</p>
    <button type="button" class="control" data-testid="retry" @click=${onRetry}>${refreshIcon} Try again</button>
  </div>`;
}

/** In place of the lines: that none match, and what would find more. */
export function nothingFound(
  { text, minimumLevel, rangeId }: Filter,
  isLive: boolean,
  onChange: (change: Partial<Filter>) => void,
): TemplateResult {
  const isFiltered = text !== "" || minimumLevel !== "";
  const range = timeRange(rangeId);
  const isBounded = range.start !== "";
  return html`<div class="notice" data-testid="empty-state">
    <h2>${isFiltered ? "No line matches" : "No lines yet"}</h2>
    <p>
      ${isBounded ? `Nothing in the ${range.label.toLowerCase()}.` : "Nothing in all stored lines."}
      ${isLive ? "New ones appear here as they arrive." : nothing}
    </p>
    ${isFiltered
      ? html`<button
          type="button"
          class="control"
          data-testid="clear-filters"
          @click=${() => onChange({ text: "", minimumLevel: "" })}
        >
          Clear the search
        </button>`
      : nothing}
    ${isBounded
      ? html`<button
          type="button"
          class="control"
          data-testid="search-all-time"
          @click=${() => onChange({ rangeId: "all" })}
        >
          Search all time
        </button>`
      : nothing}
  </div>`;
}

/** A number with its noun, in the plural where it isn't one. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;
}
