import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createAuthority } from "./certificates.ts";
import { loopback } from "./ports.ts";

Deno.test("createAuthority() issues certificates that verify and are valid for their names", async () => {
  const authority = await createAuthority();
  const root = new X509Certificate(authority.certificate);
  assert.ok(root.ca);
  const server = new X509Certificate((await authority.issueServer([{ type: "ip", value: loopback }])).certificate);
  assert.ok(server.verify(root.publicKey));
  assert.equal(server.checkIP(loopback), loopback);
  assert.equal(server.checkIP("127.0.0.2"), undefined);
  const client = new X509Certificate((await authority.issueClient('a,b="c"', ["g 1", "g+2"])).certificate);
  assert.ok(client.verify(root.publicKey));
  assert.deepEqual({ ...client.toLegacyObject().subject }, { O: ["g 1", "g+2"], CN: 'a,b="c"' });
  assert.ok(!client.verify(new X509Certificate((await createAuthority()).certificate).publicKey));
});
