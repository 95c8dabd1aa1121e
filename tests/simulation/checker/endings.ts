import * as sharding from "../../../mod.ts";
import { drainLabel, shardLabel } from "../../../lib/sharding/names.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { describeError } from "../../../lib/util/log.ts";
import { scopeLabel, type SimulatedCluster } from "../cluster.ts";
import { isWrite } from "../traffic.ts";
import { resultFor, workName } from "../worker.ts";
import type { Report } from "./violation.ts";

/** So long after that the sharder cleans up, and looks at everything again. Milliseconds. */
const aftermath = 330_000;

/** And for so long it must be silent. Milliseconds. */
const silence = 60_000;

/**
 * After many changes of shards a ring's events are collected for up to ten minutes, and told then: one of those that
 * joined, one of those that left, one of those that were lost.
 */
const lateEvents = 3;

/** After its deletion a ring with live shards is gone after so long, at most. Milliseconds. */
const longestLeave = 120_000;

/** When nothing changes any more, nothing is written any more. */
export async function seeSilence(
  { stage }: SimulatedCluster,
  write: (line: string) => void,
  report: Report,
): Promise<void> {
  await stage.advance(aftermath);
  write("--- silence");
  let events = 0;
  using _writes = stage.onRequest((request) => {
    if (request.resource === "events" && request.verb === "create" && ++events <= lateEvents) return;
    if (isWrite(request) && request.resource !== "leases" && !request.resource.endsWith("reviews")) {
      report("G5", `${request.process} sends ${request.verb} ${request.path}`);
    }
  });
  await stage.advance(silence);
}

/** Has every Secret in the ring the ConfigMap that its shard makes for it? */
export async function isWorkDone({ stage }: SimulatedCluster): Promise<void> {
  const selected = await stage.api(sharding.namespaces).list({ labelSelector: `${scopeLabel}=yes` });
  for (const { metadata: { name: namespace } } of selected.items) {
    const configMaps = stage.api(sharding.configMaps).inNamespace(namespace);
    for (const secret of (await stage.api(sharding.secrets).inNamespace(namespace).list()).items) {
      const configMap = await configMaps.find(workName(secret.metadata.name));
      const result = configMap?.data?.["result"];
      if (result !== resultFor(secret)) {
        throw new Error(`the work on ${namespace}/${secret.metadata.name} is not done: ${result ?? "not begun"}`);
      }
    }
  }
}

/** Nothing of a ring stays on objects that are not in it any more; least of all when it is deleted. */
export async function seeLeaving(
  cluster: SimulatedCluster,
  write: (line: string) => void,
  report: Report,
): Promise<void> {
  const { stage, ring } = cluster;
  const selected = await stage.api(sharding.namespaces).list({ labelSelector: `${scopeLabel}=yes` });
  const inside = new Set(selected.items.map(({ metadata }) => metadata.name));
  const outside = (await labelled(cluster)).filter((key) => !inside.has(key.split("/")[0] ?? ""));
  if (outside.length > 0) report("G7", `outside of the ring there are still labels on ${outside.join(", ")}`);
  write("--- delete the ring");
  await stage.api(controllerRings).delete(ring.name);
  try {
    await stage.eventually("the ring is gone", async () => {
      if (await stage.api(controllerRings).find(ring.name) !== undefined) throw new Error("it is still there");
    }, { within: longestLeave });
  } catch (error) {
    report("G7", describeError(error));
  }
  const left = await labelled(cluster);
  if (left.length > 0) report("G7", `the deleted ring has left labels on ${left.join(", ")}`);
}

/** The objects that carry a label of the ring, as `namespace/name`. */
async function labelled({ stage, ring }: SimulatedCluster): Promise<readonly string[]> {
  const found: string[] = [];
  for (const labelSelector of [shardLabel(ring.name), drainLabel(ring.name)]) {
    for (const api of [stage.api(sharding.secrets), stage.api(sharding.configMaps)]) {
      for (const { kind, metadata: { namespace, name } } of (await api.list({ labelSelector })).items) {
        found.push(`${namespace}/${name} (${kind})`);
      }
    }
  }
  return found;
}
