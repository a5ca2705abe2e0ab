import { describe, expect, it } from "vitest";
import { plainText, singleLine } from "../../src/log/plain-text";

describe("plainText", () => {
  it.each([
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b[1;38;5;208mx\u001b[m", "x"],
    ["\u001b[2K\u001b[1Gdone", "done"],
    ["\u001b]0;title\u0007text", "text"],
    ["\u001b]8;;https://x\u001b\\link\u001b]8;;\u001b\\", "link"],
    ["\u009b31mred", "red"],
    ["\u001b(Bx", "x"],
    ["cut\u001b", "cut"],
    ["a\u0000b\u007fc", "a␀b␡c"],
    ["a\r\nb\tc", "a\nb\tc"],
    ["50% [31m off", "50% [31m off"],
  ])("shows %j as %j", (text, expected) => {
    expect(plainText(text)).toBe(expected);
  });
});

describe("singleLine", () => {
  it("joins lines by a sign, and ends without one", () => {
    expect(singleLine("Traceback\n    File x\n\nEnd\n")).toBe("Traceback ⏎ File x ⏎ End");
  });
});
