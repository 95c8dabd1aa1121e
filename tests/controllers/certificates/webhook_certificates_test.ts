import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { isIssuedBy } from "../../../lib/certificates/certificate_set.ts";
import { createAuthority } from "../../../lib/certificates/issue.ts";
import type { Fault } from "../../../lib/apiserver/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";
import { day, hour, minute, namespace, type Replica, Replicas, secretName } from "./replicas.ts";

/** Runs with what is logged. */
async function withLogs(run: (replicas: Replicas, lines: string[]) => Promise<void>): Promise<void> {
  await using replicas = await Replicas.start();
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  await configureLogging({ format: "text", level: "debug", clock: replicas.clock, write });
  await run(replicas, lines);
  assert.ok(lines.every((line) => !/PRIVATE|MII|LS0t/.test(line)), "nothing secret is in the log");
}

function logged(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).length;
}

function authoritiesOf({ certificates }: Replica): string[] {
  return atob(certificates.caBundle ?? "").match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----\n/g) ?? [];
}

function isTrusted(replica: Replica): boolean {
  const pair = replica.certificates.current();
  return pair !== undefined && authoritiesOf(replica).some((authority) => isIssuedBy(pair.certificate, authority));
}

const troubles: readonly Fault[] = [
  { type: "none" },
  { type: "delay", ms: 700 },
  { type: "refused" },
  { type: "lost answer" },
  { type: "status", code: 409 },
];
for (const fault of troubles) {
  Deno.test(`replicas that start together end with the same certificates, ${fault.type === "none" ? "undisturbed" : `with ${fault.type} at first`}`, async () => {
    await withLogs(async (replicas) => {
      const all = Array.from({ length: 4 }, () => replicas.add());
      for (const replica of all.slice(1)) replica.fault = fault;
      await replicas.clock.advance(3_000);
      for (const replica of all) replica.fault = { type: "none" };
      await replicas.clock.advance(2 * minute);
      const data = await replicas.data();
      for (const replica of all) {
        replica.certificates.check();
        assert.equal(replica.certificates.current()?.certificate, data["tls.crt"]);
        assert.deepEqual(authoritiesOf(replica), [data["ca.crt"]]);
        // Nobody served what did not become the common one.
        assert.equal(replica.served.length, 1);
        assert.ok(isTrusted(replica));
      }
    });
  });
}

Deno.test("the Secret says that it is the sharder's, and its certificate is for the names of the webhook", async () => {
  await withLogs(async (replicas) => {
    const [replica] = await replicas.ready(1);
    const secret = await replicas.secret();
    assert.equal(secret?.type, "sharding.timebertt.dev/webhook-certificate");
    assert.equal(secret?.metadata.labels?.["app.kubernetes.io/name"], "controller-sharding");
    const certificate = new X509Certificate(replica?.certificates.current()?.certificate ?? "");
    assert.equal(
      certificate.subjectAltName,
      "DNS:sharder.sharding-system, DNS:sharder.sharding-system.svc, DNS:sharder.sharding-system.svc.cluster.local",
    );
  });
});

Deno.test("a replica without a certificate is not ready, and says why", async () => {
  await withLogs(async (replicas, lines) => {
    const replica = replicas.add();
    assert.throws(
      () => replica.certificates.check(),
      /Secret sharding-system\/sharder-webhook-certificate was not read/,
    );
    replica.fault = { type: "status", code: 403, reason: "Forbidden" };
    await replicas.clock.advance(30_000);
    assert.throws(() => replica.certificates.check(), /no certificate for the webhook/);
    assert.ok(logged(lines, /secrets.*(forbidden|Forbidden)/) > 0);
    replica.fault = { type: "none" };
    await replicas.clock.advance(2 * minute);
    replica.certificates.check();
  });
});

