import assert from "node:assert/strict";
import { parse } from "yaml";
import { kubeconfig } from "./kubeconfig.ts";

Deno.test("kubeconfig() carries the credentials inline, in namespace default", () => {
  const content = { server: "https://127.0.0.1:1", certificateAuthority: "CA", user: "me" };
  const table = [
    [{ token: "secret" }, { token: "secret" }],
    [{ certificate: "C", key: "K" }, { "client-certificate-data": "Qw==", "client-key-data": "Sw==" }],
  ] as const;
  for (const [credentials, user] of table) {
    assert.deepEqual(parse(kubeconfig({ ...content, credentials })), {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "controlplane",
      clusters: [{
        name: "controlplane",
        cluster: { server: content.server, "certificate-authority-data": "Q0E=" },
      }],
      users: [{ name: "me", user }],
      contexts: [{ name: "controlplane", context: { cluster: "controlplane", user: "me", namespace: "default" } }],
    });
  }
});
