import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { CertificateError, checkPair } from "../../../lib/certificates/check_pair.ts";
import { issueSelfSigned } from "../../../lib/certificates/self_signed.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const hour = 3_600_000;
const names = { name: "test", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };

Deno.test("issueSelfSigned() issues for names and addresses, signed by an authority that may sign", () => {
  const { authority, serving } = issueSelfSigned({ ...names, now, validity: 30 * hour });
  checkPair(serving, { certificate: "test", key: "test" });
  const [ca, certificate] = [new X509Certificate(authority), new X509Certificate(serving.certificate)];
  assert(certificate.verify(ca.publicKey));
  assert(ca.verify(ca.publicKey));
  assert.equal(ca.ca, true);
  assert.equal(certificate.ca, false);
  assert.equal(certificate.issuer, ca.subject);
  assert.notEqual(certificate.subject, ca.subject);
  assert.equal(certificate.subjectAltName, "DNS:localhost, IP Address:127.0.0.1");
  assert.equal(Date.parse(certificate.validFrom), now - hour);
  assert.equal(Date.parse(certificate.validTo), now + 30 * hour);
});

Deno.test("issueSelfSigned() writes years after 2049 too", () => {
  const late = Date.parse("2060-05-06T07:08:09Z");
  const certificate = new X509Certificate(issueSelfSigned({ ...names, now: late }).serving.certificate);
  assert.equal(Date.parse(certificate.validFrom), late - hour);
});

Deno.test("issueSelfSigned() gives each authority a name and serial number of its own", () => {
  const [one, two] = [issueSelfSigned({ ...names, now }), issueSelfSigned({ ...names, now })];
  const [a, b] = [new X509Certificate(one.authority), new X509Certificate(two.authority)];
  assert.notEqual(a.subject, b.subject);
  assert.notEqual(a.serialNumber, b.serialNumber);
});

Deno.test("a client that trusts the authority of issueSelfSigned() connects, others do not", async () => {
  const { authority, serving } = issueSelfSigned({ ...names, now: Date.now() });
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: serving.certificate,
    key: serving.key,
    onListen: () => {},
  }, () => new Response("here"));
  using trusting = Deno.createHttpClient({ caCerts: [authority] });
  for (const host of ["127.0.0.1", "localhost"]) {
    assert.equal(await (await fetch(`https://${host}:${server.addr.port}/`, { client: trusting })).text(), "here");
  }
  using strange = Deno.createHttpClient({ caCerts: [issueSelfSigned({ ...names, now: Date.now() }).authority] });
  await assert.rejects(fetch(`https://127.0.0.1:${server.addr.port}/`, { client: strange }), TypeError);
});

Deno.test("issueSelfSigned() says what is wrong with names", () => {
  for (
    const [wrong, message] of [
      [{ ...names, ipAddresses: ["::g"] }, /"::g".*no IP address/],
      [{ name: "test", dnsNames: [], ipAddresses: [] }, /no names/],
    ] as const
  ) {
    assert.throws(
      () => issueSelfSigned({ ...wrong, now }),
      (error) => error instanceof CertificateError && message.test(error.message),
    );
  }
});
