import { beforeEach, describe, expect, it } from "vitest";
import { forgetToken, keepToken, refusalText, takeToken } from "../../src/page/token";

/** The parts of a browser tab that a token passes through. */
class Tab {
  readonly #kept = new Map<string, string>();
  #address: URL;

  constructor(address: string) {
    this.#address = new URL(address);
  }

  get address(): string {
    return this.#address.href;
  }

  get location(): Location {
    return this.#address as unknown as Location;
  }

  get history(): History {
    const replaceState: History["replaceState"] = (_state, _title, url) => {
      this.#address = new URL(String(url), this.#address);
    };
    return { state: null, replaceState } as History;
  }

  get storage(): Storage {
    const kept = this.#kept;
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    } as Storage;
  }

  take(): string {
    return takeToken(this.location, this.history, this.storage);
  }
}

let tab: Tab;

beforeEach(() => {
  tab = new Tab("http://pi:8480/prefix/?a=1#token=se%2Bcret");
});

describe("takeToken", () => {
  it("takes the token out of the address once and keeps it for this tab", () => {
    expect(tab.take()).toBe("se+cret");
    expect(tab.address).toBe("http://pi:8480/prefix/?a=1");
    expect(tab.take()).toBe("se+cret");
  });

  it("leaves other fragments alone and finds no token", () => {
    tab = new Tab("http://pi:8480/#query=x");
    expect(tab.take()).toBe("");
    expect(tab.address).toBe("http://pi:8480/#query=x");
  });

  it("prefers a typed token until it is forgotten", () => {
    tab.take();
    keepToken("typed", tab.storage);
    expect(tab.take()).toBe("typed");
    forgetToken(tab.storage);
    expect(tab.take()).toBe("");
  });
});

it("tells a token of another scope from one that is not accepted", () => {
  expect(refusalText("forbidden")).toContain("use the read token");
  expect(refusalText("unauthorized")).toContain("did not accept");
});
