import assert from "node:assert/strict";
import { CertificateError, createAuthority, distrust, issueServingCertificate } from "../../../lib/certificates/mod.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const day = 24 * 3_600_000;
const authority = createAuthority({ now });
const other = createAuthority({ now, name: "other-ca" });
const { certificate } = issueServingCertificate(authority, { now, dnsNames: ["sharder.sharding-system.svc"] });

Deno.test("distrust() finds nothing wrong with what an authority of the bundle has issued", () => {
  assert.equal(distrust(certificate, authority.certificate, now), undefined);
  assert.equal(distrust(certificate, `${other.certificate}${authority.certificate}`, now), undefined);
});

Deno.test("distrust() finds nothing wrong with a certificate that is itself in the bundle", () => {
  assert.equal(distrust(certificate, certificate, now), undefined);
});

Deno.test("distrust() follows intermediate certificates that are served along", () => {
  assert.equal(distrust(`${certificate}${authority.certificate}`, authority.certificate, now), undefined);
  assert.match(distrust(`${certificate}${authority.certificate}`, other.certificate, now) ?? "", /sharding-ca-/);
});

Deno.test("distrust() names the issuer that is not trusted", () => {
  assert.match(
    distrust(certificate, other.certificate, now) ?? "",
    /^none of the authorities has issued it, but "CN=sharding-ca-[0-9a-f]+" has$/,
  );
});

Deno.test("distrust() says when a certificate has expired, or is not valid yet", () => {
  assert.match(distrust(certificate, authority.certificate, now + 91 * day) ?? "", /^it expired at 2026-04-01T/);
  assert.match(distrust(certificate, authority.certificate, now - day) ?? "", /^it is not valid before 2025-12-31T/);
});

Deno.test("distrust() says that there is no certificate, and throws when there is none that can be read", () => {
  assert.equal(distrust("", authority.certificate, now), "there is none");
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.throws(() => distrust(certificate, broken, now), CertificateError);
});
