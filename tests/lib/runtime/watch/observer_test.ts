import assert from "node:assert/strict";
import { combineObservers, logObserver, WatchError } from "../../../../lib/runtime/watch/mod.ts";
import { getLogger, type Logger } from "../../../../lib/util/log.ts";
import { Following } from "./following.ts";
import { initialEnd, open, refusal, ScriptedClient } from "./scripted_client.ts";

/** A logger that keeps level, message and error of each line. */
function listening(lines: string[]): Logger {
  const logger: Logger = Object.create(getLogger("test"));
  const write = (level: string) => (message: unknown, properties?: unknown): void => {
    const error = typeof properties === "object" && properties !== null && "error" in properties
      ? properties.error
      : "";
    lines.push(`${level}: ${String(message)} ${String(error)}`.trim());
  };
  return Object.assign(logger, { info: write("info"), warn: write("warn"), debug: write("debug") });
}

Deno.test("logObserver() warns once when a watch begins to fail, and says when it works again", async () => {
  const lines: string[] = [];
  const client = new ScriptedClient(refusal(403), refusal(403), refusal(403), open(initialEnd(1)));
  await using following = new Following(client, { logger: listening(lines) });
  await following.next(20_000);
  assert.deepEqual(lines, [
    "warn: watch fails, retrying could not watch configmaps: the permission is missing; grant this user: " +
    "watch configmaps: GET /scripted: HTTP 403: scripted",
    "info: watch works again",
  ]);
});

Deno.test("combineObservers() tells every observer everything", () => {
  const source = { resource: "secrets" };
  const error = new WatchError(source, "list", "stalled");
  const calls: unknown[][] = [[], []];
  const observers = calls.map((log) => ({
    onList: (...args: unknown[]) => log.push("list", ...args),
    onWatch: (...args: unknown[]) => log.push("watch", ...args),
    onInterrupted: (...args: unknown[]) => log.push("interrupted", ...args),
    onEvent: (...args: unknown[]) => log.push("event", ...args),
    onRelist: (...args: unknown[]) => log.push("relist", ...args),
    onError: (...args: unknown[]) => log.push("error", ...args),
    onHealth: (...args: unknown[]) => log.push("health", ...args),
  }));
  const all = combineObservers(...observers, {}, logObserver(listening([])));
  all.onList(source, "pages");
  all.onWatch(source);
  all.onInterrupted(source, 7);
  all.onEvent(source, "ADDED");
  all.onRelist(source, "expired");
  all.onError(error);
  all.onHealth(source, error);
  const expected = [
    ...["list", source, "pages"],
    ...["watch", source],
    ...["interrupted", source, 7],
    ...["event", source, "ADDED"],
    ...["relist", source, "expired"],
    ...["error", error],
    ...["health", source, error],
  ];
  assert.deepEqual(calls, [expected, expected]);
});
