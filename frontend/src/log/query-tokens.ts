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
const ESCAPED = /\\./suy;
const PHRASE = /"(?:[^"\\]|\\.)*"/suy;
const RANGE = /[[{][^\]}]*[\]}]/uy;
/** A path such as /api/v1 is a word: a regular expression closes before a space, a bracket or the end. */
const REGEX = /\/(?:[^/\\\n]|\\[^\n])+\/(?=[\s)]|$)/uy;
const OPENS_VALUE = /(?:^|:|!=)$/;

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
  while (at < query.length && !/[\s()]/.test(query.charAt(at))) {
    const opensValue = OPENS_VALUE.test(query.slice(start, at));
    const end =
      endOf(ESCAPED, query, at) ??
      endOf(PHRASE, query, at) ??
      (opensValue ? (endOf(RANGE, query, at) ?? endOf(REGEX, query, at)) : undefined);
    const neverClosed = query.charAt(at) === '"' || (opensValue && /[[{]/.test(query.charAt(at)));
    if (end === undefined && neverClosed) {
      return { end: query.length, closed: false };
    }
    at = end ?? at + 1;
  }
  return { end: at, closed: true };
}

function endOf(pattern: RegExp, query: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(query) ? pattern.lastIndex : undefined;
}
