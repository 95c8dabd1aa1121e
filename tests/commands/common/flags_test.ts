import assert from "node:assert/strict";
import {
  addClusterFlags,
  booleanFlag,
  clusterFlags,
  newCommand,
  parseCommandLine,
  textFlag,
} from "../../../commands/common/flags.ts";
import { addLogFlags, configureLogs, levelOf } from "../../../commands/common/log_flags.ts";
import { getLogger } from "../../../lib/util/log.ts";
import { fakeParts } from "./fake_parts.ts";

Deno.test("parseCommandLine() prints help to standard output and ends with 0", () => {
  const { parts, output } = fakeParts();
  const command = addClusterFlags(newCommand("demo", "Shows something.", parts));
  assert.equal(parseCommandLine(command, ["--help"]), 0);
  assert.match(output.stdout, /Shows something\.[\s\S]*--kubeconfig <file>/);
});

Deno.test("parseCommandLine() complains about an unknown flag and ends with 2", () => {
  const { parts, output } = fakeParts();
  assert.equal(parseCommandLine(newCommand("demo", "", parts), ["--nonsense"]), 2);
  assert.match(output.stderr, /--nonsense/);
});

Deno.test("parseCommandLine() refuses arguments that no flag takes", () => {
  const { parts, output } = fakeParts();
  assert.equal(parseCommandLine(newCommand("demo", "", parts), ["what"]), 2);
  assert.match(output.stderr, /too many arguments/);
});

Deno.test("clusterFlags() leaves out what was not given, or given empty", () => {
  const { parts } = fakeParts();
  const command = addClusterFlags(newCommand("demo", "", parts));
  parseCommandLine(command, ["--kubeconfig=/tmp/config", "--context="]);
  assert.deepEqual(clusterFlags(command), { kubeconfig: "/tmp/config" });
});

Deno.test.each([
  [[], undefined, false],
  [["--zap-devel"], undefined, true],
  [["--zap-devel=true"], undefined, true],
  [["--zap-devel=false"], undefined, false],
  [["--zap-log-level", "3"], "3", false],
])("log flags are read as Go reads them: %j", (args, level, devel) => {
  const { parts } = fakeParts();
  const command = addLogFlags(newCommand("demo", "", parts));
  assert.equal(parseCommandLine(command, args), undefined);
  assert.equal(textFlag(command, "zapLogLevel"), level);
  assert.equal(booleanFlag(command, "zapDevel"), devel);
});

Deno.test.each([["--zap-log-level=loud"], ["--zap-log-level=0"], ["--zap-encoder=xml"], ["--zap-devel=perhaps"]])(
  "the log flag %s is refused",
  (flag) => {
    const { parts, output } = fakeParts();
    assert.equal(parseCommandLine(addLogFlags(newCommand("demo", "", parts)), [flag]), 2);
    assert.match(output.stderr, new RegExp(flag.split("=")[0] ?? flag));
  },
);

Deno.test("levelOf() knows zap's levels", () => {
  assert.deepEqual(["debug", "2", "info", "warn", "error", "panic", "0"].map(levelOf), [
    "debug",
    "debug",
    "info",
    "warning",
    "error",
    "fatal",
    undefined,
  ]);
});

Deno.test("configureLogs() writes JSON lines from info on, with times and stacks as the flags say", async () => {
  const { parts, output } = fakeParts();
  const command = addLogFlags(newCommand("demo", "", parts));
  parseCommandLine(command, ["--zap-time-encoding=millis", "--zap-stacktrace-level=error"]);
  await configureLogs(command, parts);
  getLogger(["sharding", "demo"]).debug("too fine");
  getLogger(["sharding", "demo"]).info("ready", { lease: "default/a" });
  const lines: unknown[] = output.stderr.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines, [
    {
      level: "info",
      ts: Date.UTC(2026, 0),
      logger: "sharding.demo",
      msg: "ready",
      lease: "default/a",
    },
  ]);
  output.stderr = "";
  getLogger(["sharding", "demo"]).error("broken", { error: new Error("why") });
  assert.match(JSON.parse(output.stderr).stacktrace, /^Error: why\n/);
});

Deno.test("configureLogs() writes text from debug on for development", async () => {
  const { parts, output } = fakeParts();
  const command = addLogFlags(newCommand("demo", "", parts));
  parseCommandLine(command, ["--zap-devel"]);
  await configureLogs(command, parts);
  getLogger(["sharding", "demo"]).debug("fine");
  assert.equal(output.stderr, "2026-01-01T00:00:00.000Z DEBUG sharding.demo fine\n");
});
