const STORAGE_KEY = "ha-ingestor-token";
const FRAGMENT = /^#token=(.+)$/;

/**
 * The token of this browser tab: from the address's fragment (`#token=…`), which is then removed from the address
 * and never leaves the browser, or as kept before.
 */
export function takeToken(location: Location, history: History, storage: Storage): string {
  const fragment = FRAGMENT.exec(location.hash)?.[1];
  if (fragment !== undefined) {
    history.replaceState(history.state, "", location.pathname + location.search);
    storage.setItem(STORAGE_KEY, decodeURIComponent(fragment));
  }
  return storage.getItem(STORAGE_KEY) ?? "";
}

export function keepToken(token: string, storage: Storage): void {
  storage.setItem(STORAGE_KEY, token);
}

export function forgetToken(storage: Storage): void {
  storage.removeItem(STORAGE_KEY);
}

/** What to tell of a token that the aggregator refused with an error code. */
export function refusalText(errorCode: string): string {
  return errorCode === "forbidden"
    ? "This token may send logs, but not read them: use the read token."
    : "The aggregator did not accept this token.";
}
