import { type TemplateResult, html } from "lit";
import { extraFields } from "../log/fields";
import { highlight } from "../log/highlight";
import { plainText, singleLine } from "../log/plain-text";
import type { LogRecord } from "../log/record";
import { utcTime } from "../log/time";
import { chevronIcon } from "./icons";

/** Characters of a message that one line can show at most; the rest is in the detail. */
const TEXT_LIMIT = 1_000;
const EXTRA_FIELDS_SHOWN = 8;
/** Characters of such a field. */
const EXTRA_TEXT_LIMIT = 60;

/**
 * What one line shows of a record.
 *
 * @param time The record's time as the list shows it.
 * @param pattern What the search matches in the text.
 */
export function lineContent(row: LogRecord, time: string, pattern: RegExp | undefined): TemplateResult {
  const service = plainText(row.service ?? "");
  const text = (row.message ?? row.exception ?? "").slice(0, TEXT_LIMIT);
  return html`
    <span class="chevron">${chevronIcon}</span>
    <time datetime=${row.timestamp} title=${utcTime(row.timestamp)}>${time}</time>
    <span class="level">${row.level ?? "–"}</span>
    <span class="service" title=${service}><bdi>${service}</bdi></span>
    <span class="message"
      ><bdi
        >${highlight(singleLine(text), pattern).map((segment) =>
          segment.marked ? html`<mark>${segment.text}</mark>` : segment.text,
        )}</bdi
      >${extraFields(row).slice(0, EXTRA_FIELDS_SHOWN).map(extraField)}</span
    >
  `;
}

function extraField({ path, text }: { path: string; text: string }): TemplateResult {
  return html` <span class="extra"
    >${`${plainText(path)}=`}<bdi class="extra-value">${singleLine(text.slice(0, EXTRA_TEXT_LIMIT))}</bdi></span
  >`;
}
