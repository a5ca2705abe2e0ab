import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export type Json = Record<string, unknown>;

/** A server that speaks Home Assistant's WebSocket protocol as far as these commands need it. */
export class HomeAssistantServer {
  onCommand: (reply: (message: Json) => void, command: Json) => void = () => undefined;

  /** Every command received after the authentication, in order. */
  readonly commands: Json[] = [];

  readonly #sockets = new WebSocketServer({ port: 0, host: "127.0.0.1", path: "/api/websocket" });

  /** @returns The server's address, for `home-assistant-js-websocket`. */
  async start(): Promise<string> {
    await new Promise((resolve) => this.#sockets.once("listening", resolve));
    this.#sockets.on("connection", (socket) => {
      send(socket, { type: "auth_required", ha_version: "2026.10.4" });
      socket.on("message", (data: Buffer) => {
        const received = JSON.parse(data.toString()) as Json | Json[];
        for (const message of Array.isArray(received) ? received : [received]) {
          this.#receive(socket, message);
        }
      });
    });
    return `http://127.0.0.1:${(this.#sockets.address() as AddressInfo).port}`;
  }

  /** Cut every connection, as a restart would. */
  cut(): void {
    for (const socket of this.#sockets.clients) {
      socket.terminate();
    }
  }

  stop(): void {
    this.cut();
    this.#sockets.close();
  }

  #receive(socket: WebSocket, message: Json): void {
    if (message.type === "auth") {
      send(socket, { type: "auth_ok", ha_version: "2026.10.4" });
    } else if (message.type === "supported_features") {
      send(socket, { id: message.id, type: "result", success: true, result: null });
    } else {
      this.commands.push(message);
      this.onCommand((answer) => send(socket, { id: message.id, ...answer }), message);
    }
  }
}

function send(socket: WebSocket, message: Json): void {
  socket.send(JSON.stringify(message));
}
