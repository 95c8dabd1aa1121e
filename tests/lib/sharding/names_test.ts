import assert from "node:assert/strict";
import fc from "fast-check";
import {
  drainLabel,
  isShardName,
  leaseRingLabel,
  leaseStateLabel,
  ringOfWebhookPath,
  shardLabel,
  webhookConfigurationName,
  webhookPath,
} from "../../../lib/sharding/names.ts";

Deno.test("the names on the wire are those that existing shards and users know", () => {
  assert.equal(leaseRingLabel, "alpha.sharding.timebertt.dev/controllerring");
  assert.equal(leaseStateLabel, "alpha.sharding.timebertt.dev/state");
  assert.equal(shardLabel("foo"), "shard.alpha.sharding.timebertt.dev/foo");
  assert.equal(drainLabel("foo"), "drain.alpha.sharding.timebertt.dev/foo");
  assert.equal(webhookPath("foo"), "/webhooks/sharder/controllerring/foo");
  assert.equal(webhookConfigurationName("foo"), "controllerring-foo");
});

Deno.test("ringOfWebhookPath() is the inverse of webhookPath()", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), (ring) => {
    assert.equal(ringOfWebhookPath(webhookPath(ring)), ring);
  }));
});

Deno.test("ringOfWebhookPath() is undefined for other paths", () => {
  const others = ["", "/", "/webhooks/sharder/controllerring/", "/webhooks/sharder/controllerring", "/healthz", "x"];
  for (const path of others) assert.equal(ringOfWebhookPath(path), undefined, path);
});

Deno.test("isShardName() accepts what fits into a label value", () => {
  const good = ["a", "shard-0", "checksum-controller-6c9d5b8f7-x2x4z", "a.b_c", "A1", "x".repeat(63)];
  const bad = ["", "-a", "a-", "a b", "a/b", "x".repeat(64), "\u00e4", "a\n"];
  for (const name of good) assert.equal(isShardName(name), true, name);
  for (const name of bad) assert.equal(isShardName(name), false, name);
});
