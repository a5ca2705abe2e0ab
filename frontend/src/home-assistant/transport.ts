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

  constructor(connection: HomeAssistantConnection) {
    this.#connection = connection;
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
    let ended = false;
    const onReady = (): void => onState({ status: "live" });
    const onDisconnected = (): void => onState({ status: "reconnecting" });
    const end = (): void => {
      ended = true;
      this.#connection.removeEventListener("ready", onReady);
      this.#connection.removeEventListener("disconnected", onDisconnected);
    };
    onState({ status: "connecting" });
    const subscribed = this.#connection.subscribeMessage(
      (event) => {
        if (!ended) {
          onRows(event as TailBatch);
        }
      },
      { type: "ha_ingestor/tail", query },
    );
    subscribed.then(
      () => {
        if (!ended) {
          this.#connection.addEventListener("ready", onReady);
          this.#connection.addEventListener("disconnected", onDisconnected);
          onState({ status: "live" });
        }
      },
      (error: unknown) => {
        if (!ended) {
          end();
          onState({ status: "failed", error: errorFromHomeAssistant(error) });
        }
      },
    );
    return () => {
      end();
      // A connection that is gone needs no unsubscription, and a failed subscription was reported above.
      subscribed.then((unsubscribe) => unsubscribe()).catch(() => undefined);
    };
  }
}

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
