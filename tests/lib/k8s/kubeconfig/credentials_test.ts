import assert from "node:assert/strict";
import {
  type ClusterAccess,
  CredentialsError,
  denoHost,
  type HostCommandResult,
  loadClusterAccess,
} from "../../../../lib/k8s/kubeconfig/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { type FakeHost, fakeHost } from "../support/fake_host.ts";

const file = "/etc/kube/config";

async function load(host: FakeHost, clock: VirtualClock, user: string, cluster = ""): Promise<ClusterAccess> {
  host.files.set(
    file,
    `current-context: main
clusters: [{name: one, cluster: {server: "https://one:6443"${cluster}}}]
users: [{name: me, user: {${user}}}]
contexts: [{name: main, context: {cluster: one, user: me}}]`,
  );
  return await loadClusterAccess({ host, clock, flags: { kubeconfig: file } });
}

Deno.test("a token file is read again after a minute and after a refusal, and kept while it is missing", async () => {
  const host = fakeHost({ "/token": "one" });
  const clock = new VirtualClock();
  const { credentials } = await load(host, clock, "tokenFile: /token");
  const token = async (): Promise<string | undefined> => (await credentials.identify()).authorization;
  assert.equal(await token(), "Bearer one");
  host.files.set("/token", "two");
  await clock.advance(59_999);
  assert.equal(await token(), "Bearer one");
  await clock.advance(1);
  assert.equal(await token(), "Bearer two");
  host.files.set("/token", "three");
  credentials.refused({ authorization: "Bearer two" });
  assert.equal(await token(), "Bearer three");
  host.files.delete("/token");
  await clock.advance(60_000);
  assert.equal(await token(), "Bearer three");
  host.files.set("/token", "four");
  await clock.advance(60_000);
  assert.equal(await token(), "Bearer four");
});

Deno.test("a token file that never could be read is a CredentialsError, and is tried again", async () => {
  const host = fakeHost();
  const { credentials } = await load(host, new VirtualClock(), "tokenFile: token");
  await assert.rejects(credentials.identify(), (error) => {
    assert.ok(error instanceof CredentialsError);
    assert.match(error.message, /users\[0\]\.user\.tokenFile: the file \/etc\/kube\/token does not exist/);
    return true;
  });
  host.files.set("/etc/kube/token", "here");
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer here" });
});

Deno.test("the pod's token is read again as it rotates", async () => {
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  const host = fakeHost({ [`${folder}/token`]: "one" }, {
    KUBERNETES_SERVICE_HOST: "10.0.0.1",
    KUBERNETES_SERVICE_PORT: "443",
  });
  const clock = new VirtualClock();
  const { credentials } = await loadClusterAccess({ host, clock });
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer one" });
  host.files.set(`${folder}/token`, "two");
  await clock.advance(60_000);
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer two" });
});

