import { join } from "node:path";
import { createRestClient, denoHost, type ElectionTiming, loadClusterAccess } from "../../mod.ts";
import { sleep, systemClock } from "../../lib/util/clock/mod.ts";
import { seededRandom, systemRandom } from "../../lib/util/random.ts";
import { ring } from "../e2e/support/installation.ts";
import { Arena, namespace } from "./support/arena.ts";
import type { ChaosReport } from "./support/chaos_report.ts";
import { Deck } from "./support/deck.ts";
import { type ChaosEvent, chaosEvents, type EventKind, eventKinds, type EventParts } from "./support/events.ts";
import { type Change, History } from "./support/history.ts";
import { type Breach, Judge } from "./support/judge.ts";
import type { Member } from "./support/member.ts";
import { sharedTime } from "./support/monotonic.ts";
import { EventRecord, type HappeningEvent } from "./support/record.ts";
import { RingState } from "./support/ring_state.ts";
import type { Span } from "./support/spans.ts";
import { Starvation } from "./support/starvation.ts";
import { holderOf, traceLabels } from "./support/changes.ts";
import { type UserRequest, Users } from "./support/users.ts";
import { parseWriteLine } from "./support/write_log.ts";

/** Settings of {@link playChaos}. */
export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  /** No other event. */
  readonly only?: EventKind;
  /** Where the logs go. */
  readonly folder: string;
  readonly print: (line: string) => void;
  /** @default 5 */
  readonly shards?: number;
  /** Of all Leases. @default 5 s */
  readonly timing?: ElectionTiming;
  /** The clocks of shards stand still while they are frozen, which has to be found. @default false */
  readonly standingClocks?: boolean;
}

const shortTiming: ElectionTiming = { leaseDuration: 5_000, renewDeadline: 3_500, retryPeriod: 700 };

/** Of the users. */
const [rate, objects] = [4, 80];

/** The webhook's timeout is 2 s; the rest is for a machine that is busy with other things. Milliseconds. */
const patience = 2_000 + 1_500;

/** After all faults everything is where it belongs within so long. Milliseconds. */
const recovery = 90_000;

/** Everything has to be in order for so long to count as settled. Milliseconds. */
const steadiness = 1_000;

/** What was written by then has also been told. Milliseconds. */
const telling = 3_000;

/** In the end nobody writes for so long. Milliseconds. */
const silence = 15_000;

