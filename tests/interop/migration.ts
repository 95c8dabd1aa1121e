import assert from "node:assert/strict";
import { mutatingWebhookConfigurations } from "../../lib/k8s/kinds/admissionregistration.ts";
import { leases } from "../../lib/k8s/kinds/coordination.ts";
import { configMaps, secrets } from "../../lib/k8s/kinds/core.ts";
import type { KubeObject } from "../../lib/k8s/types.ts";
import { runRingOn } from "../integration/ring_run.ts";
import type { World } from "../integration/world.ts";
import { Migration, shards } from "./support/migration.ts";

/** For how long it is looked whether nothing happens, in milliseconds of each kind of time. */
const quiet = { virtual: 60_000, real: 1_500 } as const;

/** Our sharder takes over from the reference's, which is asked to stop when ours runs already. */
export async function takeOver(world: World): Promise<void> {
  world.pace = "usual";
  using migration = new Migration(world);
  await migration.begin();
  const { reference, names } = migration;
  const before = await migration.configuration();
  const changed = await migration.watchLabels();

  const ours = migration.startOurs();
  try {
    await world.consistently("ours only watches while the reference leads", async () => {
      return migration.writes.length === 0 && await migration.leader() !== "sharder-new";
    }, quiet[world.stage.time]);
    // The API server asks both of them.
    const { metadata } = await world.createSecret("meanwhile");
    assert.equal(metadata.labels?.[world.shardLabel], world.ownerAmong(shards, "meanwhile"));

    await reference.release();
    await world.eventually("ours leads", async () => await migration.leader() === "sharder-new", 20_000);
    await world.eventually("the webhook configuration is ours", async () => {
      return (await migration.configuration()).webhooks?.[0]?.timeoutSeconds === 2;
    }, 20_000);
    await world.isReady(shards.length);
    await world.consistently("nothing moves", () => changed().length === 0, quiet[world.stage.time]);

    const after = await migration.configuration();
    const [was, is] = [before.webhooks?.[0], after.webhooks?.[0]];
    assert.ok(was?.clientConfig.caBundle !== undefined);
    assert.deepEqual(is?.clientConfig, was.clientConfig, "with the authority that was injected");
    assert.deepEqual([is?.rules, is?.namespaceSelector], [was.rules, was.namespaceSelector]);
    assert.deepEqual(after.metadata.labels, before.metadata.labels);
    assert.deepEqual(after.metadata.ownerReferences, before.metadata.ownerReferences);
    assert.deepEqual(ownersOf(after, "Apply"), ["controllerring-controller"], "one owner of what is applied");
    const { status } = await world.rings.get(world.name);
    assert.deepEqual(status?.conditions?.map(({ type, status }) => [type, status]), [["Ready", "True"]]);
    for (const lease of (await world.leases.list()).items) {
      assert.equal(lease.metadata.labels?.["alpha.sharding.timebertt.dev/state"], "ready");
      assert.equal(lease.spec?.holderIdentity, lease.metadata.name);
      assert.equal(lease.spec?.leaseTransitions, 0);
    }
    const configuration = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/";
    assert.deepEqual(
      new Set(migration.writes),
      new Set([
        `PATCH ${configuration}controllerring-${world.name}`,
        // The finalizer.
        `PATCH /apis/sharding.timebertt.dev/v1alpha1/controllerrings/${world.name}`,
      ]),
      "nothing else is written",
    );

    world.startShard("shard-d");
    await world.spread([...shards, "shard-d"], names, 30_000);
    assert.ok(changed().length > 0);
  } finally {
    await ours.stop();
  }
}

