import { tokenize } from "./query-tokens";

export interface Segment {
  readonly text: string;
  readonly marked: boolean;
}

const PHRASE = /^"(?:[^"\\]|\\.)*"$/;
/** A URL's scheme is no field. */
const OF_FIELD = /^(?:[\p{L}_@][\p{L}\p{N}_.@/-]*|"(?:[^"\\]|\\.)*")(?::(?!\/\/)|!=)/u;
const REGEX = /^\/.+\/$/;
const WORD_CHARACTER = "[\\p{L}\\p{N}_]";

/** What a query's words and phrases match in a line's text, or undefined when it has none. */
export function searchPattern(query: string): RegExp | undefined {
  const tokens = tokenize(query);
  const alternatives: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== "term" || tokens[index - 1]?.kind === "not") {
      continue;
    }
    if (OF_FIELD.test(token.text) || REGEX.test(token.text)) {
      continue;
    }
    if (PHRASE.test(token.text)) {
      alternatives.push(escape(token.text.slice(1, -1).replace(/\\(.)/g, "$1")));
    } else if (/[^*?]/.test(token.text)) {
      alternatives.push(
        escape(token.text)
          .replaceAll("\\*", `${WORD_CHARACTER}*`)
          .replaceAll("\\?", WORD_CHARACTER),
      );
    }
  }
  const wanted = alternatives.filter((alternative) => alternative.trim() !== "");
  return wanted.length === 0
    ? undefined
    : new RegExp(`(?<!${WORD_CHARACTER})(${wanted.join("|")})(?!${WORD_CHARACTER})`, "giu");
}

/** Cut a text into parts that the pattern matches and parts that it doesn't. */
export function highlight(text: string, pattern: RegExp | undefined): Segment[] {
  if (!pattern) {
    return [{ text, marked: false }];
  }
  // With one capturing group, split() puts the matches at the odd places.
  return text
    .split(pattern)
    .map((part, index) => ({ text: part, marked: index % 2 === 1 }))
    .filter((segment) => segment.text !== "");
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
