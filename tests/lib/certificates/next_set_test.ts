import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import fc from "fast-check";
import { type CertificateSet, formatSet, isIssuedBy, readSet } from "../../../lib/certificates/certificate_set.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";
import { defaultPolicy, type NextSet, nextSet, type Surroundings, usable } from "../../../lib/certificates/next_set.ts";
import { runs } from "../../support/runs.ts";

const start = Date.parse("2026-01-01T00:00:00Z");
const [minute, hour, day] = [60_000, 3_600_000, 24 * 3_600_000];
const names = { dnsNames: ["sharder.sharding-system.svc"], ipAddresses: ["127.0.0.1", "::1"] };
const nothing: CertificateSet = { serving: undefined, authorities: [], issuer: undefined };

function next(set: CertificateSet, now: number, others: Partial<Surroundings> = {}): NextSet {
  return nextSet(set, { now, names, isDistributed: false, policy: defaultPolicy, ...others });
}

const first = next(nothing, start).set;

function servingOf({ serving }: CertificateSet): string {
  assert.ok(serving !== undefined);
  return serving.certificate;
}

function issuerOf({ issuer }: CertificateSet): string {
  assert.ok(issuer !== undefined);
  return issuer.certificate;
}

/** The set in the middle of a change of authorities: both are trusted, the old one's certificate is served. */
function changing(now = start): CertificateSet {
  const { "ca.key": _, ...others } = formatSet(first);
  return next(readSet(others).set, now).set;
}

Deno.test("nextSet() makes an authority and a serving certificate of nothing, and leaves them alone", () => {
  assert.deepEqual(first.authorities, [issuerOf(first)]);
  assert.ok(isIssuedBy(servingOf(first), issuerOf(first)));
  assert.ok(usable(first, start));
  const certificate = new X509Certificate(servingOf(first));
  assert.equal(certificate.checkHost("sharder.sharding-system.svc"), "sharder.sharding-system.svc");
  assert.equal(certificate.checkIP("::1"), "::1");
  const { set, changes, at, awaitsDistribution } = next(first, start + 59 * day);
  assert.equal(set, first);
  assert.deepEqual({ changes, at, awaitsDistribution }, {
    changes: [],
    at: start + 60 * day,
    awaitsDistribution: false,
  });
});

Deno.test("nextSet() renews the serving certificate a month before its end, under the same authority", () => {
  const { set } = next(first, start + 60 * day);
  assert.notEqual(servingOf(set), servingOf(first));
  assert.equal(issuerOf(set), issuerOf(first));
  assert.deepEqual(set.authorities, first.authorities);
});

Deno.test("nextSet() changes authorities in order: trust both, wait, serve the new one's certificate, drop the old one", () => {
  const due = start + 265 * day;
  const before = next(first, due - minute).set;
  const begun = next(before, due);
  assert.deepEqual(begun.set.authorities, [issuerOf(begun.set), issuerOf(first)]);
  assert.equal(begun.set.serving, before.serving);
  assert.equal(begun.awaitsDistribution, true);

  const waiting = next(begun.set, due + 30 * day);
  assert.deepEqual([waiting.changes, waiting.awaitsDistribution], [[], true]);

  const over = next(begun.set, due + minute, { isDistributed: true });
  assert.ok(isIssuedBy(servingOf(over.set), issuerOf(begun.set)));
  assert.deepEqual(over.set.authorities, begun.set.authorities);
  assert.equal(over.awaitsDistribution, false);
  assert.equal(over.at, due + minute + 24 * hour);

  assert.equal(next(over.set, over.at - 1_000).set, over.set);
  assert.deepEqual(next(over.set, over.at).set.authorities, [issuerOf(begun.set)]);
});

Deno.test("nextSet() does not wait for ever for all clients to trust the new authority", () => {
  const set = changing();
  const forced = start + 75 * day;
  assert.equal(next(set, forced - 1_000).set, set);
  assert.equal(next(set, start).at, forced);
  const { set: over, changes } = next(set, forced);
  assert.ok(isIssuedBy(servingOf(over), issuerOf(set)));
  assert.match(changes.join(), /though not all clients trust the new authority/);
});

Deno.test("nextSet() begins no change of authorities while another one is under way", () => {
  const set = changing();
  const late = next(set, start + 300 * day, { policy: { ...defaultPolicy, servingValidity: 1 } });
  assert.equal(issuerOf(late.set), issuerOf(set));
});

Deno.test("nextSet() completes what is missing with as little disturbance as possible", () => {
  const whole = formatSet(first);
  const without = (...keys: readonly string[]): CertificateSet =>
    readSet(Object.fromEntries(Object.entries(whole).filter(([key]) => !keys.includes(key)))).set;

  // A new authority comes in order, and what is served stays.
  const keyless = next(without("ca.key"), start);
  assert.equal(servingOf(keyless.set), servingOf(first));
  assert.deepEqual(keyless.set.authorities, [issuerOf(keyless.set), issuerOf(first)]);
  assert.equal(keyless.awaitsDistribution, true);

  const unserved = next(without("tls.crt", "tls.key"), start);
  assert.equal(issuerOf(unserved.set), issuerOf(first));
  assert.notEqual(servingOf(unserved.set), servingOf(first));

  for (const rest of [without("ca.crt"), without("ca.crt", "ca.key", "tls.key")]) {
    const { set, awaitsDistribution } = next(rest, start);
    assert.ok(usable(set, start));
    assert.equal(awaitsDistribution, false);
  }
});

