export type TokenKind = "open" | "close" | "or" | "and" | "not" | "term";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Offset of the first character in the query. */
  readonly start: number;
  /** False when a quotation mark or a range's bracket is never closed. */
  readonly closed: boolean;
}

const OPERATORS: Readonly<Record<string, TokenKind>> = { OR: "or", AND: "and", NOT: "not" };
const CLOSING: Readonly<Record<string, RegExp>> = {
  '"': /"/,
  "[": /[\]}]/,
  "{": /[\]}]/,
};

/** Split a query into its tokens; never fails, since the server is the judge of the syntax. */
export function tokenize(query: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const character = query.charAt(at);
    if (/\s/.test(character)) {
      at += 1;
    } else if (character === "(" || character === ")") {
      tokens.push({ kind: character === "(" ? "open" : "close", text: character, start: at, closed: true });
      at += 1;
    } else if (character === "-" || character === "!") {
      tokens.push({ kind: "not", text: character, start: at, closed: true });
      at += 1;
    } else {
      const { end, closed } = endOfTerm(query, at);
      const text = query.slice(at, end);
      tokens.push({ kind: OPERATORS[text] ?? "term", text, start: at, closed });
      at = end;
    }
  }
  return tokens;
}

function endOfTerm(query: string, start: number): { end: number; closed: boolean } {
  let at = start;
  while (at < query.length) {
    const character = query.charAt(at);
    if (/[\s()]/.test(character)) {
      break;
    }
    const closing = CLOSING[character];
    const opensValue = character === '"' || at === start || query.charAt(at - 1) === ":";
    if (closing && opensValue) {
      at = endOfEnclosed(query, at, closing);
      if (at < 0) {
        return { end: query.length, closed: false };
      }
    } else {
      at += 1;
    }
  }
  return { end: at, closed: true };
}

function endOfEnclosed(query: string, start: number, closing: RegExp): number {
  for (let at = start + 1; at < query.length; at += 1) {
    const character = query.charAt(at);
    if (character === "\\") {
      at += 1;
    } else if (closing.test(character)) {
      return at + 1;
    }
  }
  return -1;
}
