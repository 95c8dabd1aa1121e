// The decorators inside @peculiar/x509 need this to be loaded first.
import "reflect-metadata";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { BasicConstraintsExtension, ExtendedKeyUsageExtension, X509Certificate as Parsed } from "@peculiar/x509";
import { CertificateError, checkPair } from "../../../lib/certificates/check_pair.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const hour = 3_600_000;
const day = 24 * hour;
const origin = { certificate: "test", key: "test" };

Deno.test("issueServingCertificate() issues for DNS names and IP addresses, signed by the authority", () => {
  const authority = createAuthority({ now });
  const pair = issueServingCertificate(authority, {
    dnsNames: ["sharder.sharding-system.svc"],
    ipAddresses: ["127.0.0.1", "::1"],
    now,
    validity: 30 * day,
  });
  checkPair(pair, origin);
  const certificate = new X509Certificate(pair.certificate);
  const ca = new X509Certificate(authority.certificate);
  assert(certificate.verify(ca.publicKey));
  assert.equal(certificate.issuer, ca.subject);
  assert.match(
    certificate.subjectAltName ?? "",
    /DNS:sharder\.sharding-system\.svc, IP Address:127\.0\.0\.1, IP Address:::1/,
  );
  assert.equal(Date.parse(certificate.validFrom), now - hour);
  assert.equal(Date.parse(certificate.validTo), now + 30 * day);
  const parsed = new Parsed(pair.certificate);
  assert.deepEqual([...parsed.getExtension(ExtendedKeyUsageExtension)?.usages ?? []], ["1.3.6.1.5.5.7.3.1"]);
  assert.equal(parsed.getExtension(BasicConstraintsExtension)?.ca, false);
});

Deno.test("createAuthority() makes one that signs certificates, but no further authorities", async () => {
  const authority = createAuthority({ now, validity: day });
  checkPair(authority, origin);
  const parsed = new Parsed(authority.certificate);
  const constraints = parsed.getExtension(BasicConstraintsExtension);
  assert.equal(constraints?.ca, true);
  assert.equal(constraints?.pathLength, 0);
  assert.equal(parsed.notAfter.getTime(), now + day);
  assert(await parsed.isSelfSigned());
});

Deno.test("createAuthority() gives each authority a name, key and serial number of its own", () => {
  const [one, two] = [createAuthority({ now }), createAuthority({ now })];
  const [a, b] = [new X509Certificate(one.certificate), new X509Certificate(two.certificate)];
  assert.notEqual(a.subject, b.subject);
  assert.notEqual(a.serialNumber, b.serialNumber);
  assert.notEqual(one.key, two.key);
});

Deno.test("issueServingCertificate() issues nothing that outlives its authority", () => {
  const authority = createAuthority({ now, validity: day });
  const { certificate } = issueServingCertificate(authority, { dnsNames: ["a"], now });
  assert.equal(Date.parse(new X509Certificate(certificate).validTo), now + day);
});

Deno.test("issueServingCertificate() says what is wrong with names and authority", () => {
  const authority = createAuthority({ now, validity: day });
  const cases: readonly [Parameters<typeof issueServingCertificate>, RegExp][] = [
    [[authority, { now }], /no names/],
    [[authority, { ipAddresses: ["localhost"], now }], /"localhost".*no IP address/],
    [[authority, { dnsNames: ["a"], now: now + day }], /expired at 2026-01-02T00:00:00.000Z/],
    [
      [{ certificate: authority.certificate, key: "x" }, { dnsNames: ["a"], now }],
      /cannot read the certificate authority/,
    ],
  ];
  for (const [parameters, message] of cases) {
    assert.throws(() => issueServingCertificate(...parameters), (error) => {
      assert(error instanceof CertificateError);
      assert.match(error.message, message);
      return true;
    });
  }
});
