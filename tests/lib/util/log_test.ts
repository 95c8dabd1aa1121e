import assert from "node:assert/strict";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { configureLogging, describeError, getLogger } from "../../../lib/util/log.ts";

Deno.test("logs are lines of JSON with the injected clock's time", async () => {
  const lines: string[] = [];
  const clock = new VirtualClock("2026-01-02T03:04:05Z");
  await configureLogging({ format: "json", level: "info", clock, write: (line) => lines.push(line) });
  const logger = getLogger(["sharding", "test"]).with({ ring: "example" });
  logger.debug("not written");
  logger.info("took over Lease", { lease: "default/shard-a" });
  logger.warn("move failed", { error: new Error("outer", { cause: new Error("inner") }) });
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [
    {
      ring: "example",
      lease: "default/shard-a",
      level: "info",
      ts: "2026-01-02T03:04:05.000Z",
      logger: "sharding.test",
      msg: "took over Lease",
    },
    {
      ring: "example",
      error: "outer: inner",
      level: "warn",
      ts: "2026-01-02T03:04:05.000Z",
      logger: "sharding.test",
      msg: "move failed",
    },
  ]);
});

Deno.test("times are written in each of zap's forms", async () => {
  const clock = new VirtualClock("2026-01-02T03:04:05.120Z");
  const table = [
    ["epoch", 1_767_323_045.12],
    ["millis", 1_767_323_045_120],
    ["nanos", 1_767_323_045_120_000_000],
    ["iso8601", "2026-01-02T03:04:05.120Z"],
    ["rfc3339", "2026-01-02T03:04:05Z"],
    ["rfc3339nano", "2026-01-02T03:04:05.12Z"],
  ] as const;
  for (const [time, wanted] of table) {
    const lines: string[] = [];
    await configureLogging({ format: "json", level: "info", time, clock, write: (line) => lines.push(line) });
    getLogger("test").info("a message");
    assert.equal(JSON.parse(lines[0] ?? "").ts, wanted, time);
  }
});

Deno.test("errors come with their stacks from the level that was asked for", async () => {
  const lines: string[] = [];
  const clock = new VirtualClock();
  const write = (line: string): void => void lines.push(line);
  await configureLogging({ format: "json", level: "info", stacksFrom: "error", clock, write });
  const logger = getLogger("test");
  for (const tell of [logger.warn, logger.error]) tell.call(logger, "failed", { error: new Error("why") });
  logger.error("without an error");
  const [warning, error, plain] = lines.map((line) => JSON.parse(line));
  assert.equal(warning.stacktrace, undefined);
  assert.match(error.stacktrace, /^Error: why\n\s+at /);
  assert.equal(error.error, "why");
  assert.equal(plain.stacktrace, undefined);
});

Deno.test("text logs quote what has spaces", async () => {
  const lines: string[] = [];
  const clock = new VirtualClock("2026-01-02T03:04:05Z");
  await configureLogging({ format: "text", level: "debug", clock, write: (line) => lines.push(line) });
  getLogger(["sharder"]).info("pass ended", { moved: 3, reason: "shard joined" });
  assert.deepEqual(lines, ['2026-01-02T03:04:05.000Z INFO  sharder pass ended moved=3 reason="shard joined"\n']);
});

Deno.test("describeError() tells the whole chain", () => {
  const error = new AggregateError([new Error("a"), new Error("b", { cause: "c" })], "two failed");
  assert.equal(describeError(error), "two failed: a; b: c");
  assert.equal(describeError("plain"), "plain");
});
