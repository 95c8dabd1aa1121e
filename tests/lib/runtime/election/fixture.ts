import { Api } from "../../../../lib/k8s/api/api.ts";
import { leases } from "../../../../lib/k8s/kinds/coordination.ts";
import { type JSONObject } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { LeaderElector, type LeaderElectorOptions, LeaseLock } from "../../../../lib/runtime/election/mod.ts";
import type { Clock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import type { FakeServer, Network } from "../fake_server.ts";

export const leasePath = "/apis/coordination.k8s.io/v1/namespaces/sharding/leases/test";

/** The timing of the reference: 15 s, 10 s, 2 s. */
export const timing = { leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2_000 };

/** A candidate for the Lease sharding/test. */
export function candidate(
  server: FakeServer,
  clock: Clock,
  identity: string,
  options: Partial<LeaderElectorOptions> & { readonly network?: Network } = {},
): LeaderElector {
  const { network, ...rest } = options;
  const lock = new LeaseLock({ api: new Api(server.client(network), leases), namespace: "sharding", lease: "test" });
  return new LeaderElector({ lock, identity, ...timing, clock, random: seededRandom(7), ...rest });
}

/** Fields of the Lease's spec. */
export function specOf(server: FakeServer): JSONObject {
  const spec = server.objects.get(leasePath)?.["spec"];
  return spec !== undefined && isJsonObject(spec) ? spec : {};
}

/** One run of an elector, with what happened. */
export interface Run {
  readonly stop: AbortController;
  /** Ends the work, once it was aborted. */
  readonly workEnds: PromiseWithResolvers<void>;
  readonly events: string[];
  readonly done: Promise<unknown>;
}

/** Runs an elector whose work lasts until its term is aborted, or longer if `workEnds` decides. */
export function run(elector: LeaderElector, waitForWork = false): Run {
  const stop = new AbortController();
  const workEnds = Promise.withResolvers<void>();
  const events: string[] = [];
  const done = elector.run(stop.signal, async (term, lost) => {
    events.push("lead");
    await new Promise<void>((resolve) => term.addEventListener("abort", () => resolve(), { once: true }));
    events.push(lost.aborted ? "lost" : "stop");
    if (waitForWork) await workEnds.promise;
    events.push("ended");
  }).then(() => "done", (error: unknown) => error);
  return { stop, workEnds, events, done };
}
