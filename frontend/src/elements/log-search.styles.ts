import { css } from "lit";

/** px; the marker below the box is placed by it. */
const INPUT_PADDING = 38;

export const searchStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 480px;
    min-height: 240px;
    overflow: hidden;
    container-type: inline-size;
    background: var(--_surface);
  }
  .top {
    flex: none;
    padding: 12px;
    border-block-end: 1px solid var(--_divider);
  }
  form {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .box {
    position: relative;
    flex: 1 1 400px;
    min-width: 0;
  }
  .box > svg {
    position: absolute;
    inset-block-start: 10px;
    inset-inline-start: 11px;
    color: var(--_muted);
    pointer-events: none;
  }
  input {
    width: 100%;
    height: 38px;
    padding: 0 70px 0 ${INPUT_PADDING}px;
    border: 1px solid var(--_divider);
    border-radius: var(--_radius);
    background: var(--_field);
    color: var(--_text);
    font: 14px/20px var(--_mono);
    direction: ltr;
  }
  input::placeholder {
    color: var(--_muted);
    opacity: 1;
    font-family: var(--ha-font-family-body, system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif);
  }
  input:focus-visible {
    border-color: var(--_accent);
    outline-offset: -1px;
    background: var(--_surface);
  }
  input[aria-invalid="true"] {
    border-color: var(--_error);
    outline-color: var(--_error);
  }
  .in-box {
    position: absolute;
    inset-block-start: 5px;
    inset-inline-end: 5px;
    display: flex;
  }
  .error-place {
    position: absolute;
    inset-block-start: 29px;
    inset-inline: ${INPUT_PADDING + 1}px 58px;
    height: 3px;
    overflow: hidden;
    font: 14px/1 var(--_mono);
    direction: ltr;
    pointer-events: none;
  }
  .error-place::before {
    content: "";
    position: absolute;
    inset-inline-start: calc(var(--_column) * 1ch - var(--_scrolled));
    width: 1ch;
    height: 3px;
    background: var(--_error);
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .choices .control {
    height: 38px;
  }
  select.control {
    padding-inline-end: 8px;
    background-color: var(--_surface);
  }
  option {
    background: var(--_surface);
    color: var(--_text);
  }
  .live-dot {
    width: 9px;
    height: 9px;
    border-radius: 50%;
    background: var(--_muted);
  }
  .control[aria-pressed="true"] {
    border-color: var(--_accent);
    color: var(--_accent-text);
    font-weight: 600;
  }
  .control[data-state="live"] .live-dot {
    background: var(--success-color, light-dark(#1a8a3a, #45c065));
  }
  .control[data-state="connecting"] .live-dot,
  .control[data-state="reconnecting"] .live-dot {
    background: var(--_warning);
    animation: pulse 0.8s infinite;
  }
  .control[data-state="failed"] .live-dot {
    background: var(--_error);
  }
  @keyframes pulse {
    50% {
      opacity: 0.35;
    }
  }
  .query-error {
    margin: 8px 0 0;
    color: var(--_error-text);
    font-size: 13px;
  }
  .main,
  .lines {
    position: relative;
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
  }
  ha-ingestor-log-list {
    flex: 1;
  }
  .progress {
    position: absolute;
    inset: -1px 0 auto;
    z-index: 1;
    height: 2px;
    overflow: hidden;
  }
  .progress::before {
    content: "";
    position: absolute;
    inset-block: 0;
    width: 40%;
    background: var(--_accent);
    animation: slide 1.1s infinite ease-in-out;
  }
  @keyframes slide {
    from {
      left: -40%;
    }
    to {
      left: 100%;
    }
  }
  .new-lines {
    position: absolute;
    inset-block-start: 8px;
    inset-inline-end: 20px;
    z-index: 2;
    height: 32px;
    padding: 0 14px;
    display: flex;
    align-items: center;
    gap: 6px;
    border: 0;
    border-radius: 16px;
    background: var(--_text);
    color: var(--_surface);
    font-size: 13px;
    font-weight: 600;
    box-shadow: 0 2px 10px rgb(0 0 0 / 0.3);
    cursor: pointer;
  }
  .new-lines svg {
    width: 15px;
    height: 15px;
  }
  .new-lines:focus-visible {
    outline-offset: 2px;
  }
  .foot {
    flex: none;
    display: flex;
    gap: 12px;
    padding: 5px 12px;
    border-block-start: 1px solid var(--_divider);
    color: var(--_muted);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .foot .keys {
    margin-inline-start: auto;
  }
  kbd {
    padding: 0 4px;
    border: 1px solid var(--_divider);
    border-radius: 4px;
    font: 11px/16px var(--_mono);
  }
  @container (max-width: 640px) {
    .top {
      padding: 8px;
    }
    .box {
      flex-basis: 100%;
    }
    .choices {
      width: 100%;
      flex-wrap: nowrap;
    }
    .choices .control {
      flex: 1 1 0;
      min-width: 0;
      padding-inline: 8px;
      justify-content: center;
    }
    .choices select.control {
      padding-inline: 6px 2px;
      font-size: 13px;
    }
    .choices [data-testid="range-select"] {
      flex-grow: 1.3;
    }
    .choices button.control {
      flex: 0 0 auto;
    }
    .keys {
      display: none;
    }
  }
`;
