import { Backoff, type BackoffLimits } from "../backoff";
import {
  TransportError,
  type SearchPage,
  type SearchRequest,
  type TailBatch,
  type TailState,
  type Transport,
  type Unsubscribe,
} from "../transport";
import type { HomeAssistantConnection } from "./types";

/** Reaches the aggregator through Home Assistant's WebSocket, so that the browser needs no address or token. */
export class HomeAssistantTransport implements Transport {
  readonly #connection: HomeAssistantConnection;
  readonly #backoff: BackoffLimits | undefined;

  /**
   * @param connection Home Assistant's own, as its frontend hands it to cards.
   * @param backoff Waiting times between attempts to follow while the aggregator is away.
   */
  constructor(connection: HomeAssistantConnection, backoff?: BackoffLimits) {
    this.#connection = connection;
    this.#backoff = backoff;
  }

  async search(request: SearchRequest, signal: AbortSignal): Promise<SearchPage> {
    signal.throwIfAborted();
    try {
      const page = await this.#connection.sendMessagePromise({ type: "ha_ingestor/search", ...request });
      return page as SearchPage;
    } catch (error) {
      throw errorFromHomeAssistant(error);
    } finally {
      signal.throwIfAborted();
    }
  }

  tail(query: string, onRows: (batch: TailBatch) => void, onState: (state: TailState) => void): Unsubscribe {
    const subscription = new TailSubscription(this.#connection, query, onRows, onState, new Backoff(this.#backoff));
    return () => subscription.end();
  }
}

type TailEvent = TailBatch | { readonly error: CommandError };

/** One tail; begun again while Home Assistant or the aggregator is away. */
class TailSubscription {
  readonly #connection: HomeAssistantConnection;
  readonly #query: string;
  readonly #onRows: (batch: TailBatch) => void;
  readonly #onState: (state: TailState) => void;
  readonly #backoff: Backoff;
  /** Which attempt to subscribe counts; undefined when none does. */
  #attempt: symbol | undefined;
  #unsubscribe: (() => Promise<void>) | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    connection: HomeAssistantConnection,
    query: string,
    onRows: (batch: TailBatch) => void,
    onState: (state: TailState) => void,
    backoff: Backoff,
  ) {
    this.#connection = connection;
    this.#query = query;
    this.#onRows = onRows;
    this.#onState = onState;
    this.#backoff = backoff;
    connection.addEventListener("ready", this.#onReady);
    connection.addEventListener("disconnected", this.#onDisconnected);
    onState({ status: "connecting" });
    void this.#begin();
  }

  end(): void {
    this.#connection.removeEventListener("ready", this.#onReady);
    this.#connection.removeEventListener("disconnected", this.#onDisconnected);
    this.#leave();
  }

  async #begin(): Promise<void> {
    const attempt = Symbol("attempt");
    this.#attempt = attempt;
    let unsubscribe: () => Promise<void>;
    try {
      unsubscribe = await this.#connection.subscribeMessage(
        (event) => {
          if (attempt === this.#attempt) {
            this.#receive(event as TailEvent);
          }
        },
        { type: "ha_ingestor/tail", query: this.#query },
        // Home Assistant's own way gives up silently when the integration isn't loaded yet.
        { resubscribe: false },
      );
    } catch (error) {
      if (attempt === this.#attempt) {
        this.#fail(errorFromHomeAssistant(error));
      }
      return;
    }
    if (attempt === this.#attempt) {
      this.#unsubscribe = unsubscribe;
      this.#backoff.reset();
      this.#onState({ status: "live" });
    } else {
      unsubscribe().catch(() => undefined);
    }
  }

  #receive(event: TailEvent): void {
    if ("error" in event) {
      this.#fail(errorFromHomeAssistant(event.error));
    } else {
      this.#onRows(event);
    }
  }

  #fail(error: TransportError): void {
    if (PASSING_FAULTS.has(error.code)) {
      this.#leave();
      this.#retry = setTimeout(() => void this.#begin(), this.#backoff.next());
      this.#onState({ status: "reconnecting" });
    } else {
      this.end();
      this.#onState({ status: "failed", error });
    }
  }

  #leave(): void {
    clearTimeout(this.#retry);
    this.#attempt = undefined;
    // Where the connection is lost meanwhile there is nothing to unsubscribe from.
    this.#unsubscribe?.().catch(() => undefined);
    this.#unsubscribe = undefined;
  }

  readonly #onReady = (): void => {
    this.#leave();
    void this.#begin();
  };

  readonly #onDisconnected = (): void => {
    // The next connection counts its subscriptions anew: this one's number would be another's there.
    this.#unsubscribe = undefined;
    this.#leave();
    this.#onState({ status: "reconnecting" });
  };
}

/** Error codes of a subscription that may succeed a little later. */
const PASSING_FAULTS: ReadonlySet<string> = new Set([
  "unreachable",
  "cannot_connect",
  // From a proxy while the aggregator behind it starts.
  "unexpected_answer",
  "not_loaded",
  // While Home Assistant starts.
  "unknown_command",
]);

interface CommandError {
  readonly code: string;
  readonly message: string;
  readonly translation_placeholders?: Readonly<Record<string, string>>;
}

function errorFromHomeAssistant(error: unknown): TransportError {
  if (!isCommandError(error)) {
    // The connection itself rejects with a bare number when it is lost.
    return new TransportError("unreachable", "Home Assistant cannot be reached");
  }
  const column = Number(error.translation_placeholders?.column);
  return new TransportError(error.code, error.message, column > 0 ? column : undefined);
}

function isCommandError(error: unknown): error is CommandError {
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
