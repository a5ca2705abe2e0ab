import { css } from "lit";

/** px; the list computes positions from it. */
export const WIDE_LINE_HEIGHT = 28;
/** px */
export const NARROW_LINE_HEIGHT = 50;

export const listStyles = css`
  :host {
    display: block;
    position: relative;
    min-height: 0;
    container-type: inline-size;
  }
  .viewport {
    position: absolute;
    inset: 0;
    overflow: hidden auto;
    overflow-anchor: none;
    scrollbar-gutter: stable;
    scrollbar-width: thin;
  }
  .all {
    position: relative;
    contain: layout paint;
  }
  .window {
    position: absolute;
    inset: 0 0 auto;
    will-change: transform;
  }
  .row {
    --_level-mark: transparent;
    --_level-text: var(--_muted);
  }
  .row[data-level="INFO"] {
    --_level-mark: color-mix(in srgb, var(--_info) 55%, transparent);
    --_level-text: var(--_info-text);
  }
  .row[data-level="WARNING"] {
    --_level-mark: var(--_warning);
    --_level-text: var(--_warning-text);
  }
  .row[data-level="ERROR"],
  .row[data-level="CRITICAL"] {
    --_level-mark: var(--_error);
    --_level-text: var(--_error-text);
  }
  .line {
    position: relative;
    height: ${WIDE_LINE_HEIGHT}px;
    display: grid;
    grid-template-columns: 18px var(--_time-width) 8ch minmax(8ch, 20ch) minmax(0, 1fr);
    column-gap: 1.25ch;
    align-items: center;
    padding-inline: 8px 12px;
    font: 12.5px/20px var(--_mono);
    cursor: pointer;
    white-space: nowrap;
  }
  .line::before {
    content: "";
    position: absolute;
    inset: 2px auto 2px 0;
    width: 3px;
    border-radius: 0 2px 2px 0;
    background: var(--_level-mark);
  }
  .row[data-level="WARNING"] .line {
    background: color-mix(in srgb, var(--_warning) 6%, transparent);
  }
  .row[data-level="ERROR"] .line {
    background: color-mix(in srgb, var(--_error) 7%, transparent);
  }
  .row[data-level="CRITICAL"] .line {
    background: color-mix(in srgb, var(--_error) 16%, transparent);
  }
  .row .line:hover,
  .row .line.unfolded {
    background: color-mix(in srgb, var(--_text) 8%, transparent);
  }
  .chevron {
    display: grid;
    color: var(--_muted);
    transition: transform 120ms;
  }
  .chevron svg {
    width: 14px;
    height: 14px;
  }
  .unfolded .chevron {
    transform: rotate(90deg);
  }
  :host(:dir(rtl)) .chevron {
    scale: -1 1;
  }
  time,
  .service {
    color: var(--_muted);
  }
  time {
    font-variant-numeric: tabular-nums;
  }
  .level {
    color: var(--_level-text);
    font-weight: 600;
    font-size: 11.5px;
    letter-spacing: 0.02em;
  }
  .row[data-level="TRACE"] .message,
  .row[data-level="DEBUG"] .message {
    color: var(--_muted);
  }
  .row[data-level="CRITICAL"] .message {
    font-weight: 600;
  }
  .service,
  .message {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .message {
    white-space: pre;
  }
  .extra {
    color: var(--_muted);
    font-weight: 400;
  }
  .extra-value {
    color: var(--_accent-text);
  }
  mark {
    background: color-mix(in srgb, var(--_warning) 35%, transparent);
    color: inherit;
    border-radius: 2px;
  }
  :host([narrow]) .line {
    height: ${NARROW_LINE_HEIGHT}px;
    grid-template-columns: auto auto minmax(0, 1fr);
    grid-template-rows: 20px 20px;
    align-content: center;
    row-gap: 1px;
    border-block-end: 1px solid var(--_divider);
    padding-inline: 12px 8px;
  }
  :host([narrow]) .chevron {
    display: none;
  }
  :host([narrow]) time,
  :host([narrow]) .service {
    font-size: 11.5px;
  }
  :host([narrow]) .message {
    grid-column: 1 / -1;
  }
`;
