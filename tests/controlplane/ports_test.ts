import assert from "node:assert/strict";
import { freePorts, isFree, loopback } from "./ports.ts";

Deno.test("freePorts() gives different ports that can be listened on", () => {
  const ports = freePorts(20);
  assert.equal(new Set(ports).size, 20);
  const listeners = ports.map((port) => Deno.listen({ hostname: loopback, port }));
  assert.ok(!ports.some(isFree), "they are taken now");
  for (const listener of listeners) listener.close();
  assert.ok(ports.every(isFree));
});
