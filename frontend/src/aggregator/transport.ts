import {
  TransportError,
  type SearchPage,
  type SearchRequest,
  type TailBatch,
  type TailState,
  type Transport,
  type Unsubscribe,
} from "../transport";
import type { BackoffLimits } from "../backoff";
import { errorFrom } from "./errors";
import { LiveConnection } from "./live-connection";
import type { Stats } from "./stats";

/** Reaches an aggregator directly, by its own HTTP and WebSocket API. */
export class AggregatorTransport implements Transport {
  readonly #searchUrl: URL;
  readonly #token: string;
  readonly #live: LiveConnection;

  /**
   * @param baseUrl Address of the folder that holds `api/`, with a slash at its end.
   * @param token A token with the scope `read`; sent in headers and messages only.
   * @param backoff Waiting times between attempts to reconnect.
   */
  constructor(baseUrl: string, token: string, backoff?: BackoffLimits) {
    this.#searchUrl = new URL("api/v1/search", baseUrl);
    this.#token = token;
    const liveUrl = new URL("api/v1/live", baseUrl);
    liveUrl.protocol = liveUrl.protocol === "https:" ? "wss:" : "ws:";
    this.#live = new LiveConnection(liveUrl.href, token, backoff);
  }

  async search(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    let response: Response;
    try {
      response = await fetch(this.#searchUrl, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        body: JSON.stringify(request),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new TransportError("unreachable", `The log server cannot be reached: ${messageOf(error)}`);
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return (await response.json()) as SearchPage;
  }

  tail(query: string, onRows: (batch: TailBatch) => void, onState: (state: TailState) => void): Unsubscribe {
    return this.#live.subscribe(
      { type: "tail", query },
      { onMessage: (message) => onRows(message as unknown as TailBatch), onState },
    );
  }

  /** Receive the statistics at once and then every `intervalS` seconds. */
  stats(intervalS: number, onStats: (stats: Stats) => void, onState: (state: TailState) => void): Unsubscribe {
    return this.#live.subscribe(
      { type: "stats", interval_s: intervalS },
      { onMessage: (message) => onStats(message.stats as Stats), onState },
    );
  }

  /**
   * Why the live connection refused the token, as it closes alike for both: "unauthorized", or "forbidden" where the
   * token has another scope.
   */
  async refusalCode(): Promise<string> {
    try {
      await this.search({ query: "", limit: 1 }, new AbortController().signal);
    } catch (error) {
      if (error instanceof TransportError && error.code === "forbidden") {
        return error.code;
      }
    }
    return "unauthorized";
  }
}

async function refusal(response: Response): Promise<TransportError> {
  const fallback = `The server answered ${response.status}`;
  const body = await response.text();
  try {
    const answer = JSON.parse(body) as { error?: unknown } | null;
    return errorFrom(answer?.error, fallback);
  } catch {
    return errorFrom(undefined, fallback);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
