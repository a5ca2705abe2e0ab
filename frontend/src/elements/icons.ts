import { type TemplateResult, svg, html } from "lit";

const icon = (paths: TemplateResult): TemplateResult =>
  html`<svg viewBox="0 0 24 24" aria-hidden="true">${paths}</svg>`;

export const searchIcon = icon(svg`<circle cx="11" cy="11" r="6.5" /><path d="m20 20-4.2-4.2" />`);
export const clearIcon = icon(svg`<path d="m6 6 12 12M18 6 6 18" />`);
export const helpIcon = icon(
  svg`<circle cx="12" cy="12" r="9" /><path d="M9.5 9.2a2.6 2.6 0 1 1 3.6 2.4c-.8.4-1.1.9-1.1 1.9M12 16.8v.1" />`,
);
export const chevronIcon = icon(svg`<path d="m9 6 6 6-6 6" />`);
export const includeIcon = icon(svg`<circle cx="12" cy="12" r="8.5" /><path d="M12 8v8M8 12h8" />`);
export const excludeIcon = icon(svg`<circle cx="12" cy="12" r="8.5" /><path d="M8 12h8" />`);
export const copyIcon = icon(
  svg`<rect x="9" y="9" width="11" height="11" rx="2" /><path d="M5 15V6a2 2 0 0 1 2-2h8" />`,
);
export const pauseIcon = icon(svg`<path d="M9 6v12M15 6v12" />`);
export const playIcon = icon(svg`<path d="M8 5.5v13l10-6.5z" />`);
export const upIcon = icon(svg`<path d="M12 19V5M6 11l6-6 6 6" />`);
export const refreshIcon = icon(svg`<path d="M20 11a8 8 0 1 0-2 6M20 5v6h-6" />`);
