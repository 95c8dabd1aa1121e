import assert from "node:assert/strict";
import fc from "fast-check";
import type { ConfigMap } from "../../../lib/k8s/types.ts";
import { type Fixture, start, take } from "./fixture.ts";
import { runs } from "../../support/runs.ts";

type Step =
  | { readonly do: "put"; readonly name: string; readonly label: string }
  | { readonly do: "delete"; readonly name: string };

const names = ["a", "b", "c", "d", "e"];
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("put" as const), name: fc.constantFrom(...names), label: fc.constantFrom("1", "2") }),
  fc.record({ do: fc.constant("delete" as const), name: fc.constantFrom(...names) }),
);
const steps = fc.array(step, { maxLength: 40 });

async function perform({ api }: Fixture, each: Step): Promise<void> {
  const found = await api.find(each.name);
  if (each.do === "delete") {
    if (found !== undefined) await api.delete(each.name);
  } else if (found === undefined) await api.create({ metadata: { name: each.name, labels: { l: each.label } } });
  else await api.replace({ ...found, metadata: { ...found.metadata, labels: { l: each.label } } });
}

type State = ReadonlyMap<string, ConfigMap>;

async function stateOf({ api }: Fixture, labelSelector: string): Promise<State> {
  const { items } = await api.list({ labelSelector });
  return new Map(items.map((item) => [item.metadata.name, item]));
}

Deno.test("a list and the watch that goes on from it give the state at the end, with and without a selector", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.nat(40),
      fc.constantFrom("", "l=1", "l!=1", "!l"),
      async (all, listAt, labelSelector) => {
        using fixture = start();
        const before = all.slice(0, listAt);
        for (const each of before) await perform(fixture, each);
        const state = new Map(await stateOf(fixture, labelSelector));
        const { resourceVersion } = await fixture.api.list();
        for (const each of all.slice(listAt)) await perform(fixture, each);
        const events = await fixture.api.watch({ resourceVersion, labelSelector, timeoutSeconds: 1 });
        const seen = Array.fromAsync(events);
        await fixture.clock.advance(1_000);
        let last = Number(resourceVersion);
        for (const event of await seen) {
          if (event.type === "BOOKMARK") continue;
          const { name, resourceVersion: version } = event.object.metadata;
          assert(Number(version) > last, "events come in the order of their versions");
          last = Number(version);
          assert.equal(state.has(name), event.type !== "ADDED", `${event.type} ${name}`);
          if (event.type === "DELETED") state.delete(name);
          else state.set(name, event.object);
        }
        assert.deepEqual([...state].sort(), [...await stateOf(fixture, labelSelector)].sort());
      },
    ),
    { numRuns: runs(50) },
  );
});

Deno.test("pages show the state at the first one, whatever is written between them", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      steps,
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      async (before, between, limit, filter) => {
        using fixture = start();
        for (const each of before) await perform(fixture, each);
        const labelSelector = filter ? "l=1" : "";
        const expected = [...(await stateOf(fixture, labelSelector)).values()];
        const found: ConfigMap[] = [];
        const writes = between[Symbol.iterator]();
        for await (const page of fixture.api.pages({ limit, labelSelector })) {
          found.push(...page.items);
          for (const each of writes.take(3)) await perform(fixture, each);
        }
        assert.deepEqual(found, expected);
      },
    ),
    { numRuns: runs(40) },
  );
});

Deno.test("an exact list shows every state of the past", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      using fixture = start();
      const past: (readonly [string, State])[] = [];
      for (const each of all) {
        await perform(fixture, each);
        past.push([String(fixture.server.revision), await stateOf(fixture, "")]);
      }
      for (const [resourceVersion, state] of past) {
        const { items } = await fixture.api.list({ resourceVersion, resourceVersionMatch: "Exact" });
        assert.deepEqual(items, [...state.values()]);
      }
    }),
    { numRuns: runs(25) },
  );
});

Deno.test("a streaming list gives the same as a list", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      using fixture = start();
      for (const each of all) await perform(fixture, each);
      const { items } = await fixture.api.list();
      const events = await take(await fixture.api.watch({ sendInitialEvents: true }), items.length + 1);
      const objects = events.map((event) => event.type === "BOOKMARK" ? undefined : event.object);
      assert.deepEqual(objects, [...items, undefined]);
    }),
    { numRuns: runs(25) },
  );
});