Deno.test("for 400 days certificates and authorities are replaced in order, and webhook configurations follow", async () => {
  await withLogs(async (replicas) => {
    const all = await replicas.ready(2);
    const [first] = all;
    assert.ok(first !== undefined);
    const over = new AbortController();
    let bundles = 0;
    // As the leader does. While there are two authorities somebody creates a ring.
    const leader = (async () => {
      for await (const caBundle of first.certificates.caBundles(over.signal)) {
        bundles++;
        for (let ring = 1; ring <= Math.min(bundles, 2); ring++) await replicas.configure(`ring-${ring}`, caBundle);
      }
    })();
    for (let step = 0; step < 134; step++) {
      await replicas.clock.advance(3 * day);
      for (const replica of all) {
        replica.certificates.check();
        assert.ok(isTrusted(replica));
      }
      assert.equal(await replicas.bundleOf("ring-1"), first.certificates.caBundle);
    }
    over.abort();
    await leader;
    assert.equal(await replicas.bundleOf("ring-2"), first.certificates.caBundle);
    // One authority took over from the other: the bundle grew, and shrank again.
    assert.equal(bundles, 3);
    assert.equal(new Set(first.served.map(({ certificate }) => certificate)).size, first.served.length);
    assert.ok(first.served.length >= 7 && first.served.length <= 9, `${first.served.length} certificates`);
    assert.deepEqual(all[1]?.served, first.served);
  });
});

Deno.test("a new authority issues nothing before every webhook configuration has had it for five minutes", async () => {
  await withLogs(async (replicas, lines) => {
    const [replica, other] = await replicas.ready(2);
    assert.ok(replica !== undefined && other !== undefined);
    await replicas.configure("ring", replica.certificates.caBundle);
    await replicas.damage({ "ca.key": null });
    await replicas.clock.advance(hour);
    assert.equal(logged(lines, /not all webhook configurations trust.*controllerring-ring/), 2);
    assert.equal(authoritiesOf(replica).length, 2);
    assert.equal(replica.served.length, 1);

    await replicas.configure("ring", replica.certificates.caBundle);
    await replicas.clock.advance(3 * minute);
    // It loses it again: the wait begins anew.
    await replicas.configure("ring", undefined);
    await replicas.clock.advance(2 * minute);
    await replicas.configure("ring", replica.certificates.caBundle);
    await replicas.clock.advance(4 * minute);
    assert.equal(replica.served.length, 1);
    await replicas.clock.advance(4 * minute);
    for (const { served } of [replica, other]) assert.equal(served.length, 2);
    assert.ok(isIssuedBy(replica.certificates.current()?.certificate ?? "", authoritiesOf(replica)[0] ?? ""));
    assert.equal(authoritiesOf(replica).length, 2);
    await replicas.clock.advance(25 * hour);
    assert.equal(authoritiesOf(replica).length, 1);
    assert.ok(isTrusted(replica));
  });
});

Deno.test("a replica that does not lead takes up a new certificate within a second", async () => {
  await withLogs(async (replicas) => {
    const all = await replicas.ready(3);
    await replicas.damage({ "tls.crt": null, "tls.key": null });
    await replicas.clock.advance(1_000);
    for (const { served } of all) assert.equal(served.length, 2);
    assert.equal(new Set(all.map(({ certificates }) => certificates.current()?.certificate)).size, 1);
  });
});

Deno.test("a Secret that is deleted comes back with the same contents, and the log says so", async () => {
  await withLogs(async (replicas, lines) => {
    const [replica] = await replicas.ready(2);
    const before = await replicas.data();
    await replicas.secrets.delete(secretName);
    await replicas.clock.advance(5_000);
    assert.deepEqual(await replicas.data(), before);
    assert.equal(replica?.served.length, 1);
    assert.ok(logged(lines, /WARN.*the Secret was deleted, creating it again/) > 0);
  });
});

Deno.test("a Secret that is deleted while nobody runs is made anew", async () => {
  await withLogs(async (replicas) => {
    const [replica] = await replicas.ready(1);
    await replica?.stop();
    await replicas.secrets.delete(secretName);
    const next = replicas.add();
    await replicas.clock.advance(5_000);
    next.certificates.check();
    assert.notDeepEqual(authoritiesOf(next), replica === undefined ? [] : authoritiesOf(replica));
  });
});

