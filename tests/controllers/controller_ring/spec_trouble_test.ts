import assert from "node:assert/strict";
import { specTroubles } from "../../../controllers/controller_ring/spec_trouble.ts";
import type { RingResource } from "../../../lib/sharding/ring_types.ts";
import { ringOf } from "./rings.ts";

const configMaps = { group: "", resource: "configmaps" };
const websites = { group: "webhosting.timebertt.dev", resource: "websites" };

function messagesOf(resources: readonly RingResource[]): string[] {
  return specTroubles(ringOf({ spec: { resources } })).map(({ message }) => message);
}

Deno.test("specTroubles() names what is main and controlled at once", () => {
  const [message = ""] = messagesOf([{ ...websites, controlledResources: [configMaps, websites] }, configMaps]);
  assert.match(
    message,
    /^spec\.resources has configmaps, websites\.webhosting\.timebertt\.dev as main and as controlled/,
  );
});

Deno.test("specTroubles() finds nothing wrong with a resource that several main ones control", () => {
  const secrets = { group: "", resource: "secrets" };
  assert.deepEqual(
    messagesOf([{ ...secrets, controlledResources: [configMaps] }, { ...websites, controlledResources: [configMaps] }]),
    [],
  );
  assert.deepEqual(specTroubles({ ...ringOf(), spec: {} }), []);
});
