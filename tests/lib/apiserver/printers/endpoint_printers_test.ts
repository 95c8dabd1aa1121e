import assert from "node:assert/strict";
import { endpointSlicePrinter, endpointsPrinter } from "../../../../lib/apiserver/printers/endpoint_printers.ts";
import type { JSONObject } from "../../../../lib/k8s/contract.ts";

function addresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`);
}

const endpoints: readonly (readonly [string, JSONObject[], string])[] = [
  ["nothing", [], "<none>"],
  ["one port", [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }], "10.0.0.1:80"],
  ["no ports", [{ addresses: [{ ip: "10.0.0.1" }] }], "10.0.0.1"],
  ["an IPv6 address", [{ addresses: [{ ip: "::1" }], ports: [{ port: 80 }] }], "[::1]:80"],
  [
    "more than three",
    [{ addresses: addresses(5).map((ip) => ({ ip })), ports: [{ port: 80 }] }],
    "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 2 more...",
  ],
];

for (const [name, subsets, shown] of endpoints) {
  Deno.test(`Endpoints with ${name} are shown as ${shown}`, () => {
    assert.equal(endpointsPrinter.cells({ metadata: { name: "e" }, subsets }, 0)[1], shown);
  });
}

const slices: readonly (readonly [string, JSONObject, readonly string[]])[] = [
  ["nothing", {}, ["<unset>", "<unset>"]],
  ["ports by number and name", { ports: [{ port: 80 }, { name: "x" }, {}] }, ["80,x,*", "<unset>"]],
  [
    "more than three endpoints",
    { endpoints: addresses(4).map((each) => ({ addresses: [each] })) },
    ["<unset>", "10.0.0.1,10.0.0.2,10.0.0.3 + 1 more..."],
  ],
];

for (const [name, fields, shown] of slices) {
  Deno.test(`an EndpointSlice with ${name} is shown as ${shown.join(" ")}`, () => {
    const cells = endpointSlicePrinter.cells({ metadata: { name: "e" }, addressType: "IPv4", ...fields }, 0);
    assert.deepEqual(cells.slice(2, 4), shown);
  });
}
