import assert from "node:assert/strict";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { type Child, Families } from "../../../../controllers/sharder/families/families.ts";
import type { Parentage } from "../../../../controllers/sharder/families/owner_lookup.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";
import { configMapsOn, secretsOn } from "../targets.ts";

const client = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) }).client();
const [main, controlled] = [secretsOn(client), configMapsOn(client)];

function ownerOf(name: string): Parentage {
  return { target: main, namespace: "default", name, uid: `uid-${name}`, key: `/Secret/default/${name}` };
}

function childOf(name: string, shard: string | undefined = "a", target = controlled): Child {
  return { target, namespace: "default", name, shard, hasLabels: true };
}

Deno.test("children are kept under their owner, and taken out together", () => {
  const families = new Families(10);
  families.add(ownerOf("foo"), childOf("one"));
  families.add(ownerOf("foo"), childOf("two"));
  families.add(ownerOf("bar"), childOf("three"));
  assert.equal(families.size, 3);
  assert.deepEqual(families.keys(), ["/Secret/default/foo", "/Secret/default/bar"]);
  assert.equal(families.has("/Secret/default/foo"), true);
  const family = families.take("/Secret/default/foo");
  assert.deepEqual(family?.children.map(({ name }) => name), ["one", "two"]);
  assert.deepEqual(family?.owner, ownerOf("foo"));
  assert.equal(families.has("/Secret/default/foo"), false);
  assert.equal(families.take("/Secret/default/foo"), undefined);
  assert.equal(families.size, 1);
});

Deno.test("what is newer of a child takes the place of what was kept, and needs no room", () => {
  const families = new Families(1);
  assert.equal(families.add(ownerOf("foo"), childOf("one", "a")), true);
  assert.equal(families.add(ownerOf("foo"), childOf("one", "b")), true);
  assert.equal(families.size, 1);
  assert.deepEqual(families.take("/Secret/default/foo")?.children.map(({ shard }) => shard), ["b"]);
});

Deno.test("children of the same name but of another resource are others", () => {
  const families = new Families(10);
  families.add(ownerOf("foo"), childOf("one"));
  families.add(ownerOf("foo"), childOf("one", "a", main));
  assert.equal(families.size, 2);
});

Deno.test("beyond the capacity children are refused until there is room, and no empty family remains", () => {
  const families = new Families(2);
  assert.equal(families.add(ownerOf("foo"), childOf("one")), true);
  assert.equal(families.add(ownerOf("foo"), childOf("two")), true);
  assert.equal(families.add(ownerOf("foo"), childOf("three")), false);
  assert.equal(families.add(ownerOf("bar"), childOf("four")), false);
  assert.equal(families.has("/Secret/default/bar"), false);
  families.take("/Secret/default/foo");
  assert.equal(families.add(ownerOf("bar"), childOf("four")), true);
});

Deno.test("a family may be large", () => {
  const families = new Families(50_000);
  for (let i = 0; i < 50_000; i++) families.add(ownerOf("foo"), childOf(`child-${i}`));
  assert.equal(families.take("/Secret/default/foo")?.children.length, 50_000);
  assert.equal(families.size, 0);
});
