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