Deno.test("nextSet() issues at once for further names, and keeps the former ones", () => {
  const { set } = next(first, start, { names: { dnsNames: ["other.example"] } });
  const certificate = new X509Certificate(servingOf(set));
  for (const name of ["other.example", ...names.dnsNames]) assert.equal(certificate.checkHost(name), name);
  for (const address of names.ipAddresses) assert.equal(certificate.checkIP(address), address);
  // The replica with the former names is content too.
  assert.equal(next(set, start).set, set);
});

Deno.test("nextSet() replaces everything after a long sleep", () => {
  const { set, awaitsDistribution } = next(first, start + 1_000 * day);
  assert.ok(usable(set, start + 1_000 * day));
  assert.equal(set.authorities.length, 1);
  assert.equal(awaitsDistribution, false);
});

Deno.test("clients that follow the trusted authorities with any delay up to the wait accept what is served, for two years", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 10, max: 40 }), (delay, step) => {
      let set = nothing;
      /** The bundles so far, and since when. */
      const bundles: { readonly at: number; readonly authorities: readonly string[] }[] = [];
      let changedAt = start;
      let changes = 0;
      for (let now = start; now < start + 2 * 365 * day;) {
        const isDistributed = now - changedAt >= 300 * minute;
        const result = next(set, now, { isDistributed });
        const first = bundles.length === 0;
        set = readSet(formatSet(result.set)).set;
        if (bundles.at(-1)?.authorities.join() !== set.authorities.join()) {
          bundles.push({ at: now, authorities: set.authorities });
          changedAt = now;
        }
        // Nobody has asked before the first one was there.
        const seen = first ? bundles[0] : bundles.findLast(({ at }) => at + delay * minute <= now) ?? bundles[0];
        assert.ok(
          seen?.authorities.some((authority) => isIssuedBy(servingOf(set), authority)),
          new Date(now).toISOString(),
        );
        assert.ok(usable(set, now));
        changes += result.changes.length;
        now += result.awaitsDistribution ? 50 * minute : step * day;
      }
      assert.ok(changes > 12, `${changes} changes`);
    }),
    { numRuns: runs(2) },
  );
});

Deno.test("readSet() reads what formatSet() writes", () => {
  for (const set of [nothing, first, changing()]) {
    assert.deepEqual(readSet(formatSet(set)), { set, damage: [] });
  }
});

Deno.test("readSet() leaves out what cannot be used and says so, without naming what is secret", () => {
  const whole = formatSet(first);
  const strange = createAuthority({ now: start });
  const foreign = issueServingCertificate(strange, { now: start, dnsNames: ["a"] });
  const cases: readonly [Parameters<typeof readSet>[0], RegExp, (keyof CertificateSet)[]][] = [
    [{ ...whole, "ca.crt": "garbage" }, /^ca\.crt.*ca\.key.*tls\.crt/, []],
    [{ ...whole, "ca.crt": `${whole["ca.crt"]}${foreign.certificate}` }, /^ca\.crt holds something else/, [
      "serving",
      "issuer",
    ]],
    [{ ...whole, "ca.key": "garbage" }, /^ca\.key belongs to no certificate/, ["serving"]],
    [{ ...whole, "ca.key": strange.key }, /^ca\.key belongs to no certificate/, ["serving"]],
    [{ ...whole, "tls.key": foreign.key }, /^tls\.crt and tls\.key are no certificate/, ["issuer"]],
    [{ ...whole, "tls.crt": "" }, /^tls\.crt and tls\.key are no certificate/, ["issuer"]],
    [{ ...whole, "tls.crt": foreign.certificate, "tls.key": foreign.key }, /^tls\.crt was issued by no/, ["issuer"]],
  ];
  for (const [data, message, rest] of cases) {
    const { set, damage } = readSet(data);
    assert.match(damage.join(), message);
    assert.equal(set.serving !== undefined, rest.includes("serving"));
    assert.equal(set.issuer !== undefined, rest.includes("issuer"));
    assert.doesNotMatch(damage.join(), /PRIVATE|garbage/);
  }
});

Deno.test("readSet() takes any text", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom(...Object.values(formatSet(first))), fc.constant(undefined));
  fc.assert(
    fc.property(text, text, text, text, (a, b, c, d) => {
      const data = { "tls.crt": a, "tls.key": b, "ca.crt": c, "ca.key": d };
      const present = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
      const { set } = next(readSet(present).set, start);
      assert.ok(usable(set, start));
    }),
    { numRuns: runs(20) },
  );
});
