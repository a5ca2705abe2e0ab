import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AggregatorTransport } from "../../src/aggregator/transport";
import type { TailBatch, TailState } from "../../src/transport";
import { ApiServer, answer, reply } from "./server";

const TOKEN = "secret-token";
const PAGE = {
  rows: [{ _id: "1", timestamp: "2026-11-23T10:00:00Z", message: "hello" }],
  cursor: null,
  partial: false,
  duration_ms: 1,
};
const FAST = { first: 10, longest: 40 };

let server: ApiServer;
let baseUrl: string;
let transport: AggregatorTransport;

beforeEach(async () => {
  server = new ApiServer();
  baseUrl = await server.start();
  transport = new AggregatorTransport(baseUrl, TOKEN, FAST);
});

afterEach(async () => {
  await server.stop();
});

const search = (signal = new AbortController().signal): Promise<unknown> =>
  transport.search({ query: "level:error", limit: 5 }, signal);

it.each([
  [401, "unauthorized"],
  [403, "forbidden"],
])("tells by the status %i that a token was refused as %s", async (status, code) => {
  server.onRequest = (_request, _body, response) => answer(response, status, { error: { code, message: "refused" } });
  await expect(transport.refusalCode()).resolves.toBe(code);
});

describe("search", () => {
  it("posts the request below the base address, with the token in a header only", async () => {
    server.onRequest = (request, body, response) => {
      expect(request.method).toBe("POST");
      expect(request.url).toBe("/prefix/api/v1/search");
      expect(request.headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(JSON.parse(body)).toEqual({ query: "level:error", limit: 5 });
      answer(response, 200, PAGE);
    };
    await expect(search()).resolves.toEqual(PAGE);
  });

  it("passes a syntax error on with its column", async () => {
    server.onRequest = (_request, _body, response) =>
      answer(response, 400, { error: { code: "query_syntax", message: "column 7: expected a value", column: 7 } });
    await expect(search()).rejects.toMatchObject({
      name: "TransportError",
      code: "query_syntax",
      message: "column 7: expected a value",
      column: 7,
    });
  });

  it.each(["<html>bad gateway</html>", "null", ""])("tells the status when the answer is %j", async (body) => {
    server.onRequest = (_request, _body, response) => response.writeHead(502).end(body);
    await expect(search()).rejects.toMatchObject({ code: "unknown", message: "The server answered 502" });
  });

  it("tells when the server cannot be reached", async () => {
    await server.stop();
    await expect(search()).rejects.toMatchObject({ name: "TransportError", code: "unreachable" });
    await server.start();
  });

  it("ends with the signal", async () => {
    const controller = new AbortController();
    server.onRequest = () => controller.abort();
    await expect(search(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("tail", () => {
  let batches: TailBatch[];
  let states: TailState[];

  beforeEach(() => {
    batches = [];
    states = [];
    server.onMessage = (socket, message) => {
      if (message.type === "auth") {
        if (message.token === TOKEN) {
          reply(socket, { type: "ready", version: "0.1.0" });
        } else {
          socket.close(4401);
        }
      } else if (message.query === "bad(") {
        const error = { code: "query_syntax", message: "column 4: expected a word", column: 4 };
        reply(socket, { id: message.id, type: "error", error });
      } else {
        reply(socket, { id: message.id, type: "result" });
        if (message.type === "tail") {
          reply(socket, { id: message.id, type: "rows", rows: PAGE.rows, missed: 3 });
        }
      }
    };
  });

  const tail = (query: string, by = transport): (() => void) =>
    by.tail(
      query,
      (batch) => batches.push(batch),
      (state) => states.push(state),
    );

  const statuses = (): string[] => states.map((state) => state.status);

  it("authenticates, subscribes and hands rows on", async () => {
    const end = tail("level:error");
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    expect(batches[0]).toMatchObject({ rows: PAGE.rows, missed: 3 });
    expect(statuses()).toEqual(["connecting", "live"]);
    expect(server.messages).toEqual([
      { type: "auth", token: TOKEN },
      { id: 1, type: "tail", query: "level:error" },
    ]);
    end();
    await vi.waitFor(() => expect(server.connections).toBe(0));
  });

  it("subscribes again after a lost connection", async () => {
    const end = tail("a");
    await vi.waitFor(() => expect(statuses()).toContain("live"));
    server.cut();
    await vi.waitFor(() => expect(statuses()).toEqual(["connecting", "live", "reconnecting", "live"]));
    expect(batches.length).toBeGreaterThanOrEqual(1);
    end();
  });

  it("keeps trying while the server is away, and stops when nobody listens", async () => {
    const end = tail("a");
    await vi.waitFor(() => expect(statuses()).toContain("live"));
    await server.stop();
    await vi.waitFor(() => expect(statuses().filter((status) => status === "reconnecting").length).toBeGreaterThan(3));
    end();
    const before = states.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(states).toHaveLength(before);
    await server.start();
  });

  it("gives up on a refused token", async () => {
    tail("a", new AggregatorTransport(baseUrl, "wrong", FAST));
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ status: "failed", error: { code: "unauthorized" } }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.messages).toHaveLength(1);
  });

  it("fails one subscription for its query and keeps the other", async () => {
    const end = tail("a");
    await vi.waitFor(() => expect(statuses()).toContain("live"));
    tail("bad(");
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ status: "failed", error: { column: 4 } }));
    expect(server.connections).toBe(1);
    end();
  });

  it("shares one connection and unsubscribes what is left", async () => {
    const end = tail("a");
    const endStats = transport.stats(5, () => undefined, () => undefined);
    await vi.waitFor(() => expect(server.messages).toHaveLength(3));
    end();
    await vi.waitFor(() => expect(server.messages).toHaveLength(4));
    expect(server.messages.at(-1)).toMatchObject({ type: "unsubscribe", subscription: 1 });
    expect(server.connections).toBe(1);
    endStats();
    await vi.waitFor(() => expect(server.connections).toBe(0));
  });
});

describe("stats", () => {
  it("asks for an interval and hands each answer on", async () => {
    const stats = { version: "0.1.0" };
    const received: unknown[] = [];
    server.onMessage = (socket, message) => {
      if (message.type === "auth") {
        reply(socket, { type: "ready", version: "0.1.0" });
      } else {
        expect(message).toEqual({ id: 1, type: "stats", interval_s: 5 });
        reply(socket, { id: 1, type: "result" });
        reply(socket, { id: 1, type: "stats", stats });
      }
    };
    const end = transport.stats(5, (value) => received.push(value), () => undefined);
    await vi.waitFor(() => expect(received).toEqual([stats]));
    end();
  });
});
