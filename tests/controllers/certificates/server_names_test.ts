import assert from "node:assert/strict";
import { serverNames } from "../../../controllers/certificates/server_names.ts";

Deno.test("serverNames() are those of the service, or the host of the URL", () => {
  const namesOf = (name: string): string[] => [name, `${name}.svc`, `${name}.svc.cluster.local`];
  assert.deepEqual(serverNames({}), { dnsNames: namesOf("sharder.sharding-system") });
  assert.deepEqual(serverNames({ service: { name: "a", namespace: "b" } }), { dnsNames: namesOf("a.b") });
  assert.deepEqual(serverNames({ url: "https://example.com:8443/base" }), { dnsNames: ["example.com"] });
  assert.deepEqual(serverNames({ url: "https://127.0.0.1:9443" }), { ipAddresses: ["127.0.0.1"] });
  assert.deepEqual(serverNames({ url: "https://[::1]/" }), { ipAddresses: ["::1"] });
});
