import { Api, type ElectionTiming, leases, type RestClient, secrets } from "../../../mod.ts";
import { systemNamespace } from "../../../lib/sharding/names.ts";
import type { Random } from "../../../lib/util/random.ts";
import { sleep, systemClock } from "../../../lib/util/clock/mod.ts";
import { type Arena, namespace } from "./arena.ts";
import type { Member } from "./member.ts";

/** What events work with. */
export interface EventParts {
  readonly arena: Arena;
  readonly random: Random;
  /** Of an administrator, straight to the API server. */
  readonly client: RestClient;
  /** The sharder that leads. */
  readonly leader: () => Member | undefined;
  /** Does this shard hold its Lease? */
  readonly isLive: (shard: string) => boolean;
  /** A shard that has no network for a while. */
  readonly setReachable: (member: Member, isReachable: boolean) => void;
  /** Members to which something happens already. */
  readonly busy: Set<Member>;
  readonly trace: (line: string) => void;
}

/** Something that happens to the processes. */
export interface ChaosEvent {
  /** Lets it happen, and returns when it is over; what it has brought about may last longer. */
  readonly run: (parts: EventParts) => Promise<void>;
  /** For how long, at most, an object may have no live owner because of it; milliseconds. */
  readonly bound: (timing: ElectionTiming) => number;
  /** Nothing can be written meanwhile: requests of users may fail, and its duration adds to the bound. */
  readonly isOutage?: boolean;
  /** Most shards may lose their Leases at the same time. @default as `isOutage` */
  readonly isMassLoss?: boolean;
}

/** G2: an object has a live owner within so long. */
const soon = 2_000;
/** A shard that proves its bound is taken over so long after its Lease. */
const grace = 2_000;

const whenShardGoes = (): number => soon;
const whenShardDies = ({ leaseDuration }: ElectionTiming): number => leaseDuration + grace + soon;
const whenLeaderDies = ({ leaseDuration, retryPeriod }: ElectionTiming): number =>
  leaseDuration + 2 * retryPeriod + 2 * soon;
/** Processes that lost their Leases are started again a second later, and take some seconds to begin. */
const afterOutage = (timing: ElectionTiming): number => whenLeaderDies(timing) + whenShardDies(timing);

/** All that can happen, by name. */
export const chaosEvents = {
  "kill a shard": { run: (parts) => withShard(parts, (shard) => shard.kill()), bound: whenShardDies },
  "kill two shards": {
    run: async (parts) => {
      const kill = (shard: Member): Promise<void> => shard.kill(5_000 * parts.random.next());
      await Promise.all([withShard(parts, kill), withShard(parts, kill)]);
    },
    bound: whenShardDies,
    isMassLoss: true,
  },
  "kill a shard for long": {
    run: (parts) => withShard(parts, (shard) => shard.kill(whenShardDies(parts.arena.timing) + 5_000)),
    bound: whenShardDies,
  },
  "freeze a shard briefly": {
    run: (parts) => withShard(parts, (shard) => freeze(parts, shard, 0.2, 0.6)),
    bound: whenShardDies,
  },
  "freeze a shard for long": {
    run: (parts) => withShard(parts, (shard) => freeze(parts, shard, 1.2, 3)),
    bound: whenShardDies,
  },
  "stop a shard, which returns": {
    run: (parts) => withShard(parts, (shard) => shard.bounce(parts.random.next() * 8_000)),
    bound: whenShardGoes,
  },
  "kill the leader": { run: (parts) => withLeader(parts, (leader) => leader.kill()), bound: whenLeaderDies },
  "freeze the leader": {
    run: (parts) => withLeader(parts, (leader) => freeze(parts, leader, 0.3, 3)),
    bound: whenLeaderDies,
  },
  "kill a sharder that does not lead": {
    run: (parts) => withMember(parts, followers(parts), (sharder) => sharder.kill()),
    bound: whenShardGoes,
  },
  "rolling restart of the shards": { run: rollShards, bound: whenShardGoes },
  "rolling restart of the sharders": { run: rollSharders, bound: whenLeaderDies },
  "restart of the API server": { run: restartApiServer, bound: afterOutage, isOutage: true },
  "etcd pauses": { run: pauseEtcd, bound: afterOutage, isOutage: true },
  "connections of a shard are cut": {
    run: (parts) => withShard(parts, (shard) => Promise.resolve(shard.link.cut())),
    bound: whenShardDies,
  },
  "a shard is cut off": { run: (parts) => withShard(parts, (shard) => cutOff(parts, shard)), bound: whenShardDies },
  "connections of a shard stall": {
    run: (parts) => withShard(parts, (shard) => stall(parts, shard)),
    bound: whenShardDies,
  },
  "a shard's network is slow": {
    run: (parts) => withShard(parts, (shard) => delay(parts, shard)),
    bound: whenShardDies,
  },
  "the leader is cut off": {
    run: (parts) => withLeader(parts, (leader) => cutOff(parts, leader)),
    bound: whenLeaderDies,
  },
  "connections of the leader stall": {
    run: (parts) => withLeader(parts, (leader) => stall(parts, leader)),
    bound: whenLeaderDies,
  },
  "the leader's network is slow": {
    run: (parts) => withLeader(parts, (leader) => delay(parts, leader)),
    bound: whenLeaderDies,
  },
  "the webhook cannot be reached": { run: webhookAway, bound: whenShardGoes },
  "a new certificate of the webhook": { run: (parts) => renew(parts, ["tls.crt", "tls.key"]), bound: whenShardGoes },
  "a new authority of the webhook": { run: (parts) => renew(parts, ["ca.key"]), bound: whenShardGoes },
  "a shard's Lease is deleted": {
    run: (parts) =>
      withShard(parts, async ({ name }) => {
        await new Api(parts.client, leases, { namespace }).delete(name);
      }),
    bound: whenShardDies,
  },
  "the leader's Lease is deleted": {
    run: async ({ client }) => {
      await new Api(client, leases, { namespace: systemNamespace }).delete("sharder");
    },
    bound: whenLeaderDies,
  },
} as const satisfies Readonly<Record<string, ChaosEvent>>;