/** Our sharder takes over from one that crashed in the middle of its work. */
export async function takeOverFromCrashed(world: World): Promise<void> {
  world.pace = "usual";
  using migration = new Migration(world);
  await migration.begin();
  const { reference, names } = migration;
  // It has taken over a dead shard, whose objects it has not moved yet,
  await world.writeLease("shard-x", { holder: "shardlease-controller", duration: 30 });
  for (const name of names.slice(0, 3)) {
    await reference.assign(world.secrets, name, "shard-x");
    await reference.assign(world.configMaps, `checksums-${name}`, "shard-x");
  }
  // and asked a live one that does not look to let go of what it may keep in the meantime.
  const asked = names.find((name) => world.ownerAmong(shards, name) === "shard-b" && !names.slice(0, 3).includes(name));
  assert.ok(asked !== undefined);
  await reference.drain(asked);
  reference.crash();

  const ours = migration.startOurs();
  try {
    await world.eventually("ours leads", async () => await migration.leader() === "sharder-new", 25_000);
    await world.spread(shards, names, 20_000);
    await world.eventually("the dead shard's Lease is given back", async () => {
      return ((await world.leases.find("shard-x"))?.spec?.holderIdentity ?? "") === "";
    });
  } finally {
    await ours.stop();
  }
}

/**
 * Our sharder issues the certificate itself, where cert-manager did so for the reference's. @param others somebody else
 * asks for the injection too, so that cert-manager goes on
 */
export async function takeOverFromCertManager(world: World, others: boolean): Promise<void> {
  using migration = new Migration(world);
  await migration.begin();
  if (others) await migration.reference.askForInjection();
  const injected = (await migration.configuration()).webhooks?.[0]?.clientConfig.caBundle;
  await migration.reference.release();
  world.startSharder("sharder-a", { issuesCertificates: true });
  if (others) {
    await world.eventually("the ring says who is in the way", async () => {
      const ready = (await world.rings.get(world.name)).status?.conditions?.find(({ type }) => type === "Ready");
      return ready?.status === "False" && ready.message.includes("clientConfig.caBundle");
    }, 20_000);
    assert.equal((await migration.configuration()).webhooks?.[0]?.clientConfig.caBundle, injected);
    return;
  }
  await world.eventually("API servers shall trust our authority", async () => {
    const { clientConfig } = (await migration.configuration()).webhooks?.[0] ?? {};
    return clientConfig?.caBundle !== undefined && clientConfig.caBundle !== injected;
  }, 20_000);
  const { metadata } = await migration.configuration();
  assert.equal(metadata.annotations?.["cert-manager.io/inject-ca-from"], undefined, "cert-manager is asked no more");
  await world.isReady(shards.length);
}

/** What the reference knows: the keys of section 2 of the protocol, each on the kind where it has its meaning. */
function knownKeys(ring: string): readonly RegExp[] {
  const domain = "alpha\\.sharding\\.timebertt\\.dev";
  return [
    new RegExp(`^(Lease|MutatingWebhookConfiguration) label ${domain}/controllerring$`),
    new RegExp(`^Lease label ${domain}/state$`),
    new RegExp(`^(Secret|ConfigMap) label shard\\.${domain}/${ring}$`),
    // The only two that stay: docs/migration.md says why they do no harm.
    new RegExp(`^Lease annotation ${domain}/stop-by$`),
    new RegExp(`^MutatingWebhookConfiguration annotation ${domain}/labelled-resources$`),
  ];
}

/**
 * The reference takes over from ours, by the procedure of docs/migration.md.
 * @param finalizers what takes them off: our sharder with another setting, or the command when it is gone.
 */
