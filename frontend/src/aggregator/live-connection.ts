import { TransportError, type TailState, type Unsubscribe } from "../transport";
import { Backoff, type BackoffLimits } from "../backoff";
import { errorFrom } from "./errors";

/** What a subscription asks for, without its ID. */
export type LiveRequest =
  | { readonly type: "tail"; readonly query: string }
  | { readonly type: "stats"; readonly interval_s: number };

export interface LiveSubscriber {
  onMessage(message: Readonly<Record<string, unknown>>): void;
  onState(state: TailState): void;
}

const CLOSED_UNAUTHORIZED = 4401;

/** One WebSocket for all subscriptions: opened with the first, closed with the last, renewed when lost. */
export class LiveConnection {
  readonly #url: string;
  readonly #token: string;
  readonly #backoff: Backoff;
  readonly #subscriptions = new Map<number, { request: LiveRequest; subscriber: LiveSubscriber }>();
  #socket: WebSocket | undefined;
  #ready = false;
  #lastId = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, token: string, backoff?: BackoffLimits) {
    this.#url = url;
    this.#token = token;
    this.#backoff = new Backoff(backoff);
  }

  subscribe(request: LiveRequest, subscriber: LiveSubscriber): Unsubscribe {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#subscriptions.set(id, { request, subscriber });
    subscriber.onState({ status: "connecting" });
    if (this.#ready) {
      this.#send({ id, ...request });
    } else if (!this.#socket && this.#retry === undefined) {
      this.#open();
    }
    return () => this.#unsubscribe(id);
  }

  #unsubscribe(id: number): void {
    if (!this.#subscriptions.delete(id)) {
      return;
    }
    if (this.#subscriptions.size === 0) {
      this.#close();
    } else if (this.#ready) {
      this.#lastId += 1;
      this.#send({ id: this.#lastId, type: "unsubscribe", subscription: id });
    }
  }

  #open(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#send({ type: "auth", token: this.#token }));
    socket.addEventListener("message", (event: MessageEvent<string>) => {
      if (socket === this.#socket) {
        this.#receive(JSON.parse(event.data) as Record<string, unknown>);
      }
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) {
        this.#lost(event.code);
      }
    });
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#ready = false;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #lost(code: number): void {
    this.#close();
    if (code === CLOSED_UNAUTHORIZED) {
      const error = new TransportError("unauthorized", "The token was refused");
      const subscriptions = [...this.#subscriptions.values()];
      this.#subscriptions.clear();
      for (const { subscriber } of subscriptions) {
        subscriber.onState({ status: "failed", error });
      }
      return;
    }
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#open();
    }, this.#backoff.next());
    this.#tellAll({ status: "reconnecting" });
  }

  #receive(message: Readonly<Record<string, unknown>>): void {
    if (message.type === "ready") {
      this.#ready = true;
      this.#backoff.reset();
      for (const [id, { request }] of this.#subscriptions) {
        this.#send({ id, ...request });
      }
      return;
    }
    const id = Number(message.id);
    const subscription = this.#subscriptions.get(id);
    if (!subscription) {
      return;
    }
    switch (message.type) {
      case "result":
        subscription.subscriber.onState({ status: "live" });
        break;
      case "error":
        this.#unsubscribe(id);
        subscription.subscriber.onState({ status: "failed", error: errorFrom(message.error) });
        break;
      default:
        subscription.subscriber.onMessage(message);
    }
  }

  #tellAll(state: TailState): void {
    for (const { subscriber } of [...this.#subscriptions.values()]) {
      subscriber.onState(state);
    }
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