Deno.test("a damaged Secret is repaired, with the same authority where that is known, and logged", async () => {
  const strange = createAuthority({ now: Date.parse("2026-01-01T00:00:00Z") });
  const cases: readonly Record<string, string>[] = [
    { "tls.key": "garbage" },
    { "tls.crt": strange.certificate, "tls.key": strange.key },
    { "ca.crt": "garbage" },
    { "ca.crt": strange.certificate },
    { "ca.key": strange.key },
  ];
  for (const values of cases) {
    await withLogs(async (replicas, lines) => {
      const [replica] = await replicas.ready(2);
      assert.ok(replica !== undefined);
      const [authority] = authoritiesOf(replica);
      await replicas.damage(values);
      await replicas.clock.advance(5_000);
      assert.ok(authority !== undefined && authoritiesOf(replica).includes(authority), Object.keys(values).join());
      assert.ok(isTrusted(replica));
      assert.equal((await replicas.data())["tls.crt"], replica.certificates.current()?.certificate);
      const repairs = logged(lines, /WARN.*the Secret is damaged, repairing it.*(tls|ca)\.(crt|key)/);
      assert.ok(repairs > 0 && repairs <= 2, `${repairs} lines for ${Object.keys(values)}`);
    });
  }
});

Deno.test("what else is in the Secret stays", async () => {
  await withLogs(async (replicas) => {
    await replicas.ready(1);
    const patch = { data: { note: btoa("mine"), "tls.key": null }, metadata: { labels: { team: "a" } } };
    await replicas.secrets.patch(secretName, { type: "merge", patch });
    await replicas.clock.advance(5_000);
    const secret = await replicas.secret();
    assert.equal(atob(secret?.data?.["note"] ?? ""), "mine");
    assert.equal(secret?.metadata.labels?.["team"], "a");
    assert.ok((await replicas.data())["tls.key"] !== undefined);
  });
});

for (const type of ["Opaque", "sharding.timebertt.dev/webhook-certificate"]) {
  Deno.test(`a Secret of somebody else (${type}, no label) is left alone, and told once`, async () => {
    await withLogs(async (replicas, lines) => {
      const data = { "tls.crt": btoa("theirs") };
      await replicas.secrets.create({ metadata: { name: secretName }, type, data });
      const replica = replicas.add();
      await replicas.clock.advance(10 * day);
      assert.deepEqual((await replicas.secrets.get(secretName)).data, data);
      assert.equal(logged(lines, /ERROR.*cannot keep certificates in this Secret.*delete it/), 1);
      assert.throws(() => replica.certificates.check(), /is not the sharder's, as its? (type|has no label)/);
      assert.equal(replica.served.length, 0);
      // Its owner takes it away.
      await replicas.secrets.delete(secretName);
      await replicas.clock.advance(5_000);
      replica.certificates.check();
    });
  });
}

Deno.test("a replica whose Secret is replaced by somebody else's goes on with what it has", async () => {
  await withLogs(async (replicas) => {
    const [replica] = await replicas.ready(1);
    await replicas.secrets.delete(secretName);
    await replicas.secrets.create({ metadata: { name: secretName, namespace }, data: {} });
    await replicas.clock.advance(minute);
    replica?.certificates.check();
    assert.equal(replica?.served.length, 1);
    assert.deepEqual((await replicas.secrets.get(secretName)).type, "Opaque");
  });
});

Deno.test("two replicas with other names for the webhook share one certificate with all of them, and come to rest", async () => {
  await withLogs(async (replicas) => {
    const all = [replicas.add(), replicas.add({ url: "https://10.0.0.1:9443" })];
    await replicas.clock.advance(minute);
    const before = await replicas.data();
    const names = new X509Certificate(before["tls.crt"] ?? "").subjectAltName ?? "";
    assert.match(names, /IP Address:10\.0\.0\.1/);
    assert.match(names, /DNS:sharder\.sharding-system\.svc/);
    await replicas.clock.advance(day);
    assert.deepEqual(await replicas.data(), before);
    for (const replica of all) replica.certificates.check();
  });
});

Deno.test("nothing is written when nothing has to change", async () => {
  await withLogs(async (replicas) => {
    await replicas.ready(3);
    await replicas.clock.advance(minute);
    const before = await replicas.secret();
    await replicas.clock.advance(10 * day);
    assert.equal((await replicas.secret())?.metadata.resourceVersion, before?.metadata.resourceVersion);
  });
});
