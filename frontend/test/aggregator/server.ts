import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export type Json = Record<string, unknown>;

/** A real HTTP and WebSocket server that speaks the aggregator's API as a test directs it. */
export class ApiServer {
  onRequest: (request: IncomingMessage, body: string, response: ServerResponse) => void = (_request, _body, response) =>
    response.writeHead(404).end();

  onMessage: (socket: WebSocket, message: Json) => void = () => undefined;

  /** Every message received, in order. */
  readonly messages: Json[] = [];

  readonly #http = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => this.onRequest(request, body, response));
  });

  readonly #sockets = new WebSocketServer({ server: this.#http, path: "/prefix/api/v1/live" });

  /** @returns The address of the folder that holds `api/`. */
  async start(): Promise<string> {
    this.#sockets.on("connection", (socket) => {
      socket.on("message", (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Json;
        this.messages.push(message);
        this.onMessage(socket, message);
      });
    });
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/prefix/`;
  }

  get connections(): number {
    return this.#sockets.clients.size;
  }

  /** Cut every live connection, as a crash would. */
  cut(): void {
    for (const socket of this.#sockets.clients) {
      socket.terminate();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

export function reply(socket: WebSocket, message: Json): void {
  socket.send(JSON.stringify(message));
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
