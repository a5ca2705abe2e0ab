import { WebSocket } from "ws";

/** As in browsers, an error that nobody listens for is followed by the close event and nothing else. */
class BrowserLikeWebSocket extends WebSocket {
  constructor(url: string | URL) {
    super(url);
    this.on("error", () => undefined);
  }
}

// Node has a WebSocket of its own from version 22 on.
if (!("WebSocket" in globalThis)) {
  Object.assign(globalThis, { WebSocket: BrowserLikeWebSocket });
}
