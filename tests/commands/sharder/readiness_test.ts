import assert from "node:assert/strict";
import { parseSharderConfig } from "../../../commands/sharder/config/sharder_config.ts";
import { runSharder } from "../../../commands/sharder/run.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { untilAborted } from "../../../lib/util/until_aborted.ts";
import { createTestStage } from "../../../testing.ts";

Deno.test("a sharder is ready when its caches are filled, its webhook listens and its certificate is there", async () => {
  await using stage = createTestStage();
  await stage.createNamespace("sharding-system");
  const noLeases = stage.inject({ type: "refused" }, { resource: leases, verb: ["list", "watch"] });
  const noSecrets = stage.inject({ type: "refused" }, { resource: secrets });
  let ready: Readonly<Record<string, () => void>> = {};
  let isListening = false;

  /** The checks that fail. */
  function failing(): string[] {
    return Object.entries(ready).filter(([, check]) => {
      try {
        check();
        return false;
      } catch {
        return true;
      }
    }).map(([name]) => name).sort();
  }

  stage.start("sharder", async (parts, signal) => {
    await runSharder({
      ...parts,
      config: parseSharderConfig({}).config,
      identity: "sharder",
      connect: ({ userAgent }) => parts.connect({ userAgent }),
      issuesCertificates: true,
      serveWebhook: (app) => ({
        name: "webhook",
        check: () => assert.ok(isListening),
        run: async (stop) => {
          using _app = app;
          await untilAborted(stop);
        },
      }),
      serveHealth: (checks) => {
        ready = checks;
        return { name: "health", run: untilAborted };
      },
    }, signal);
  });
  await stage.advance(30_000);
  assert.deepEqual(failing(), ["cache-sync", "certificate", "webhook"]);
  isListening = true;
  assert.deepEqual(failing(), ["cache-sync", "certificate"]);
  noLeases[Symbol.dispose]();
  await stage.eventually("the caches are filled", () => assert.deepEqual(failing(), ["certificate"]));
  noSecrets[Symbol.dispose]();
  await stage.eventually("the certificate is there", () => assert.deepEqual(failing(), []));
  isListening = false;
  assert.deepEqual(failing(), ["webhook"]);
});
