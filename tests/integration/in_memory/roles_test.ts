import assert from "node:assert/strict";
import type { RequestOptions } from "../../../lib/k8s/contract.ts";
import { formatPermission, neededFor, permissionsIn } from "../granted.ts";
import { manifest } from "../manifests.ts";
import { InMemoryStage } from "../stages/in_memory.ts";
import { show } from "../suite.ts";
import { all } from "../suite/all.ts";

/** Behaviours of the suite that need, together, all that the sharder is allowed. */
const behaviours = [
  "two replicas answer every admission in the same way",
  "a webhook configuration that is deleted or changed is repaired",
  "a Lease with nonsense times is reported with a remedy, and ages by what was seen of it",
  "a Lease that somebody deletes counts as not renewed: it is created again to be taken over, and objects move then",
  "a Lease that is held by a stranger is no shard, and is deleted a minute after it expired",
  "the children of a draining object stay where they are, and follow within 1 s of the acknowledgement",
  "a label that names no shard is repaired as soon as such labels can be judged",
  "a ring without shards and objects goes as well",
  "conflicts are planned again at once",
  "the API server calls the webhook with the sharder's own certificate, and with each that takes its place",
  "a new authority comes into every webhook configuration, also of rings that are created meanwhile",
];

/** What is granted although the behaviours do without it, and why. */
const reserves: ReadonlyMap<string, string> = new Map([
  ...["controllerrings.sharding.timebertt.dev", "namespaces"].map((resource) =>
    [`sharding:sharder: list ${resource}`, "where the API server has no streaming lists, or breaks one off"] as const
  ),
  ["sharding:sharder:webhook-certificate: list secrets", "the same"],
  ["sharding:sharder: patch events.events.k8s.io", "events that happen again are counted, after a minute"],
  [
    "sharding:sharder: update controllerrings/finalizers.sharding.timebertt.dev",
    "asked for by admission plugin OwnerReferencesPermissionEnforcement, as owner references block deletion",
  ],
  ["sharding:controllerring:checksum-controller: get configmaps", "a child is read again after a conflict"],
]);

Deno.test("the sharder's roles grant what it does, and nothing that it never does", async () => {
  const files = ["sharder", "leases", "leader_election", "webhook_certificate"].map((name) => `rbac/${name}.yaml`);
  const objects = (await Promise.all([...files, "examples/checksum-controller/rbac.yaml"].map(manifest))).flat();
  const granted = permissionsIn(objects).filter(({ role }) => role !== "sharding:checksum-controller");
  const used = new Set<string>();
  const missed = new Set<string>();
  for (const name of behaviours) {
    const number = all.findIndex((behaviour) => behaviour.name === name);
    const behaviour = all[number];
    assert.ok(behaviour !== undefined, name);
    await using stage = await InMemoryStage.start();
    stage.onRequest = (actor, request) => {
      if (actor !== "sharder" || isForAll(request)) return;
      const needed = neededFor(request, granted);
      for (const permission of needed) used.add(formatPermission(permission));
      if (needed.length === 0) missed.add(`${request.method} ${request.path}`);
    };
    await show(behaviour, stage, number);
  }
  assert.deepEqual([...missed], []);
  const unused = granted.map(formatPermission).filter((permission) => !used.has(permission));
  assert.deepEqual(unused.sort(), [...reserves.keys()].sort());
});

/** Discovery, and questions about one's own rights, are open to everybody. */
function isForAll({ path }: RequestOptions): boolean {
  return /^\/(api|apis\/[^/]+)(\/[^/]+)?$/.test(path) || path.endsWith("/selfsubjectaccessreviews");
}
