import type { Cluster } from "../../../commands/common/parts.ts";
import { runRing } from "../../../commands/ring/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { leases } from "../../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../../lib/k8s/kinds/core.ts";
import { HashRing } from "../../../lib/sharding/hash_ring.ts";
import { controllerRings, type ControllerRingStatus } from "../../../lib/sharding/ring_types.ts";
import {
  configMap,
  createTestStage,
  lease,
  secret,
  shardLabels,
  shardLease,
  type TestStage,
  type User,
} from "../../../testing.ts";
import { fakeParts } from "../common/fake_parts.ts";

/** What a run of the command has printed. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ring` on a stage. @param user whose rights it has @default an administrator */
export async function runOn(
  stage: TestStage,
  args: readonly string[],
  { user, signal = new AbortController().signal }: { readonly user?: User; readonly signal?: AbortSignal } = {},
): Promise<Answer> {
  const cluster: Cluster = {
    description: "https://test:6443 (a test)",
    namespace: "default",
    open: ({ userAgent }) => stage.client({ userAgent, ...(user === undefined ? {} : { user }) }),
  };
  const { parts, output } = fakeParts({
    clock: stage.clock,
    env: (name) => name === "LANG" ? "C.UTF-8" : undefined,
    findCluster: () => Promise.resolve(cluster),
  });
  const code = await runRing(args, parts, undefined, signal);
  return { code, ...output };
}

/** The shards of the scenes below. */
export const shards = ["shard-a", "shard-b", "shard-c"];

const families = 12;

async function writeStatus(stage: TestStage, status: ControllerRingStatus): Promise<void> {
  const api = new Api(stage.client(), controllerRings);
  await api.status.replace({ ...await api.get("ring"), status });
}

function condition(
  type: string,
  status: string,
  message: string,
): NonNullable<ControllerRingStatus["conditions"]>[number] {
  return { type, status, reason: "Told", message, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

/** A ring as a sharder leaves it, without any process: three shards, and twelve Secrets, each with its ConfigMap. */
async function healthy(): Promise<TestStage> {
  const stage = createTestStage();
  await stage.createNamespace("default").catch(() => undefined);
  await stage.createRing({ name: "ring" });
  await writeStatus(stage, {
    shards: 3,
    availableShards: 3,
    conditions: [condition("Ready", "True", "ControllerRing was successfully reconciled")],
  });
  for (const name of shards) await stage.api(leases).create(shardLease({ name }));
  const hashRing = new HashRing(shards);
  for (let index = 0; index < families; index++) {
    const name = `secret-${index}`;
    const labels = shardLabels("ring", hashRing.ownerOf(`/Secret/default/${name}`) ?? "");
    const { metadata: { uid = "" } } = await stage.api(secrets).create(secret({ name, labels }));
    const ownerReferences = [{ apiVersion: "v1", kind: "Secret", name, uid, controller: true }];
    await stage.api(configMaps).create(configMap({
      name: `keys-${name}`,
      metadata: { name: `keys-${name}`, namespace: "default", labels, ownerReferences },
    }));
  }
  await stage.api(configMaps).create(configMap({ name: "nobodys" }));
  await stage.advance(3_000);
  return stage;
}

/** The same with a dead shard, a drain, an object without a label, one with a bogus one, and a Lease of the same name. */
async function troubled(): Promise<TestStage> {
  const stage = await healthy();
  await stage.createNamespace("other");
  await writeStatus(stage, {
    shards: 3,
    availableShards: 3,
    conditions: [condition("Ready", "False", "Error reconciling webhooks for ControllerRing: no rights")],
  });
  const patch = { spec: { holderIdentity: "", leaseDurationSeconds: 1 } };
  await stage.api(leases).inNamespace("default").patch("shard-c", { type: "merge", patch });
  await stage.api(leases).create(shardLease({ name: "shard-b", namespace: "other" }));
  await stage.api(leases).create(lease({ name: "no-shard" }));
  await stage.api(secrets).create(secret({ name: "fresh" }));
  await stage.api(secrets).create(secret({ name: "bogus", labels: shardLabels("ring", "shard-x") }));
  await stage.api(secrets).create(
    secret({ name: "leaving", labels: shardLabels("ring", "shard-a", { draining: true }) }),
  );
  return stage;
}

/** The scenes by name. */
export const scenes: Readonly<Record<"healthy" | "troubled", () => Promise<TestStage>>> = { healthy, troubled };
