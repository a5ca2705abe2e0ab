import type { Level } from "./record";
import { type Token, tokenize } from "./query-tokens";

export type FilterValue = string | number | boolean;

/** A query for the server, and how far its columns are shifted against the text that was typed. */
export interface BuiltQuery {
  readonly query: string;
  readonly columnShift: number;
}

/** Join what was typed with the least severe level to show; `""` shows all levels. */
export function buildQuery(text: string, minimumLevel: Level | ""): BuiltQuery {
  const typed = text.trimEnd();
  // Unbalanced text goes alone, so that the server's error speaks of what was typed.
  if (!minimumLevel || (typed && !isBalanced(typed))) {
    return { query: typed, columnShift: 0 };
  }
  const condition = `level:>=${minimumLevel.toLowerCase()}`;
  return typed.trim() ? { query: `(${typed}) ${condition}`, columnShift: 1 } : { query: condition, columnShift: 0 };
}

/** One `field:value` term, quoted where needed. */
export function term(field: string, value: FilterValue): string {
  return `${quoteField(field)}:${quoteValue(value)}`;
}

/** Narrow a query by one more term, or by its negation; a term that says the opposite is replaced. */
export function addTerm(query: string, added: string, exclude: boolean): string {
  const trimmed = query.trim();
  const wanted = exclude ? `-${added}` : added;
  if (!trimmed) {
    return wanted;
  }
  const tokens = topLevel(tokenize(trimmed));
  if (tokens.some((token) => token.kind === "or")) {
    return `(${trimmed}) ${wanted}`;
  }
  const index = tokens.findIndex((token) => token.kind === "term" && token.text === added);
  const present = tokens[index];
  if (!present) {
    return `${trimmed} ${wanted}`;
  }
  const previous = tokens[index - 1];
  const start = previous?.kind === "not" ? previous.start : present.start;
  return trimmed.slice(0, start) + wanted + trimmed.slice(present.start + present.text.length);
}

/** The tokens outside of parentheses, and those parentheses. */
function topLevel(tokens: readonly Token[]): Token[] {
  let depth = 0;
  return tokens.filter((token) => {
    if (token.kind === "close") {
      depth -= 1;
    }
    const outside = depth === 0;
    if (token.kind === "open") {
      depth += 1;
    }
    return outside;
  });
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const token of tokenize(text)) {
    depth += token.kind === "open" ? 1 : token.kind === "close" ? -1 : 0;
    if (depth < 0 || !token.closed) {
      return false;
    }
  }
  return depth === 0;
}

function quoteField(field: string): string {
  return /^[A-Za-z_@][\w.@-]*$/.test(field) ? field : quote(field);
}

function quoteValue(value: FilterValue): string {
  const text = String(value);
  if (typeof value !== "string") {
    return text;
  }
  const plain = /^[A-Za-z0-9_][\w.-]*$/.test(text) && !/^(?:OR|AND|NOT)$/.test(text);
  return plain ? text : quote(text);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
