import { type Connection, createConnection, createLongLivedTokenAuth } from "home-assistant-js-websocket";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HomeAssistantTransport } from "../../src/home-assistant/transport";
import type { TailBatch, TailState } from "../../src/transport";
import { HomeAssistantServer } from "./server";

const PAGE = { rows: [], cursor: null, partial: false, duration_ms: 1 };
const BATCH = { rows: [{ _id: "1", timestamp: "2026-11-23T10:00:00Z" }], missed: 2 };
const SUCCESS = { type: "result", success: true, result: null };
const SYNTAX_ERROR = {
  type: "result",
  success: false,
  error: {
    code: "query_syntax",
    message: "column 7: expected a value",
    translation_key: "query_syntax",
    translation_domain: "ha_ingestor",
    translation_placeholders: { column: "7" },
  },
};

let server: HomeAssistantServer;
let connection: Connection;
let transport: HomeAssistantTransport;

beforeEach(async () => {
  server = new HomeAssistantServer();
  connection = await createConnection({ auth: createLongLivedTokenAuth(await server.start(), "token") });
  transport = new HomeAssistantTransport(connection, { first: 10, longest: 20 });
});

afterEach(() => {
  connection.close();
  server.stop();
});

describe("search", () => {
  it("sends the request as a command and answers its result", async () => {
    server.onCommand = (reply) => reply({ type: "result", success: true, result: PAGE });
    const request = { query: "a b", start: "now-1h", limit: 100 };
    await expect(transport.search(request, new AbortController().signal)).resolves.toEqual(PAGE);
    expect(server.commands).toEqual([{ id: expect.any(Number) as number, type: "ha_ingestor/search", ...request }]);
  });

  it("passes an error on with its column", async () => {
    server.onCommand = (reply) => reply(SYNTAX_ERROR);
    await expect(transport.search({ query: "level:" }, new AbortController().signal)).rejects.toMatchObject({
      name: "TransportError",
      code: "query_syntax",
      message: "column 7: expected a value",
      column: 7,
    });
  });

  it("tells when the connection is lost meanwhile", async () => {
    server.onCommand = () => server.cut();
    await expect(transport.search({ query: "" }, new AbortController().signal)).rejects.toMatchObject({
      name: "TransportError",
      code: "unreachable",
    });
  });

  it("forgets an answer that nobody waits for", async () => {
    const controller = new AbortController();
    server.onCommand = (reply) => {
      controller.abort();
      reply({ type: "result", success: true, result: PAGE });
    };
    await expect(transport.search({ query: "" }, controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("tail", () => {
  let batches: TailBatch[];
  let states: TailState[];

  beforeEach(() => {
    batches = [];
    states = [];
  });

  const statuses = (): string[] => states.map((state) => state.status);

  const tail = (): (() => void) =>
    transport.tail(
      "level:error",
      (batch) => batches.push(batch),
      (state) => states.push(state),
    );

  const subscribeAndSend: HomeAssistantServer["onCommand"] = (reply, { type }) => {
    reply(SUCCESS);
    if (type === "ha_ingestor/tail") {
      reply({ type: "event", event: BATCH });
    }
  };

  it("hands events on until it is ended", async () => {
    server.onCommand = subscribeAndSend;
    const end = tail();
    await vi.waitFor(() => expect(batches).toEqual([BATCH]));
    expect(server.commands).toMatchObject([{ type: "ha_ingestor/tail", query: "level:error" }]);
    expect(states).toEqual([{ status: "connecting" }, { status: "live" }]);
    end();
    await vi.waitFor(() => expect(server.commands.at(-1)).toMatchObject({ type: "unsubscribe_events" }));
  });

  it("goes on after Home Assistant was away", async () => {
    server.onCommand = subscribeAndSend;
    const end = tail();
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    server.cut();
    await vi.waitFor(() => expect(batches).toHaveLength(2), { timeout: 5_000 });
    expect(statuses()).toEqual(["connecting", "live", "reconnecting", "live"]);
    end();
  });

  it.each(["unknown_command", "not_loaded"])("goes on when Home Assistant answers %s at first", async (code) => {
    server.onCommand = subscribeAndSend;
    const end = tail();
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    let refused = false;
    server.onCommand = (reply, command) => {
      if (refused) {
        subscribeAndSend(reply, command);
      } else {
        refused = true;
        reply({ type: "result", success: false, error: { code, message: "not yet" } });
      }
    };
    server.cut();
    await vi.waitFor(() => expect(batches).toHaveLength(2), { timeout: 5_000 });
    expect(statuses()).toEqual(["connecting", "live", "reconnecting", "reconnecting", "live"]);
    end();
  });

  it("leaves nothing behind when it is ended while Home Assistant is away", async () => {
    server.onCommand = subscribeAndSend;
    const end = transport.tail(
      "",
      (batch) => batches.push(batch),
      ({ status }) => {
        if (status === "reconnecting") {
          end();
        }
      },
    );
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    const ready = new Promise<void>((resolve) => connection.addEventListener("ready", () => resolve()));
    server.cut();
    await ready;
    await connection.sendMessagePromise({ type: "last" });
    expect(server.commands.map(({ type }) => type)).toEqual(["ha_ingestor/tail", "last"]);
  });

  it.each(["not_loaded", "cannot_connect", "unexpected_answer"])("begins again when it ends with %s", async (code) => {
    let endIt: () => void = () => undefined;
    server.onCommand = (reply) => {
      reply(SUCCESS);
      endIt = () => reply({ type: "event", event: { error: { code, message: "gone" } } });
    };
    const end = tail();
    await vi.waitFor(() => expect(statuses()).toEqual(["connecting", "live"]));
    server.onCommand = subscribeAndSend;
    endIt();
    await vi.waitFor(() => expect(batches).toEqual([BATCH]));
    expect(statuses()).toEqual(["connecting", "live", "reconnecting", "live"]);
    const ended = server.commands[0]?.id;
    expect(server.commands).toContainEqual(
      expect.objectContaining({ type: "unsubscribe_events", subscription: ended }),
    );
    end();
  });

  it("tells why it was refused", async () => {
    server.onCommand = (reply) => reply(SYNTAX_ERROR);
    tail();
    await vi.waitFor(() => expect(states.at(-1)).toMatchObject({ status: "failed", error: { column: 7 } }));
  });

  it("tries again until the aggregator is back", async () => {
    let attempts = 0;
    server.onCommand = (reply, command) => {
      attempts += 1;
      if (attempts < 3) {
        reply({ type: "result", success: false, error: { code: "cannot_connect", message: "away" } });
      } else {
        subscribeAndSend(reply, command);
      }
    };
    const end = tail();
    await vi.waitFor(() => expect(batches).toEqual([BATCH]));
    expect(statuses()).toEqual(["connecting", "reconnecting", "reconnecting", "live"]);
    end();
  });

  it("tells nothing any more once it is ended", async () => {
    server.onCommand = subscribeAndSend;
    tail()();
    await vi.waitFor(() => expect(server.commands).toHaveLength(2));
    expect(states).toEqual([{ status: "connecting" }]);
    expect(batches).toEqual([]);
  });
});
