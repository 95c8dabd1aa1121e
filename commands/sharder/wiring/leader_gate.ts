import type { Api } from "../../../lib/k8s/api/api.ts";
import type { Lease } from "../../../lib/k8s/types.ts";
import { LeaderElector, LeaseLock } from "../../../lib/runtime/election/mod.ts";
import type { LeadershipGate } from "../../../lib/runtime/manager.ts";
import type { RuntimeObservers } from "../diagnostics/observers.ts";
import type { SharderOptions } from "../options.ts";

/** Says when this replica leads: by its Lease, or always where there is no election. */
export function leaderGate(
  { config, identity, clock, random }: Pick<SharderOptions, "config" | "identity" | "clock" | "random">,
  api: Api<Lease>,
  observers: RuntimeObservers,
): LeadershipGate | LeaderElector {
  const { leaderElect, resourceName, resourceNamespace, leaseDuration, renewDeadline, retryPeriod } =
    config.leaderElection;
  if (!leaderElect) return aloneGate;
  const lock = new LeaseLock({ api, namespace: resourceNamespace, lease: resourceName });
  return new LeaderElector({
    lock,
    identity,
    leaseDuration,
    renewDeadline,
    retryPeriod,
    clock,
    random,
    ...observers.election,
  });
}

/** Without an election the only replica leads from the start. */
const aloneGate: LeadershipGate = {
  name: "no leader election",
  run: (signal, lead) => lead(signal, new AbortController().signal),
};
