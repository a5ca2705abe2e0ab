import { type CSSResultGroup, LitElement, type TemplateResult, css, html, nothing } from "lit";
import { property } from "lit/decorators.js";
import type { ServiceStats, Stats } from "../aggregator/stats";
import { FilterEvent } from "../elements/log-detail";
import { controls, theme } from "../elements/theme";
import { term } from "../log/query";
import { formatBytes, formatCount, formatRate } from "./figures";

/** Live figures of the aggregator and its services. */
export class StatsStrip extends LitElement {
  static override readonly styles: CSSResultGroup = [
    theme,
    controls,
    css`
      :host {
        display: block;
        container-type: inline-size;
        background: var(--_surface);
        border-block-end: 1px solid var(--_divider);
      }
      dl {
        margin: 0;
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(84px, 1fr));
        padding: 10px 12px 6px;
        gap: 6px 16px;
      }
      dt {
        color: var(--_muted);
        font-size: 12px;
        white-space: nowrap;
      }
      dd {
        margin: 0;
        font-size: 18px;
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
      .bad {
        color: var(--_error-text);
      }
      .services {
        display: flex;
        gap: 8px;
        margin: 0;
        padding: 4px 12px 10px;
        list-style: none;
        overflow-x: auto;
        scrollbar-width: thin;
      }
      .services .control {
        height: 30px;
        border-radius: 15px;
        font-size: 13px;
      }
      .rate {
        color: var(--_muted);
        font-variant-numeric: tabular-nums;
      }
      @container (max-width: 640px) {
        dl {
          padding: 8px 12px 4px;
          gap: 4px 12px;
        }
        dd {
          font-size: 16px;
        }
      }
    `,
  ];

  @property({ attribute: false }) stats: Stats | undefined;

  protected override render(): TemplateResult | typeof nothing {
    if (!this.stats) {
      return nothing;
    }
    const { totals, store, host, services } = this.stats;
    const names = Object.keys(services).sort();
    return html`
      <dl data-testid="stats-strip">
        ${this._renderFigure("lines-per-second", "Lines / s", formatRate(totals.lines_per_s))}
        ${this._renderFigure(
          "errors-last-hour",
          "Errors, 1 h",
          formatCount(totals.errors_last_hour),
          totals.errors_last_hour > 0 ? "bad" : "",
        )}
        ${this._renderFigure("stored-rows", "Stored lines", formatCount(store.rows))}
        ${this._renderFigure("stored-size", "Store size", formatBytes(store.size_bytes))}
        ${totals.dropped > 0 ? this._renderFigure("dropped", "Dropped", formatCount(totals.dropped), "bad") : nothing}
        ${this._renderFigure("cpu", "CPU", formatPercent(host.cpu_percent))}
        ${this._renderFigure("memory", "Memory", formatPercent(host.memory_percent))}
        ${this._renderFigure("disk", "Disk", formatPercent(host.disk_percent))}
      </dl>
      ${names.length > 0
        ? html`<ul class="services" aria-label="Services">
            ${names.map((name) => this._renderService(name, services[name]))}
          </ul>`
        : nothing}
    `;
  }

  private _renderFigure(testId: string, label: string, value: string, kind = ""): TemplateResult {
    return html`<div>
      <dt>${label}</dt>
      <dd class=${kind} data-testid="stat-${testId}">${value}</dd>
    </div>`;
  }

  private _renderService(name: string, stats: ServiceStats | undefined): TemplateResult {
    const errors = stats?.errors_last_hour ?? 0;
    return html`<li>
      <button
        type="button"
        class="control"
        data-testid="service-chip"
        data-service=${name}
        title="Only lines of ${name}"
        @click=${() => this.dispatchEvent(new FilterEvent(term("service", name), false))}
      >
        ${name}
        <span class="rate">${formatRate(stats?.lines_per_s ?? 0)}/s</span>
        ${errors > 0 ? html`<span class="bad">${formatCount(errors)} ${errors === 1 ? "error" : "errors"}</span>` : nothing}
      </button>
    </li>`;
  }
}

function formatPercent(value: number): string {
  return `${value.toFixed(0)} %`;
}
