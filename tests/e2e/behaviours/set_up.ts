import assert from "node:assert/strict";
import { Api } from "../../../lib/k8s/api/api.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { leaseRingLabel, shardLabel, webhookConfigurationName } from "../../../lib/sharding/names.ts";
import { bounds, deployment } from "../support/ring_copy.ts";
import type { Case } from "./case.ts";

export const setUp: Case = {
  name: "ring, Leases and webhook configuration are there",
  async run(ring, system): Promise<void> {
    await system.sharders(2, bounds.seen);
    await ring.expect("three available replicas", bounds.seen, async () => {
      assert.equal((await ring.deployments.get(deployment)).status?.availableReplicas, 3);
    });
    const shards = await ring.expectShards(3, bounds.seen);
    assert.equal((await ring.rings.get(ring.name)).status?.shards, 3);
    assert.equal((await ring.shardLeases()).length, 3);
    const pods = (await ring.pods.list()).items.map(({ metadata }) => metadata.name).toSorted();
    assert.deepEqual(shards, pods, "each pod is a shard");

    const name = webhookConfigurationName(ring.name);
    const { metadata, webhooks = [] } = await new Api(system.client, mutatingWebhookConfigurations).get(name);
    assert.equal(metadata.labels?.[leaseRingLabel], ring.name);
    assert.equal(webhooks.length, 1);
    const [webhook] = webhooks;
    assert.deepEqual(webhook?.objectSelector?.matchExpressions, [
      { key: shardLabel(ring.name), operator: "DoesNotExist" },
    ]);
    assert.deepEqual(webhook?.namespaceSelector?.matchLabels, { "kubernetes.io/metadata.name": ring.name });
    assert.deepEqual(webhook?.rules?.map(({ resources, operations }) => [resources, operations]), [
      [["secrets"], ["CREATE", "UPDATE"]],
      [["configmaps"], ["CREATE", "UPDATE"]],
    ]);
  },
};
