import assert from "node:assert/strict";
import fc from "fast-check";
import { takeOverIdentity } from "../../../lib/sharding/names.ts";
import { Scene } from "./scene.ts";

const names = ["a", "b", "c", "d", "e"] as const;

type Step =
  | { readonly type: "renew" | "release" | "take over" | "delete"; readonly name: string }
  | { readonly type: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("renew" as const), name: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("release" as const), name: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("take over" as const), name: fc.constantFrom(...names) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("delete" as const), name: fc.constantFrom(...names) }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.constantFrom(100, 700, 2_000, 9_000, 15_000) }),
  },
);

/** Longest that the windows may make anybody wait, in milliseconds. */
const longestWait = 2_000;

/** A shard that proves its stop is given so long after its last renewal, and so long with the guard's patience. */
const [bound, patient] = [17_000, 47_000];

/** What a test remembers of a shard. */
interface Known {
  /** Its last renewal, while nobody else has written its Lease since. */
  renewed: number | undefined;
  /** Since when it has been assignable. */
  assignable: number | undefined;
  /** It was told to have joined since then. */
  told: boolean;
}

/** Plays the steps, and sees after each quarter of a second that nobody waits too long, and nobody is given up too soon. */
async function play(steps: readonly Step[]): Promise<void> {
  await using scene = new Scene({ joinWindow: 1_000, settleWindow: 1_000, massLossHold: 2 });
  const { clock, leases, subject, seen } = scene;
  const known = new Map<string, Known>(
    names.map((name) => [name, { renewed: undefined, assignable: undefined, told: false }]),
  );
  let readySince: number | undefined;
  await scene.start();
  const look = (): void => {
    const now = clock.monotonic();
    const view = subject.get("ring")?.view;
    assert.ok(view !== undefined);
    const isAnyReady = view.shards.some(({ status }) => status === "ready");
    readySince = isAnyReady ? readySince ?? now : undefined;
    if (readySince !== undefined && now - readySince >= longestWait) assert.ok(view.assignable.shards.length > 0);
    for (const { joined } of seen.splice(0)) {
      for (const name of joined) Object.assign(known.get(name) ?? {}, { told: true });
    }
    for (const [name, shard] of known) {
      const status = view.statusOf(name);
      const silence = shard.renewed === undefined ? undefined : now - shard.renewed;
      if (silence !== undefined && silence < bound) {
        assert.ok(["ready", "expired"].includes(status), `${name} ${status}`);
      }
      if (silence !== undefined && silence > patient) assert.ok(!["ready", "expired"].includes(status), name);
      if (!view.assignable.shards.includes(name)) [shard.assignable, shard.told] = [undefined, false];
      else shard.assignable ??= now;
      const isOverdue = shard.assignable !== undefined && now - shard.assignable > longestWait;
      if (isOverdue) assert.ok(shard.told, `${name} was not told to have joined`);
    }
  };
  for (const step of steps) {
    if (step.type === "pass") {
      for (let passed = 0; passed < step.ms; passed += 250) {
        await clock.advance(Math.min(250, step.ms - passed));
        look();
      }
      continue;
    }
    const shard = known.get(step.name);
    assert.ok(shard !== undefined);
    const present = leases.store.get({ namespace: "default", name: step.name });
    if (step.type === "delete") {
      // Its shard may still be at work, so nothing else is remembered of it.
      if (present !== undefined) leases.delete(present);
    } else {
      const lease = scene.lease(step.name, {
        stopsAfter: 10_000,
        holder: { "renew": step.name, "release": "", "take over": takeOverIdentity }[step.type],
      });
      leases.apply(lease);
      shard.renewed = step.type === "renew" ? clock.monotonic() : undefined;
    }
    await clock.settle();
    look();
  }
}

Deno.test("whatever shards do, nobody waits longer than the windows, and nobody is given up before its bound", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), play), { numRuns: 60 });
});
