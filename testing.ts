/**
 * The test kit for authors of sharded controllers: a cluster in memory with an API server, the sharder and the shards of
 * a controller, on a clock that only the test moves. A test takes milliseconds, and with the same seed it does the same.
 *
 * ```ts
 * import * as sharding from "@controller-sharding/deno";
 * import { createTestStage, secret } from "@controller-sharding/deno/testing";
 *
 * Deno.test("every Secret gets a shard", async () => {
 *   await using stage = createTestStage({ seed: 1 });
 *   stage.startSharder();
 *   const ring = await stage.createRing({ name: "example", resources: [sharding.secrets] });
 *   ring.startShard("shard-a", {
 *     setUp: (shard) => shard.control(shard.cache(sharding.secrets), { name: "nothing", reconcile: async () => {} }),
 *   });
 *   await stage.api(sharding.secrets).create(secret({ name: "foo" }));
 *   await ring.untilSettled();
 * });
 * ```
 *
 * The guide is docs/testing.md.
 *
 * @module
 */
import { parseSharderConfig } from "./commands/sharder/config/sharder_config.ts";
import { runSharder } from "./commands/sharder/run.ts";
import { type CertificateSource, distrust } from "./lib/certificates/mod.ts";
import { type SharderParts, TestStage, type TestStageOptions } from "./lib/testing/mod.ts";
import type { Clock } from "./lib/util/clock/mod.ts";
import { untilAborted } from "./lib/util/until_aborted.ts";

export * from "./lib/testing/mod.ts";
export type { DirectAnswer, Fault, Intercept, User } from "./lib/apiserver/mod.ts";
export type {
  ControllerRing,
  ControllerRingSpec,
  ControllerRingStatus,
  RingCondition,
  RingResource,
} from "./lib/sharding/ring_types.ts";
export { VirtualClock } from "./lib/util/clock/mod.ts";

/** Makes a cluster in memory for one test. Dispose of it with `await using`. */
export function createTestStage(options: TestStageOptions = {}): TestStage {
  return new TestStage(options, startSharder);
}

/** The very sharder of this package, with connections and a webhook that need no network. */
async function startSharder(parts: SharderParts, signal: AbortSignal): Promise<void> {
  const { name, clock, random, connect, serveWebhook, config = {}, issuesCertificates = false } = parts;
  const kind = { apiVersion: "config.sharding.timebertt.dev/v1alpha1", kind: "SharderConfig" };
  await runSharder({
    config: parseSharderConfig({ ...kind, ...config }).config,
    identity: name,
    clock,
    random,
    connect,
    issuesCertificates,
    serveWebhook: (app, certificates) => ({
      name: "webhook",
      check: () => undefined,
      run: async (stop) => {
        using _app = app;
        const trust = certificates === undefined ? undefined : distrustOf(certificates, clock);
        using _listener = serveWebhook((request) => app.handle(request), trust);
        await untilAborted(stop);
      },
    }),
  }, signal);
}

/** Why an API server would not take the certificate that is served at the moment. */
function distrustOf(certificates: CertificateSource, clock: Clock): (authorities: string) => string | undefined {
  return (authorities) => {
    const served = certificates.current();
    return served === undefined ? "there is none yet" : distrust(served.certificate, authorities, clock.now());
  };
}
