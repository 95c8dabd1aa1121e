import assert from "node:assert/strict";
import type { Pod } from "../../../lib/workloads/kinds/mod.ts";
import { bounds } from "../support/ring_copy.ts";
import type { System } from "../support/system.ts";
import { type Case, fill } from "./case.ts";

export const rights: Case = {
  name: "sharders and shards have the rights of their service accounts, by tokens that are bound to their pods",
  async run(ring, system): Promise<void> {
    await ring.expectShards(3, bounds.seen);
    const [shard] = (await ring.pods.list()).items;
    assert.ok(shard !== undefined);
    await assertIs(system, shard, "checksum-controller");
    await assertMay(system, shard, ring.name, { "patch secrets": "yes", "delete secrets": "no" });
    await assertMay(system, shard, "default", { "get secrets": "no" });
    const { pod: sharder } = await system.leader();
    await assertIs(system, sharder, "sharder");
    await assertMay(system, sharder, ring.name, { "patch secrets": "yes", "create configmaps": "no" });
  },
};

/** In the Role of the example. */
const right = "/rules/3/verbs/3";

export const lostRight: Case = {
  name: "a shard that may not create ConfigMaps any more says so, and goes on when it may again",
  async run(ring, system): Promise<void> {
    const shards = await fill(ring, 1);
    const patch = async (...operations: readonly unknown[]): Promise<void> => {
      const role = ["patch", "role", "sharding:checksum-controller", "--type=json", "-p", JSON.stringify(operations)];
      await system.kubectl("-n", ring.name, ...role);
    };
    await patch(
      { op: "test", path: "/rules/3/resources", value: ["configmaps"] },
      { op: "test", path: right, value: "create" },
      { op: "remove", path: right },
    );
    await ring.createSecret("without");
    const account = `system:serviceaccount:${ring.name}:checksum-controller`;
    await ring.expect("a complaint in a shard's log", bounds.seen, async () => {
      const lines = (await system.logs(ring.name)).split("\n");
      assert.ok(lines.some((line) => line.includes(account) && line.includes("cannot create resource")));
    });
    await patch({ op: "add", path: right, value: "create" });
    await ring.expectSettled(shards, bounds.settled);
  },
};

/** The API server knows the pod's process as its service account, in this pod. */
async function assertIs(system: System, pod: Pod, account: string): Promise<void> {
  const { name, namespace } = pod.metadata;
  const path = "{.status.userInfo.username} {.status.userInfo.extra.authentication\\.kubernetes\\.io/pod-name[0]}";
  const who = ["auth", "whoami", "-o", `jsonpath=${path}`];
  assert.equal(
    await system.kubectl("--kubeconfig", await system.kubeconfigOf(pod), ...who),
    `system:serviceaccount:${namespace}:${account} ${name}`,
  );
}

/** @param answers of the API server, when asked with the rights of the pod. */
async function assertMay(
  system: System,
  pod: Pod,
  namespace: string,
  answers: Readonly<Record<string, string>>,
): Promise<void> {
  const kubeconfig = await system.kubeconfigOf(pod);
  for (const [what, answer] of Object.entries(answers)) {
    const args = ["--kubeconfig", kubeconfig, "auth", "can-i", ...what.split(" "), "-n", namespace];
    assert.equal((await system.tryKubectl(...args)).stdout, `${answer}\n`, `may ${pod.metadata.name} ${what}?`);
  }
}
