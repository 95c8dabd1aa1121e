import assert from "node:assert/strict";
import { CertificateError, checkPair } from "../../../lib/certificates/check_pair.ts";
import { FileSource } from "../../../lib/certificates/file_source.ts";
import { createAuthority, issueServingCertificate } from "../../../lib/certificates/issue.ts";
import { type CertificatePair, fixedSource } from "../../../lib/certificates/source.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const authority = createAuthority({ now });
const [first, second] = [issue(), issue()];

function issue(): CertificatePair {
  return issueServingCertificate(authority, { dnsNames: ["localhost"], now });
}

interface Setup {
  readonly clock: VirtualClock;
  readonly files: Map<string, string>;
  readonly source: FileSource;
  /** What `changes()` gave so far. */
  readonly seen: CertificatePair[];
  stop(): Promise<void>;
}

function setUp(pair?: CertificatePair): Setup {
  const clock = new VirtualClock();
  const files = new Map<string, string>();
  if (pair !== undefined) put(files, pair);
  const readTextFile = (path: string): Promise<string> => {
    const text = files.get(path);
    return text === undefined ? Promise.reject(new Deno.errors.NotFound("no such file")) : Promise.resolve(text);
  };
  const source = new FileSource({ certFile: "/certs/tls.crt", keyFile: "/certs/tls.key", clock, readTextFile });
  const seen: CertificatePair[] = [];
  const stop = new AbortController();
  const done = (async () => {
    for await (const change of source.changes(stop.signal)) seen.push(change);
  })();
  return {
    clock,
    files,
    source,
    seen,
    stop: async () => {
      stop.abort();
      await done;
      assert.equal(clock.pending, 0);
    },
  };
}

function put(files: Map<string, string>, pair: CertificatePair): void {
  files.set("/certs/tls.crt", pair.certificate);
  files.set("/certs/tls.key", pair.key);
}

Deno.test("FileSource gives the pair at once, and again only when the files change", async () => {
  const { clock, files, source, seen, stop } = setUp(first);
  await clock.advance(60_000);
  assert.deepEqual(seen, [first]);
  put(files, second);
  await clock.advance(10_000);
  assert.deepEqual(seen, [first, second]);
  assert.deepEqual(source.current(), second);
  await stop();
});

Deno.test("FileSource waits for files that do not exist yet", async () => {
  const { clock, files, source, seen, stop } = setUp();
  await clock.advance(30_000);
  assert.deepEqual(seen, []);
  assert.equal(source.current(), undefined);
  put(files, first);
  await clock.advance(1_000);
  assert.deepEqual(seen, [first]);
  await stop();
});

Deno.test("FileSource keeps the old pair while the new one is incomplete, unreadable or gone", async () => {
  const { clock, files, source, seen, stop } = setUp(first);
  await clock.settle();
  const halves: readonly (() => void)[] = [
    () => files.set("/certs/tls.crt", second.certificate),
    () => files.set("/certs/tls.key", "-----BEGIN nonsense"),
    () => files.delete("/certs/tls.key"),
    () => files.set("/certs/tls.crt", ""),
  ];
  for (const change of halves) {
    change();
    await clock.advance(10_000);
    assert.deepEqual(source.current(), first);
  }
  put(files, second);
  await clock.advance(1_000);
  assert.deepEqual(seen, [first, second]);
  await stop();
});

Deno.test("FileSource gives each of several users every pair once", async () => {
  const { clock, files, source, seen, stop } = setUp(first);
  const other: CertificatePair[] = [];
  const ended = new AbortController();
  const done = (async () => {
    for await (const change of source.changes(ended.signal)) other.push(change);
  })();
  await clock.advance(5_000);
  put(files, second);
  await clock.advance(30_000);
  assert.deepEqual(seen, [first, second]);
  assert.deepEqual(other, [first, second]);
  ended.abort();
  await done;
  await stop();
});

Deno.test("FileSource.load() names the file at fault", async () => {
  const { files, source, stop } = setUp(first);
  const cases: readonly [() => void, RegExp][] = [
    [() => files.delete("/certs/tls.crt"), /cannot read the certificate file \/certs\/tls\.crt/],
    [() => (put(files, first), files.delete("/certs/tls.key")), /cannot read the private key file \/certs\/tls\.key/],
    [() => files.set("/certs/tls.key", second.key), /\/certs\/tls\.key does not belong to .* \/certs\/tls\.crt/],
    [() => files.set("/certs/tls.key", "x"), /\/certs\/tls\.key holds no readable private key/],
    [() => files.set("/certs/tls.crt", "x"), /\/certs\/tls\.crt holds no readable certificate/],
  ];
  for (const [change, message] of cases) {
    change();
    await assert.rejects(source.load(), (error) => error instanceof CertificateError && message.test(error.message));
  }
  await stop();
});

Deno.test("FileSource reads real files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [certFile, keyFile] = [`${folder}/tls.crt`, `${folder}/tls.key`];
    await Deno.writeTextFile(certFile, first.certificate);
    await Deno.writeTextFile(keyFile, first.key);
    assert.deepEqual(await new FileSource({ certFile, keyFile, clock: new VirtualClock() }).load(), first);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("checkPair() accepts a pair and refuses parts of two", () => {
  const origin = { certificate: "tls.crt", key: "tls.key" };
  checkPair(first, origin);
  assert.throws(() => checkPair({ ...first, key: second.key }, origin), CertificateError);
});

Deno.test("fixedSource() gives its pair once and ends with the signal", async () => {
  const stop = new AbortController();
  const seen: CertificatePair[] = [];
  for await (const pair of fixedSource(first).changes(stop.signal)) {
    seen.push(pair);
    stop.abort();
  }
  assert.deepEqual(seen, [first]);
});
