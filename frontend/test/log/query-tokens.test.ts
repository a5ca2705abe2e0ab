import { describe, expect, it } from "vitest";
import { tokenize } from "../../src/log/query-tokens";

const kinds = (query: string): string[] => tokenize(query).map(({ kind, text }) => `${kind} ${text}`);

describe("tokenize", () => {
  it("tells operators, brackets and terms apart", () => {
    expect(kinds("a -b !c (d OR e) AND NOT f-g")).toEqual([
      "term a",
      "not -",
      "term b",
      "not !",
      "term c",
      "open (",
      "term d",
      "or OR",
      "term e",
      "close )",
      "and AND",
      "not NOT",
      "term f-g",
    ]);
  });

  it("keeps a value with its field, whatever is quoted in it", () => {
    expect(kinds(String.raw`m:"a \" (b" d:[1 TO 5} p:/a b(c)/ x`)).toEqual([
      String.raw`term m:"a \" (b"`,
      "term d:[1 TO 5}",
      "term p:/a b(c)/",
      "term x",
    ]);
  });

  it("takes a path as a word, not as a regular expression", () => {
    expect(kinds("/api/v1/logs (x)")).toEqual(["term /api/v1/logs", "open (", "term x", "close )"]);
  });

  it("marks what is never closed", () => {
    expect(tokenize('a "b c')).toMatchObject([{ closed: true }, { text: '"b c', start: 2, closed: false }]);
    expect(tokenize("d:[1 TO")).toMatchObject([{ closed: false }]);
  });

  it("covers every character that is not a space, for any input", () => {
    const alphabet = "ab:\"\\()[]{}/-! \n*OR";
    let seed = 7;
    for (let round = 0; round < 2_000; round += 1) {
      let query = "";
      for (let length = round % 14; length > 0; length -= 1) {
        seed = (seed * 48_271) % 2_147_483_647;
        query += alphabet.charAt(seed % alphabet.length);
      }
      let at = 0;
      for (const token of tokenize(query)) {
        expect(query.slice(at, token.start).trim()).toBe("");
        expect(query.slice(token.start, token.start + token.text.length)).toBe(token.text);
        expect(token.text).not.toBe("");
        at = token.start + token.text.length;
      }
      expect(query.slice(at).trim()).toBe("");
    }
  });
});