/** Name of an event. */
export type EventKind = keyof typeof chaosEvents;

/** Their names. */
export const eventKinds: readonly EventKind[] = Object.keys(chaosEvents).filter(isEventKind);

/** Is there an event of this name? */
export function isEventKind(name: string): name is EventKind {
  return Object.hasOwn(chaosEvents, name);
}

function withShard(parts: EventParts, work: (shard: Member) => Promise<void>): Promise<void> {
  const shards = parts.arena.of("shard").filter(({ name }) => parts.isLive(name));
  return withMember(parts, shards, work);
}

function withLeader(parts: EventParts, work: (leader: Member) => Promise<void>): Promise<void> {
  const leader = parts.leader();
  return withMember(parts, leader === undefined ? [] : [leader], work);
}

function followers({ arena, leader }: EventParts): readonly Member[] {
  const leading = leader();
  return arena.of("sharder").filter((sharder) => sharder !== leading);
}

/** One to which nothing else happens; nothing happens where there is none. */
async function withMember(
  { random, busy, trace }: EventParts,
  members: readonly Member[],
  work: (member: Member) => Promise<void>,
): Promise<void> {
  const free = members.filter((member) => member.state === "running" && !busy.has(member));
  const member = free[Math.floor(random.next() * free.length)];
  if (member === undefined) return trace("    nobody is there to whom it could happen");
  trace(`    to ${member.name}`);
  busy.add(member);
  try {
    await work(member);
  } finally {
    busy.delete(member);
  }
}

/** @param from, to in durations of a Lease */
async function freeze({ arena, random }: EventParts, member: Member, from: number, to: number): Promise<void> {
  member.freeze();
  await pause(arena.timing.leaseDuration * (from + (to - from) * random.next()));
  member.thaw();
}

async function cutOff(parts: EventParts, member: Member): Promise<void> {
  const { arena, random, setReachable } = parts;
  setReachable(member, false);
  member.link.isOpen = false;
  member.link.cut();
  await pause(arena.timing.leaseDuration * (0.2 + 2 * random.next()));
  member.link.isOpen = true;
  setReachable(member, true);
}

async function stall(parts: EventParts, member: Member): Promise<void> {
  const { arena, random, setReachable } = parts;
  setReachable(member, false);
  using _held = member.link.hold();
  await pause(arena.timing.leaseDuration * (0.2 + 2 * random.next()));
  setReachable(member, true);
}

async function delay({ random }: EventParts, { link }: Member): Promise<void> {
  const most = 50 + 500 * random.next();
  link.delays = { requests: most * random.next(), answers: most * random.next() };
  await pause(5_000 + 10_000 * random.next());
  link.delays = { requests: 0, answers: 0 };
}

/** One after the other, each with a new one for it first, as a Deployment does. */
async function rollShards({ arena, isLive, busy }: EventParts): Promise<void> {
  for (const old of arena.of("shard")) {
    const fresh = await arena.add("shard");
    await until(() => isLive(fresh.name), 20_000);
    await until(() => !busy.has(old), 60_000);
    await arena.remove(old);
  }
}

async function rollSharders({ arena, busy }: EventParts): Promise<void> {
  for (const old of arena.of("sharder")) {
    await arena.add("sharder");
    // Until it serves and has filled its caches.
    await pause(3_000);
    await until(() => !busy.has(old), 60_000);
    await arena.remove(old);
  }
}

async function restartApiServer({ arena, random }: EventParts): Promise<void> {
  const { controlPlane } = arena.installation;
  await controlPlane.stopApiServer({ kill: random.next() < 0.5 });
  await pause(random.next() * arena.timing.leaseDuration);
  await controlPlane.startApiServer();
}

async function pauseEtcd({ arena, random }: EventParts): Promise<void> {
  const { etcd } = arena.installation.controlPlane.pids;
  if (etcd === undefined) throw new Error("etcd does not run");
  Deno.kill(etcd, "SIGSTOP");
  await pause(arena.timing.leaseDuration * (0.2 + 2 * random.next()));
  Deno.kill(etcd, "SIGCONT");
}

async function webhookAway({ arena, random }: EventParts): Promise<void> {
  using _away = arena.withoutWebhook();
  await pause(3_000 + 7_000 * random.next());
}

/** What is missing in the Secret is made anew. */
async function renew({ client }: EventParts, fields: readonly string[]): Promise<void> {
  const api = new Api(client, secrets, { namespace: systemNamespace });
  const name = "sharder-webhook-certificate";
  const operations = fields.map((field) => ({ op: "remove" as const, path: `/data/${field}` }));
  await api.patch(name, { type: "json", operations });
  await until(async () => {
    const { data = {} } = await api.get(name);
    return fields.every((field) => data[field] !== undefined);
  }, 20_000);
}

function pause(milliseconds: number): Promise<void> {
  return sleep(systemClock, milliseconds);
}

/** Looks until something holds, for some time; whether it does then is for others to judge. */
async function until(condition: () => boolean | Promise<boolean>, within: number): Promise<void> {
  const deadline = systemClock.monotonic() + within;
  while (!await condition() && systemClock.monotonic() < deadline) await pause(100);
}