/** Lets events happen to real processes, one after the other and sometimes together, and checks the guarantees. */
export async function playChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { minutes, seed, only, folder, print, shards = 5, timing = shortTiming, standingClocks = false } = options;
  const random = seededRandom(seed);
  const begin = sharedTime();
  const violations: Breach[] = [];
  const trace = (line: string): void => {
    const text = `[${((sharedTime() - begin) / 1_000).toFixed(3)}] ${line}`;
    Deno.writeTextFileSync(join(folder, "chaos.log"), `${text}\n`, { append: true });
    if (!line.startsWith("    ")) print(text);
  };
  const report = (breach: Breach): void => {
    violations.push({ ...breach, at: breach.at - begin });
    trace(
      `!!! ${breach.guarantee} ${breach.object}: ${breach.message} (at ${((breach.at - begin) / 1_000).toFixed(3)})`,
    );
  };
  using starvation = new Starvation();
  const record = new EventRecord(timing.leaseDuration, (from, to) => starvation.between(from, to));
  const judge = new Judge(ring, report);
  const onSpan = (quantity: "lonely" | "apart", what: string) => ({ what: object, begin, end }: Span): void => {
    const [took, bound, kind] = [end - begin, record.bound(begin, end), record.during(begin, end)];
    record.note(kind, quantity, took);
    if (took <= bound) return;
    const message = `${what} for ${Math.round(took)} ms, at most ${Math.round(bound)} ms were allowed (${kind})`;
    report({ guarantee: quantity === "lonely" ? "G2" : "G4", at: begin, object, message });
  };
  const state = new RingState({
    ring,
    onLonely: onSpan("lonely", "had no live owner"),
    onApart: onSpan("apart", "had its child elsewhere"),
  });

  const shardFlags = standingClocks ? ["--standing-clock"] : [];
  await using arena = await Arena.start({ shards: 0, sharders: 0, timing, folder, shardFlags });
  let leader = "";
  let lastWrite = { at: 0, key: "" };
  const onChange = ({ key, previous, next, at }: Change): void => {
    const [resource = "", where = "", name = ""] = key.split("/");
    if (resource === "leases" && name === "sharder") leader = holderOf(next) ?? "";
    if (/^(secrets|configmaps|mutatingwebhookconfigurations|sharding\.timebertt\.dev)$/.test(resource)) {
      lastWrite = { at, key };
    }
    if (where !== namespace) return;
    if (resource === "secrets") {
      judge.onMain(previous, next, at);
      state.onMain(previous, next, at);
      traceLabels(trace, "Secret", previous, next);
    } else if (resource === "configmaps") {
      judge.onChild(previous, next, at);
      state.onChild(previous, next, at);
      traceLabels(trace, "ConfigMap", previous, next);
    } else if (resource === "leases" && next?.metadata.name !== `${ring}-leader`) {
      const [before, holder] = [holderOf(previous), holderOf(next)];
      judge.onLease(name, holder);
      state.onLease(name, holder, at);
      if (before !== holder) trace(`    Lease ${name}: ${before ?? "-"} -> ${holder ?? "-"}`);
    }
  };
  await using history = new History(arena.installation.controlPlane, onChange);
  history.start();

  const cutOff = new Set<Member>();
  const look = (member: Member): void => {
    if (member.role !== "shard") return;
    state.setReachable(member.name, member.state === "running" && !cutOff.has(member), sharedTime());
  };
  const busy = new Set<Member>();
  arena.listeners.add((member) => {
    trace(`    ${member.name} ${member.pid} is ${member.state}`);
    look(member);
    const isExpected = !member.isWanted || busy.has(member) || record.during(sharedTime(), sharedTime()) !== "nothing";
    if (member.state !== "away" || isExpected) return;
    // On a machine that is too busy Leases are lost without any fault.
    const event = record.begin({
      ...eventOf("kill a shard", timing),
      kind: `a ${member.role} ends unasked`,
      begin: sharedTime(),
    });
    event.end = event.begin;
    record.countKind(event.kind);
  });
  const startUp = record.begin({
    kind: "start",
    begin: sharedTime(),
    bound: 60_000,
    isOutage: false,
    isMassLoss: true,
  });
  for (let n = 0; n < 2; n++) await arena.add("sharder");
  for (let n = 0; n < shards; n++) await arena.add("shard");

  const kubeconfig = arena.installation.controlPlane.kubeconfig;
  const config = await loadClusterAccess({ host: denoHost, clock: systemClock, flags: { kubeconfig } });
  using client = createRestClient({ config, clock: systemClock, random: systemRandom, userAgent: "users" });
  const onRequest = ({ verb, object, begin, end, refusal }: UserRequest): void => {
    if (record.isOutage(begin, end)) return;
    const took = end - begin;
    if (verb === "create") record.note(record.during(begin, end), "create", took);
    if (refusal !== undefined) {
      report({ guarantee: "G3", at: begin, object, message: `${verb} was refused: ${refusal}` });
    }
    if (took > patience + starvation.between(begin, end)) {
      report({ guarantee: "G3", at: begin, object, message: `${verb} took ${Math.round(took)} ms` });
    }
  };
  const users = new Users({ client, random: seededRandom(seed + 1), rate, objects, onRequest });
  const parts: EventParts = {
    arena,
    random,
    client,
    leader: () => arena.sharderKnownAs(leader),
    isLive: (shard) => state.live.has(shard),
    setReachable: (member, isReachable) => {
      if (isReachable) cutOff.delete(member);
      else cutOff.add(member);
      look(member);
    },
    busy,
    trace,
  };
  const readLogs = (): Promise<void> =>
    arena.writeLogs((_, text) => {
      const line = parseWriteLine(text);
      if (line !== undefined) judge.onLine(line);
    });
  /** Waits until everything is where it belongs. @returns whether it is */
  const settle = async (within: number): Promise<boolean> => {
    const start = sharedTime();
    let since = Infinity;
    for (;;) {
      await readLogs();
      const now = sharedTime();
      const problem = leader === "" || parts.leader() === undefined
        ? "nobody leads"
        : state.unsettled(arena.of("shard").map(({ name }) => name), now);
      since = problem === undefined ? Math.min(since, now) : Infinity;
      if (now - since >= steadiness) {
        record.settle(since);
        return true;
      }
      if (now - start > within + starvation.between(start, now)) {
        trace(`    not settled: ${problem}`);
        if (problem !== undefined) report({ guarantee: "G2", at: now, object: "the ring", message: problem });
        return false;
      }
      await sleep(systemClock, 100);
    }
  };
  const happen = async (kind: EventKind): Promise<void> => {
    trace(`--- ${kind}`);
    const event = record.begin({ ...eventOf(kind, timing), begin: sharedTime() });
    await chaosEvents[kind].run(parts);
    event.end = sharedTime();
    trace(`    over: ${kind}`);
  };

  trace(`seed ${seed}`);
  if (!await settle(60_000)) return summary();
  await users.fill();
  const stop = new AbortController();
  const using_ = users.run(stop.signal);
  startUp.end = sharedTime();
  await settle(recovery);
  const deck = new Deck(only === undefined ? eventKinds : [only], random.next);
  const end = sharedTime() + minutes * 60_000;
  try {
    while (sharedTime() < end) {
      const kinds = [deck.draw()];
      const together = only === undefined && random.next() < 0.25;
      if (together) kinds.push(deck.draw());
      await Promise.all(kinds.map(async (kind, index) => {
        if (index > 0) await sleep(systemClock, 4_000 * random.next());
        await happen(kind);
      }));
      const over = sharedTime();
      const name = kinds.toSorted().join(" + ");
      record.countKind(name);
      const isSettled = await settle(recovery);
      record.note(name, "settled", sharedTime() - steadiness - over);
      await sleep(systemClock, telling);
      await readLogs();
      judge.judge(sharedTime() - telling);
      if (!isSettled) break;
    }
  } finally {
    stop.abort();
    await using_;
  }
  trace("--- all faults end");
  await settle(recovery);
  await seeSilence();
  return summary();

  async function seeSilence(): Promise<void> {
    const deadline = sharedTime() + recovery;
    const writes = (): number => judge.writes;
    for (;;) {
      await readLogs();
      const [before, now] = [writes(), sharedTime()];
      await sleep(systemClock, silence);
      await readLogs();
      if (lastWrite.at < now && writes() === before) break;
      if (now < deadline) continue;
      report({ guarantee: "G5", at: lastWrite.at, object: lastWrite.key, message: "is still written in the end" });
      break;
    }
    judge.judge(Infinity);
  }

  function summary(): ChaosReport {
    for (const { what, begin: since } of state.lonely) {
      report({ guarantee: "G2", at: since, object: what, message: "has no live owner in the end" });
    }
    return {
      seed,
      minutes: (sharedTime() - begin) / 60_000,
      events: record.count,
      objects: state.objects,
      requests: users.count,
      writes: judge.writes,
      landedLate: judge.landedLate,
      starvation: { longest: starvation.longest, total: starvation.between(begin, Infinity) },
      violations,
      kinds: Object.fromEntries(record.figures),
    };
  }
}

function eventOf(
  kind: EventKind,
  timing: ElectionTiming,
): Pick<HappeningEvent, "kind" | "bound" | "isOutage" | "isMassLoss"> {
  const event: ChaosEvent = chaosEvents[kind];
  const { isOutage = false, isMassLoss = isOutage } = event;
  return { kind, bound: event.bound(timing), isOutage, isMassLoss };
}
