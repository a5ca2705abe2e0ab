import { css } from "lit";

/** Colours and shapes: Home Assistant's theme where there is one, else our own for light and dark. */
export const theme = css`
  :host {
    --_text: var(--primary-text-color, light-dark(#1b2126, #e4e8ec));
    --_muted: var(--secondary-text-color, light-dark(#59636e, #98a3af));
    --_surface: var(--ha-card-background, var(--card-background-color, light-dark(#ffffff, #171c21)));
    --_divider: var(--divider-color, light-dark(#e1e6eb, #2b333b));
    --_accent: var(--primary-color, light-dark(#0b6bcb, #59b2f7));
    --_error: var(--error-color, light-dark(#d1242f, #ff6b61));
    --_warning: var(--warning-color, light-dark(#bf7a00, #f0b032));
    --_info: var(--info-color, light-dark(#0b6bcb, #59b2f7));
    --_radius: 8px;
    /* Text in a status colour stays readable on any theme by leaning on the text colour. */
    --_error-text: color-mix(in srgb, var(--_error) 68%, var(--_text));
    --_warning-text: color-mix(in srgb, var(--_warning) 55%, var(--_text));
    --_info-text: color-mix(in srgb, var(--_info) 60%, var(--_text));
    --_accent-text: color-mix(in srgb, var(--_accent) 70%, var(--_text));
    --_hover: color-mix(in srgb, var(--_text) 5%, transparent);
    --_field: color-mix(in srgb, var(--_text) 4%, var(--_surface));
    --_mono: ui-monospace, "SF Mono", "Cascadia Code", "Roboto Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    color: var(--_text);
    font-family: var(--ha-font-family-body, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif);
    font-size: 14px;
    line-height: 1.4;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: -2px;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;

/** Buttons and selects in one look. */
export const controls = css`
  button,
  select {
    font: inherit;
    color: inherit;
  }
  .control {
    height: 36px;
    padding: 0 12px;
    display: inline-flex;
    align-items: center;
    gap: 6px;
    border: 1px solid var(--_divider);
    border-radius: var(--_radius);
    background: var(--_surface);
    cursor: pointer;
    white-space: nowrap;
  }
  .control:hover:not(:disabled) {
    background: var(--_field);
    border-color: color-mix(in srgb, var(--_text) 25%, var(--_divider));
  }
  .icon-button {
    display: inline-grid;
    place-items: center;
    width: 28px;
    height: 28px;
    padding: 0;
    border: 0;
    border-radius: 6px;
    background: none;
    color: var(--_muted);
    cursor: pointer;
  }
  .icon-button:hover {
    color: var(--_text);
    background: var(--_hover);
  }
  svg {
    width: 18px;
    height: 18px;
    fill: none;
    stroke: currentColor;
    stroke-width: 2;
    stroke-linecap: round;
    stroke-linejoin: round;
    flex: none;
  }
`;