export async function goBack(world: World, finalizers: "setting" | "command"): Promise<void> {
  world.pace = "usual";
  using migration = new Migration(world);
  const { reference } = migration;
  await world.setUp();
  // Everything that is ours only: its own certificate, the finalizer, a brake.
  const ours = world.startSharder("sharder-a", { issuesCertificates: true });
  for (const shard of shards) world.startShard(shard);
  await world.isReady(shards.length);
  const names = await world.createSecrets(12);
  await world.spread(shards, names);
  await world.eventually("the ring has our finalizer", async () => {
    return (await world.rings.get(world.name)).metadata.finalizers?.length === 1;
  });
  // A condition may stay for some seconds longer than its reason, and so some seconds of real time.
  if (world.stage.time === "virtual") await brakeAndGo(world);
  await ours.stop();
  await removeFinalizer(migration, finalizers);
  await world.api(secrets).inNamespace("sharding-system").delete("sharder-webhook-certificate");

  const known = knownKeys(world.name);
  assert.deepEqual((await ourKeys(world)).filter((key) => !known.some((pattern) => pattern.test(key))), []);
  for (const lease of (await world.leases.list()).items) assert.equal(lease.spec?.holderIdentity, lease.metadata.name);

  const mains = await world.labels(world.secrets);
  const children = await world.labels(world.configMaps);
  await reference.lead();
  const applied = await reference.reconcileRing(shards.length);
  const { webhooks: [wanted] = [], metadata } = reference.webhookConfiguration(await world.rings.get(world.name));
  const [webhook] = applied.webhooks ?? [];
  assert.deepEqual(webhook, { ...wanted, matchPolicy: "Equivalent", reinvocationPolicy: "Never" });
  assert.deepEqual(applied.metadata.labels, metadata.labels);
  assert.deepEqual(ownersOf(applied, "Apply"), ["controllerring-controller"]);
  await reference.injectAuthority();
  await world.consistently("nothing moves", async () => await world.isSpread(shards, names), quiet[world.stage.time]);
  for (const log of [mains, children]) assert.deepEqual(log.names.filter((name) => log.of(name).length > 1), []);
  await reference.release();

  // Nothing of ours keeps the ring: whoever deletes it now is rid of it.
  await world.rings.delete(world.name);
  assert.equal(await world.rings.find(world.name), undefined);
}

async function brakeAndGo(world: World): Promise<void> {
  const hasConditions = (count: number) => async (): Promise<boolean> =>
    (await world.rings.get(world.name)).status?.conditions?.length === count;
  await ring(world, "pause", world.name);
  await world.eventually("the ring says that it is paused", hasConditions(2), 20_000);
  await ring(world, "resume", world.name);
  await world.eventually("it says so no more", hasConditions(1), 20_000);
}

async function removeFinalizer(migration: Migration, how: "setting" | "command"): Promise<void> {
  const { world } = migration;
  if (how === "command") return await ring(world, "release", world.name);
  const ours = migration.startOurs("    ringFinalizer: false\n");
  await world.eventually("the finalizer is gone", async () => {
    return (await world.rings.get(world.name)).metadata.finalizers === undefined;
  }, 20_000);
  await ours.stop();
}

/** Who owns fields of an object by this operation. */
function ownersOf({ metadata }: KubeObject, operation: "Apply" | "Update"): (string | undefined)[] {
  return (metadata.managedFields ?? []).filter((entry) => entry.operation === operation).map(({ manager }) => manager);
}

/** Every label, annotation and finalizer of the sharding domain on all objects that a sharder of this ring writes. */
async function ourKeys(world: World): Promise<string[]> {
  const objects: [string, KubeObject][] = [["ControllerRing", await world.rings.get(world.name)]];
  const configuration = await world.api(mutatingWebhookConfigurations).get(`controllerring-${world.name}`);
  objects.push(["MutatingWebhookConfiguration", configuration]);
  for (const namespace of [world.name, "sharding-system"]) {
    for (const [kind, resource] of [["Lease", leases], ["Secret", secrets], ["ConfigMap", configMaps]] as const) {
      const { items } = await world.api<KubeObject>(resource).inNamespace(namespace).list();
      for (const object of items) objects.push([kind, object]);
    }
  }
  const keys = objects.flatMap(([kind, { metadata: { labels, annotations, finalizers } }]) => [
    ...Object.keys(labels ?? {}).map((key) => `${kind} label ${key}`),
    ...Object.keys(annotations ?? {}).map((key) => `${kind} annotation ${key}`),
    ...(finalizers ?? []).map((key) => `${kind} finalizer ${key}`),
  ]);
  return [...new Set(keys.filter((key) => key.includes("sharding.timebertt.dev")))].toSorted();
}

async function ring(world: World, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runRingOn(world.stage, ...args);
  assert.equal(code, 0, stderr);
}
