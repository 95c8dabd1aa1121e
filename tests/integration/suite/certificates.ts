import assert from "node:assert/strict";
import { readSet } from "../../../lib/certificates/certificate_set.ts";
import type { Api } from "../../../lib/k8s/api/api.ts";
import { isNotFound } from "../../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import type { Secret } from "../../../lib/k8s/types.ts";
import { webhookConfigurationName } from "../../../lib/sharding/names.ts";
import type { Behaviour } from "../suite.ts";
import type { World } from "../world.ts";

const name = "sharder-webhook-certificate";

function secretsOf(world: World): Api<Secret> {
  return world.api(secrets).inNamespace("sharding-system");
}

/** What the Secret of the sharder holds. */
async function valuesOf(world: World): Promise<Record<string, string>> {
  const { data = {} } = await secretsOf(world).get(name);
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, atob(value)]));
}

async function remove(world: World, ...keys: readonly string[]): Promise<void> {
  const data = Object.fromEntries(keys.map((key) => [key, null]));
  await secretsOf(world).patch(name, { type: "merge", patch: { data } });
}

async function caBundleOf(world: World, ring = world.name): Promise<string | undefined> {
  const configuration = await world.api(mutatingWebhookConfigurations).find(webhookConfigurationName(ring));
  const encoded = configuration?.webhooks?.[0]?.clientConfig.caBundle;
  return encoded === undefined ? undefined : atob(encoded);
}

/** Waits until the API server calls the webhook and trusts it: objects are assigned as they are created. */
async function isCalled(world: World, prefix: string): Promise<void> {
  let count = 0;
  await world.eventually(`Secrets ${prefix}-* are assigned at admission`, async () => {
    const { metadata } = await world.createSecret(`${prefix}-${count++}`);
    return metadata.labels?.[world.shardLabel] === "shard-a";
  });
}

/** Two replicas that issue their certificates, and a shard. */
async function start(world: World): Promise<void> {
  try {
    // Worlds on one stage have this Secret in common.
    await secretsOf(world).delete(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await world.setUp();
  for (const replica of ["sharder-a", "sharder-b"]) world.startSharder(replica, { issuesCertificates: true });
  world.startShard("shard-a");
  await world.isReady(1);
}

/** The webhook's certificate where nobody but the sharder issues one. */
export const certificates: readonly Behaviour[] = [
  {
    name: "the API server calls the webhook with the sharder's own certificate, and with each that takes its place",
    run: async (world) => {
      await start(world);
      const first = await valuesOf(world);
      assert.equal(await caBundleOf(world), first["ca.crt"]);
      await isCalled(world, "first");

      await remove(world, "tls.crt", "tls.key");
      await world.eventually("there is a new certificate", async () => {
        const { "tls.crt": certificate } = await valuesOf(world);
        return certificate !== undefined && certificate !== first["tls.crt"];
      });
      await isCalled(world, "renewed");

      await secretsOf(world).delete(name);
      await world.eventually("the Secret is back", async () => {
        const secret = await secretsOf(world).find(name);
        return secret?.data?.["ca.key"] !== undefined;
      });
      assert.equal((await valuesOf(world))["ca.crt"], first["ca.crt"]);
      await isCalled(world, "restored");
    },
  },
  {
    name: "a new authority comes into every webhook configuration, also of rings that are created meanwhile",
    run: async (world) => {
      await start(world);
      const first = await valuesOf(world);
      await isCalled(world, "first");
      await remove(world, "ca.key");
      await world.eventually("the configuration has both authorities", async () => {
        const bundle = await caBundleOf(world) ?? "";
        return bundle.length > (first["ca.crt"] ?? "").length && bundle.endsWith(first["ca.crt"] ?? "?");
      });
      assert.equal((await valuesOf(world))["tls.crt"], first["tls.crt"]);
      await isCalled(world, "both");
      const other = `${world.name}-other`;
      await world.createRing(other, world.spec());
      await world.isReady(0, 0, other);
      assert.equal(await caBundleOf(world, other), await caBundleOf(world));
    },
  },
  {
    name: "a new authority takes over when every webhook configuration has had it for five minutes",
    needs: { ability: "virtual time", why: "it takes minutes" },
    run: async (world) => {
      world.pace = "usual";
      await start(world);
      const first = await valuesOf(world);
      await remove(world, "ca.key");
      await world.eventually("a certificate of the new one is served", async () => {
        return (await valuesOf(world))["tls.crt"] !== first["tls.crt"];
      }, 8 * 60_000);
      const { set, damage } = readSet(await valuesOf(world));
      assert.deepEqual(damage, []);
      assert.equal(set.authorities.length, 2);
      assert.equal(await caBundleOf(world), set.authorities.join(""));
    },
  },
];
