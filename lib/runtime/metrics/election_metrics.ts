import { Counter, Gauge, type Registry } from "./prom_client.ts";
import type { ElectionObserver } from "../election/mod.ts";

/** Tells who leads, under client-go's names. */
export function electionMetrics(registry: Registry): ElectionObserver {
  const registers = [registry];
  const leads = new Gauge({
    name: "leader_election_master_status",
    help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. " +
      "'name' is the string used to identify the lease. Please make sure to group by name.",
    labelNames: ["name"],
    registers,
  });
  const slowPaths = new Counter({
    name: "leader_election_slowpath_total",
    help: "Total number of slow path exercised in renewing leader leases. 'name' is the string used to identify the " +
      "lease. Please make sure to group by name.",
    labelNames: ["name"],
    registers,
  });
  return {
    onLeading: (name, leading) => leads.set({ name }, leading ? 1 : 0),
    onSlowPath: (name) => slowPaths.inc({ name }),
  };
}
