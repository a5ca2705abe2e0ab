import { beforeEach, describe, expect, it } from "vitest";
import { LogSession } from "../../src/log/session";
import { TransportError } from "../../src/transport";
import { MemoryTransport } from "./memory-transport";

let transport: MemoryTransport;
let session: LogSession;
let changes: number;

beforeEach(() => {
  transport = new MemoryTransport();
  changes = 0;
  session = new LogSession(() => (changes += 1));
});

/** Let every answer that is not held back arrive. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) {
    await Promise.resolve();
  }
};

const ids = (): number[] => session.rows.map((row) => Number(row._id));

const descending = (newest: number, oldest: number): number[] =>
  Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index);

async function startLive(): Promise<void> {
  session.setLive(true);
  session.start(transport);
  await settle();
  transport.tell({ status: "live" });
  await settle();
}

describe("searching", () => {
  it("shows the newest page and loads older ones until there are none", async () => {
    transport.write(250);
    session.start(transport);
    expect(session.searching).toBe(true);
    await settle();
    expect(ids()).toEqual(descending(250, 151));
    session.loadMore();
    session.loadMore();
    await settle();
    session.loadMore();
    await settle();
    expect(ids()).toEqual(descending(250, 1));
    expect(session.hasMore).toBe(false);
    session.loadMore();
    expect(transport.requests).toHaveLength(3);
  });

  it("asks with level and time range", async () => {
    session.setFilter({ text: "a OR b", minimumLevel: "WARNING", rangeId: "1h" });
    session.start(transport);
    await settle();
    session.setFilter({ text: "", minimumLevel: "", rangeId: "all" });
    await settle();
    expect(transport.requests).toEqual([
      { query: "(a OR b) level:>=warning", start: "now-1h", limit: 100 },
      { query: "", limit: 100 },
    ]);
  });

  it("forgets the answer to a search that another one has replaced", async () => {
    transport.write(1);
    const release = transport.holdAnswers();
    session.start(transport);
    transport.failure = new TransportError("unknown", "second");
    session.setFilter({ text: "second" });
    release();
    await settle();
    expect(session.error?.message).toBe("second");
    expect(session.rows).toEqual([]);
    expect(session.searching).toBe(false);
  });

  it("keeps the lines when a search fails, and tells the column in what was typed", async () => {
    transport.write(3);
    session.start(transport);
    await settle();
    transport.failure = new TransportError("query_syntax", "column 8: expected a value", 8);
    session.setFilter({ text: "level:", minimumLevel: "ERROR" });
    await settle();
    expect(session.error).toMatchObject({ message: "expected a value", column: 7 });
    expect(ids()).toEqual([3, 2, 1]);
    transport.failure = undefined;
    session.refresh();
    await settle();
    expect(session.error).toBeUndefined();
  });

  it("does not load more by itself after a failure", async () => {
    transport.write(150);
    session.start(transport);
    await settle();
    transport.failure = new TransportError("unreachable", "gone");
    session.loadMore();
    await settle();
    session.loadMore();
    await settle();
    expect(transport.requests).toHaveLength(2);
    expect(session.loadingMore).toBe(false);
  });

  it("ends its requests when it is stopped", async () => {
    transport.write(1);
    const release = transport.holdAnswers();
    session.start(transport);
    session.stop();
    release();
    await settle();
    expect(session.rows).toEqual([]);
    expect(session.searching).toBe(false);
  });
});

describe("following", () => {
  it("puts new lines on top", async () => {
    transport.write(2);
    await startLive();
    expect(session.liveStatus).toBe("live");
    transport.write(2);
    expect(ids()).toEqual([4, 3, 2, 1]);
  });

  it("finds the lines that came between the search and the live connection", async () => {
    transport.write(2);
    session.setLive(true);
    session.start(transport);
    await settle();
    transport.write(3, { silent: true });
    transport.tell({ status: "live" });
    await settle();
    expect(ids()).toEqual(descending(5, 1));
  });

  it("finds them also when the connection is live before the search is answered", async () => {
    transport.write(2);
    const release = transport.holdAnswers();
    session.setLive(true);
    session.start(transport);
    transport.write(3, { silent: true });
    transport.tell({ status: "live" });
    release();
    await settle();
    expect(ids()).toEqual(descending(5, 1));
  });

  it("leaves no gap after a lost connection", async () => {
    transport.write(2);
    await startLive();
    transport.tell({ status: "reconnecting" });
    transport.write(300, { silent: true });
    transport.tell({ status: "live" });
    await settle();
    session.loadMore();
    await settle();
    session.loadMore();
    await settle();
    session.loadMore();
    await settle();
    expect(ids()).toEqual(descending(302, 1));
  });

  it("leaves no gap when the connection is live anew", async () => {
    transport.write(2);
    await startLive();
    transport.write(3, { silent: true });
    transport.tell({ status: "live" });
    await settle();
    expect(ids()).toEqual(descending(5, 1));
  });

  it.each(["paused", "scrolled away"])("lets new lines wait while %s, and lets them in afterwards", async (how) => {
    const hold = (on: boolean): void => (how === "paused" ? session.setPaused(on) : session.setScrolledAway(on));
    transport.write(2);
    await startLive();
    hold(true);
    transport.write(3);
    expect(ids()).toEqual([2, 1]);
    expect(session.waitingCount).toBe(3);
    hold(false);
    expect(ids()).toEqual(descending(5, 1));
    expect(session.waitingCount).toBe(0);
  });

  it("loses nothing when more lines wait than it holds", async () => {
    await startLive();
    session.setPaused(true);
    for (let batch = 0; batch < 30; batch += 1) {
      transport.write(100);
    }
    expect(session.waitingCount).toBe(3_000);
    session.setPaused(false);
    await settle();
    expect(ids()).toEqual(descending(3_000, 2_901));
    expect(session.hasMore).toBe(true);
  });

  it("does not move the list while it is held, even to close a gap", async () => {
    transport.write(2);
    await startLive();
    session.setScrolledAway(true);
    transport.tell({ status: "reconnecting" });
    transport.write(5, { silent: true });
    transport.tell({ status: "live" });
    await settle();
    expect(ids()).toEqual([2, 1]);
    session.setScrolledAway(false);
    await settle();
    expect(ids()).toEqual(descending(7, 1));
  });

  it("counts what the server left out until the next search", async () => {
    await startLive();
    transport.write(1, { missed: 40 });
    transport.write(1, { missed: 2 });
    expect(session.missedCount).toBe(42);
    session.refresh();
    expect(session.missedCount).toBe(0);
  });

  it("follows a new search, though the list of the one before was held", async () => {
    await startLive();
    session.setPaused(true);
    session.setScrolledAway(true);
    session.setFilter({ text: "other" });
    expect(session.paused).toBe(false);
    await settle();
    transport.tell({ status: "live" });
    await settle();
    transport.write(1);
    expect(ids()).toEqual([1]);
    expect(session.waitingCount).toBe(0);
  });

  it("follows the new query only, once the filter changes", async () => {
    await startLive();
    session.setFilter({ text: "other" });
    expect([...transport.tails].map((tail) => tail.query)).toEqual(["other"]);
    session.setLive(false);
    expect(transport.tails.size).toBe(0);
    expect(session.liveStatus).toBe("off");
  });

  it("tells why following failed", async () => {
    await startLive();
    transport.tell({ status: "failed", error: new TransportError("forbidden", "no scope") });
    expect(session.error?.message).toBe("no scope");
    expect(session.liveStatus).toBe("failed");
  });
});

it("tells of every change", async () => {
  session.start(transport);
  const started = changes;
  expect(started).toBeGreaterThan(0);
  await settle();
  expect(changes).toBeGreaterThan(started);
});