Deno.test("client certificates in files are read again as they rotate", async () => {
  const pem = (label: string, text: string): string => `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
  const host = fakeHost({ "/crt": pem("CERTIFICATE", "one"), "/key": pem("PRIVATE KEY", "one") });
  const clock = new VirtualClock();
  const { credentials } = await load(host, clock, "client-certificate: /crt, client-key: /key");
  const certificate = async (): Promise<string | undefined> => (await credentials.identify()).certificate?.certificate;
  assert.equal(await certificate(), pem("CERTIFICATE", "one"));
  host.files.set("/crt", pem("CERTIFICATE", "two"));
  await clock.advance(60_000);
  assert.equal(await certificate(), pem("CERTIFICATE", "two"));
  host.files.set("/crt", "half written");
  await clock.advance(60_000);
  assert.equal(await certificate(), pem("CERTIFICATE", "two"));
});

const v1 = "client.authentication.k8s.io/v1";

function plugin(more = ""): string {
  return `exec: {apiVersion: ${v1}, command: login, interactiveMode: Never${more}}`;
}

/** Output of a plugin. */
function issued(status: Record<string, string>, apiVersion = v1): HostCommandResult {
  return { code: 0, stdout: JSON.stringify({ apiVersion, kind: "ExecCredential", status }), stderr: "" };
}

Deno.test("an exec plugin gets arguments, environment and the cluster, and gives token and certificate", async () => {
  const host = fakeHost();
  host.programs.set(
    "/etc/kube/bin/login",
    () =>
      issued({ token: "t", clientCertificateData: "c", clientKeyData: "k" }, "client.authentication.k8s.io/v1beta1"),
  );
  const { credentials } = await load(
    host,
    new VirtualClock(),
    "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/login, args: [--now], " +
      "env: [{name: A, value: b}], provideClusterInfo: true}",
    ", tls-server-name: two, extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x}}]",
  );
  assert.deepEqual(await credentials.identify(), {
    authorization: "Bearer t",
    certificate: { certificate: "c", key: "k" },
  });
  const [run] = host.runs;
  assert.deepEqual(run?.args, ["--now"]);
  const { KUBERNETES_EXEC_INFO: info = "", ...env } = run?.env ?? {};
  assert.deepEqual(env, { A: "b" });
  assert.deepEqual(JSON.parse(info), {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    kind: "ExecCredential",
    spec: {
      interactive: false,
      cluster: { server: "https://one:6443", "tls-server-name": "two", config: { audience: "x" } },
    },
  });
});

Deno.test("an exec plugin runs again when its credentials expire, and once for all who wait", async () => {
  const host = fakeHost();
  const clock = new VirtualClock("2026-01-01T00:00:00Z");
  host.programs.set(
    "login",
    () => issued({ token: `t${host.runs.length}`, expirationTimestamp: "2026-01-01T01:00:00Z" }),
  );
  const { credentials } = await load(host, clock, plugin());
  const both = await Promise.all([credentials.identify(), credentials.identify()]);
  assert.deepEqual(both, [{ authorization: "Bearer t1" }, { authorization: "Bearer t1" }]);
  await clock.advance(3_599_999);
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer t1" });
  await clock.advance(1);
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer t2" });
  assert.equal(clock.pending, 0);
});

Deno.test("an exec plugin runs again after a refusal, but not at every one", async () => {
  const host = fakeHost();
  const clock = new VirtualClock();
  host.programs.set("login", () => issued({ token: `t${host.runs.length}` }));
  const { credentials } = await load(host, clock, plugin());
  const first = await credentials.identify();
  credentials.refused(first);
  assert.deepEqual(await credentials.identify(), first);
  await clock.advance(10_000);
  credentials.refused({ authorization: "Bearer other" });
  assert.deepEqual(await credentials.identify(), first);
  credentials.refused(first);
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer t2" });
});

Deno.test("a token of the user goes before its exec plugin", async () => {
  const host = fakeHost();
  const { credentials } = await load(host, new VirtualClock(), `token: mine, ${plugin()}`);
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer mine" });
  assert.equal(host.runs.length, 0);
});

Deno.test("an exec plugin that fails is a CredentialsError with the plugin and its words", async (t) => {
  const json = (value: unknown): HostCommandResult => ({ code: 0, stdout: JSON.stringify(value), stderr: "" });
  const cases: [string, HostCommandResult | undefined, RegExp][] = [
    [
      "missing",
      undefined,
      /"login" \(kubeconfig \/etc\/kube\/config: users\[0\]\.user\.exec\) is not installed: get it here$/,
    ],
    ["exit code", { code: 3, stdout: "", stderr: "x\nnot logged in\n" }, /ended with exit code 3: not logged in$/],
    ["no JSON", { code: 0, stdout: "hunter2", stderr: "" }, /printed something that is not JSON$/],
    ["another version", issued({ token: "t" }, "client.authentication.k8s.io/v1beta1"), /apiVersion: must be .*\/v1$/],
    ["no credentials", issued({}), /status\.token: is missing, and no certificate either/],
    ["half a certificate", issued({ clientKeyData: "k" }), /clientKeyData: comes together/],
    ["no time", issued({ token: "t", expirationTimestamp: "soon" }), /expirationTimestamp: is no time/],
    [
      "wrong kind",
      json({ apiVersion: v1, kind: "Pod", status: { token: "t" } }),
      /kind: must be one of "ExecCredential"/,
    ],
  ];
  for (const [name, result, message] of cases) {
    await t.step(name, async () => {
      const host = fakeHost();
      if (result !== undefined) host.programs.set("login", () => result);
      const { credentials } = await load(host, new VirtualClock(), plugin(", installHint: get it here"));
      await assert.rejects(credentials.identify(), (error) => {
        assert.ok(error instanceof CredentialsError, String(error));
        assert.match(error.message, message);
        assert.ok(!error.message.includes("hunter2"));
        return true;
      });
    });
  }
});

Deno.test("an exec plugin that hangs is ended, and a caller may leave earlier", async () => {
  const host = fakeHost();
  const clock = new VirtualClock();
  host.programs.set(
    "login",
    ({ signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const { credentials } = await load(host, clock, plugin());
  const controller = new AbortController();
  const leaving = assert.rejects(credentials.identify(controller.signal), /enough/);
  const waiting = assert.rejects(credentials.identify(), /"login".*took longer than 60/);
  controller.abort(new Error("enough"));
  await leaving;
  await clock.advance(60_000);
  await waiting;
  assert.equal(clock.pending, 0);
});

Deno.test("denoHost reads files and variables and runs programs", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "text");
    assert.equal(await denoHost.readTextFile(path), "text");
    assert.equal(await denoHost.readTextFile(`${path}-missing`), undefined);
    assert.equal(await denoHost.readTextFile(`${path}/below`), undefined);
    await assert.rejects(denoHost.readTextFile("/"));
    assert.equal(denoHost.env("PATH"), Deno.env.get("PATH"));
    const { signal } = new AbortController();
    const script = `console.log(Deno.args[0] + Deno.env.get("TEST_VARIABLE")); console.error("e"); Deno.exit(3)`;
    await Deno.writeTextFile(path, script);
    const args = ["run", "--allow-env", "--no-config", "--ext=ts", path, "a"];
    const run = { program: Deno.execPath(), args, env: { TEST_VARIABLE: "b" }, signal };
    assert.deepEqual(await denoHost.run(run), { code: 3, stdout: "ab\n", stderr: "e\n" });
    assert.equal(await denoHost.run({ ...run, program: `${path}-missing` }), undefined);
  } finally {
    await Deno.remove(path);
  }
});
