import assert from "node:assert/strict";
import { KeyGate } from "../../../lib/shard/key_gate.ts";

const key = { namespace: "default", name: "foo" };

Deno.test("KeyGate lets several controllers work on one object, but nobody let go of it meanwhile", () => {
  const gate = new KeyGate();
  const first = gate.enter(key, "work");
  const second = gate.enter(key, "work");
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(gate.enter(key, "release"), undefined);
  first[Symbol.dispose]();
  assert.equal(gate.enter(key, "release"), undefined);
  second[Symbol.dispose]();
  assert.ok(gate.enter(key, "release") !== undefined);
});

Deno.test("KeyGate lets nobody begin to work while an object is let go of", () => {
  const gate = new KeyGate();
  const release = gate.enter(key, "release");
  assert.equal(gate.enter(key, "work"), undefined);
  assert.equal(gate.enter(key, "release"), undefined);
  release?.[Symbol.dispose]();
  assert.ok(gate.enter(key, "work") !== undefined);
});

Deno.test("KeyGate keeps keys apart, cluster-scoped ones too", () => {
  const gate = new KeyGate();
  gate.enter(key, "work");
  assert.ok(gate.enter({ namespace: "", name: "foo" }, "release") !== undefined);
  assert.ok(gate.enter({ namespace: "other", name: "foo" }, "release") !== undefined);
});

Deno.test("KeyGate counts a double leave once", () => {
  const gate = new KeyGate();
  const first = gate.enter(key, "work");
  gate.enter(key, "work");
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  assert.equal(gate.enter(key, "release"), undefined);
});

Deno.test("KeyGate calls back each who waits, once, when the last one has left", () => {
  const gate = new KeyGate();
  const calls: string[] = [];
  const first = gate.enter(key, "work");
  const second = gate.enter(key, "work");
  gate.whenFree(key, () => calls.push("a"));
  gate.whenFree(key, () => calls.push("b"));
  first?.[Symbol.dispose]();
  assert.deepEqual(calls, []);
  second?.[Symbol.dispose]();
  assert.deepEqual(calls, ["a", "b"]);
  gate.enter(key, "work")?.[Symbol.dispose]();
  assert.deepEqual(calls, ["a", "b"]);
});

Deno.test("KeyGate calls back at once when the key is free", () => {
  let called = false;
  new KeyGate().whenFree(key, () => called = true);
  assert.ok(called);
});
