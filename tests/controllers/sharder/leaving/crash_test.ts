import assert from "node:assert/strict";
import type { RequestOptions } from "../../../../lib/k8s/contract.ts";
import { ConnectionError } from "../../../../lib/k8s/errors.ts";
import { mutatingWebhookConfigurations } from "../../../../lib/k8s/kinds/admissionregistration.ts";
import { labelledResourcesAnnotation, webhookConfigurationName } from "../../../../lib/sharding/names.ts";
import { InMemoryStage } from "../../../integration/stages/in_memory.ts";
import { jsonOf } from "../../../integration/stage.ts";
import type { SharderProcess } from "../../../integration/processes.ts";
import { isHunt } from "../../../support/runs.ts";
import { World } from "../../../integration/world.ts";

const shards = ["shard-a", "shard-b"];

/** How objects leave a ring. */
interface Departure {
  readonly name: string;
  /** What happens while the first sharder runs. */
  readonly begin: (world: World) => Promise<void>;
  /** What happens between its crash and the start of the next. */
  readonly meanwhile?: (world: World) => Promise<void>;
  /** Is everything done where nothing happens meanwhile? @default as `isOver` */
  readonly isUndisturbed?: (world: World) => Promise<boolean>;
  readonly isOver: (world: World) => Promise<boolean>;
}

function resources(...names: readonly string[]): (world: World) => Promise<void> {
  return async (world) => {
    const spec = { resources: names.map((resource) => ({ group: "apps", resource })) };
    await world.rings.patch(world.name, { type: "merge", patch: { spec: jsonOf(spec) } });
  };
}

function isRecorded(...main: readonly string[]): (world: World) => Promise<boolean> {
  return async (world) => {
    const configuration = await world.api(mutatingWebhookConfigurations).get(webhookConfigurationName(world.name));
    return configuration.metadata.annotations?.[labelledResourcesAnnotation] ===
      JSON.stringify({ main, controlled: [] });
  };
}

const departures: readonly Departure[] = [
  {
    name: "the ring is deleted",
    begin: (world) => world.rings.delete(world.name),
    isOver: async (world) => await world.rings.find(world.name) === undefined,
  },
  {
    name: "its resources are others",
    begin: resources("deployments"),
    isOver: isRecorded("deployments.apps"),
  },
  {
    name: "its resources are others, and others again before the next sharder starts",
    begin: resources("deployments"),
    meanwhile: resources("statefulsets"),
    isUndisturbed: isRecorded("deployments.apps"),
    isOver: isRecorded("statefulsets.apps"),
  },
  {
    name: "its resources are others, and it is deleted before the next sharder starts",
    begin: resources("deployments"),
    meanwhile: (world) => world.rings.delete(world.name),
    isUndisturbed: isRecorded("deployments.apps"),
    isOver: async (world) => await world.rings.find(world.name) === undefined,
  },
];

function isWrite({ method, path }: RequestOptions): boolean {
  return method !== "GET" && !path.includes("/leases/") && !path.includes("/events");
}

/** Has the sharder crash when its so manieth write from now on has been done. */
function crashAfter(world: World, sharder: SharderProcess, count: number): { readonly happened: () => boolean } {
  let writes = 0;
  let hasCrashed = false;
  world.tamper = (process) => async (request, next) => {
    const answer = await next(request);
    if (hasCrashed || process !== "ring-sharder-a" || !isWrite(request) || ++writes < count) return answer;
    hasCrashed = true;
    sharder.isolate();
    throw new ConnectionError("the process is gone");
  };
  return { happened: () => hasCrashed };
}

/** Lets the sharder crash after its so manieth write, and another go on. False when it does not write so often. */
async function crashesAfter(
  count: number,
  { begin, meanwhile, isOver, isUndisturbed = isOver }: Departure,
): Promise<boolean> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await stage.grant("others", [{
    apiGroups: ["apps"],
    resources: ["deployments", "statefulsets"],
    verbs: ["get", "list", "watch", "patch"],
  }]);
  await world.setUp();
  const { sharder } = await world.startAll(shards);
  const names = await world.createSecrets(2);
  await world.spread(shards, names);
  await world.eventually("the record is written", isPrepared.bind(undefined, world));
  const mains = await world.labels(world.secrets);
  const crash = crashAfter(world, sharder, count);
  await begin(world);
  await world.eventually(
    "the sharder crashes, or all is done",
    async () => crash.happened() || await isUndisturbed(world) && await isBare(world),
    60_000,
  );
  if (crash.happened()) {
    await meanwhile?.(world);
    world.startSharder("sharder-b");
    await world.eventually(
      `all is done after a crash at write ${count}`,
      async () => await isOver(world) && await isBare(world),
      90_000,
    );
  }
  for (const name of names) {
    const owners = new Set(mains.of(name).map(({ shard }) => shard));
    assert.equal(owners.size, 2, `${name} had ${[...owners]} after a crash at write ${count}`);
    assert.ok(mains.of(name).some(({ draining }) => draining), `${name} was taken from under its shard`);
  }
  return crash.happened();
}

async function isPrepared(world: World): Promise<boolean> {
  const { metadata: { finalizers = [] } } = await world.rings.get(world.name);
  const name = webhookConfigurationName(world.name);
  const configuration = await world.api(mutatingWebhookConfigurations).find(name);
  return finalizers.length > 0 && configuration?.metadata.annotations?.[labelledResourcesAnnotation] !== undefined;
}

async function isBare(world: World): Promise<boolean> {
  const shardsOf = [await world.shardsOf(world.secrets), await world.shardsOf(world.configMaps)];
  const { items } = await world.secrets.list({ labelSelector: world.drainLabel });
  return items.length === 0 && shardsOf.every((shards) => [...shards.values()].every((shard) => shard === undefined));
}

Deno.test("a ring that is deleted before the next sharder comes leaves no labels, whatever write of its first seconds was the last", async () => {
  const stride = isHunt ? 1 : 2;
  let count = 1;
  while (await crashesInTheBeginning(count)) count += stride;
  assert.ok(count > 6, `it wrote ${count - 1} times only`);
});

/** As above, but for a ring that is new: it crashes while it gives the first objects to shards. */
async function crashesInTheBeginning(count: number): Promise<boolean> {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp(null);
  const sharder = world.startSharder();
  for (const name of shards) world.startShard(name);
  await world.createSecrets(2);
  const crash = crashAfter(world, sharder, count);
  await world.createRing(world.name, world.spec());
  await world.eventually("the sharder crashes, or all is done", async () => {
    return crash.happened() || await world.isSpread(shards, ["foo-0", "foo-1"]) && await isPrepared(world);
  }, 20_000);
  if (!crash.happened()) return false;
  await world.rings.delete(world.name);
  world.startSharder("sharder-b");
  await world.eventually(
    `nothing is left after a crash at write ${count}`,
    async () => await world.rings.find(world.name) === undefined && await isBare(world),
    60_000,
  );
  return true;
}

for (const departure of departures) {
  Deno.test(`objects leave a ring, whatever write the sharder crashes after: ${departure.name}`, async () => {
    const stride = isHunt || departure.meanwhile === undefined ? 1 : 2;
    let count = 1;
    while (await crashesAfter(count, departure)) count += stride;
    assert.ok(count > 4, `it wrote ${count - 1} times only`);
  });
}
