import assert from "node:assert/strict";
import { type ClusterAccess, KubeconfigError, loadClusterAccess } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { type FakeHost, fakeHost } from "../support/fake_host.ts";

const authority = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const key = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
const base64 = (text: string): string => new TextEncoder().encode(text).toBase64();

/** A kubeconfig with one context "main"; the arguments are the YAML of cluster and user, indented like a flow map. */
function kubeconfig(cluster = "server: https://one:6443", user = "token: secret", context = ""): string {
  return `apiVersion: v1
kind: Config
current-context: main
clusters: [{name: one, cluster: {${cluster}}}]
users: [{name: me, user: {${user}}}]
contexts: [{name: main, context: {cluster: one, user: me${context}}}]
`;
}

function load(host: FakeHost, flags: { kubeconfig?: string; context?: string } = {}): Promise<ClusterAccess> {
  return loadClusterAccess({ host, clock: new VirtualClock(), flags });
}

/** Loads a kubeconfig that is the only one of the machine. */
function loadText(text: string, files: Record<string, string | Error> = {}): Promise<ClusterAccess> {
  return load(fakeHost({ ...files, "/etc/kube/config": text }, { KUBECONFIG: "/etc/kube/config" }));
}

Deno.test("loadClusterAccess() reads everything that a context says", async () => {
  const cluster = `server: "https://one:6443/prefix/", certificate-authority-data: ${base64(authority)}, ` +
    "proxy-url: 'socks5://proxy:1080', disable-compression: true";
  const user = "token: secret, as: other, as-groups: [a, b], as-uid: u, as-user-extra: {Scope: [x, y]}";
  const { credentials, ...access } = await loadText(kubeconfig(cluster, user, ", namespace: work"));
  assert.deepEqual(access, {
    server: "https://one:6443/prefix",
    certificateAuthority: authority,
    proxyUrl: "socks5://proxy:1080",
    disableCompression: true,
    namespace: "work",
    impersonation: [
      ["Impersonate-User", "other"],
      ["Impersonate-Uid", "u"],
      ["Impersonate-Group", "a"],
      ["Impersonate-Group", "b"],
      ["Impersonate-Extra-scope", "x"],
      ["Impersonate-Extra-scope", "y"],
    ],
    source: 'context "main" of /etc/kube/config',
  });
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer secret" });
});

Deno.test("loadClusterAccess() reads files relative to the kubeconfig, and each form of credentials", async (t) => {
  const files = { "/etc/kube/ca.pem": authority, "/etc/kube/my.key": key, "/abs/token": " from-file\n" };
  const certificate = `client-certificate: ca.pem, client-key: ./my.key`;
  const data = `client-certificate-data: ${base64(authority)}, client-key-data: ${base64(key)}`;
  const pair = { certificate: { certificate: authority, key } };
  const cases: [string, string, unknown][] = [
    ["certificate files", certificate, pair],
    ["certificate data", data, pair],
    ["data before a file", `${data}, client-key: missing`, pair],
    ["token file", "tokenFile: /abs/token", { authorization: "Bearer from-file" }],
    ["a token file before a token", "token: secret, tokenFile: /abs/token", { authorization: "Bearer from-file" }],
    ["a token while its file is missing", "token: secret, tokenFile: later", { authorization: "Bearer secret" }],
    ["user name and password", 'username: me, password: "p:w"', { authorization: `Basic ${base64("me:p:w")}` }],
    ["token and certificate", `token: secret, ${data}`, { authorization: "Bearer secret", ...pair }],
    ["nothing", "", {}],
    ["empty fields", 'token: "", client-certificate: ""', {}],
  ];
  for (const [name, user, identity] of cases) {
    await t.step(name, async () => {
      const access = await loadText(kubeconfig("server: https://one, certificate-authority: ca.pem", user), files);
      assert.equal(access.certificateAuthority, authority);
      assert.deepEqual(await access.credentials.identify(), identity);
    });
  }
});

Deno.test("loadClusterAccess() merges the files of KUBECONFIG as kubectl does", async () => {
  const host = fakeHost({
    "/a":
      "contexts: [{name: first, context: {cluster: one, user: me}}]\nclusters: [{name: one, cluster: {server: https://a}}]",
    "/b": kubeconfig("server: https://b, tls-server-name: never-merged"),
    "/c": kubeconfig("server: https://c").replace("current-context: main", "current-context: other"),
  }, { KUBECONFIG: ":/missing:/a:/b:/c" });
  const merged = await load(host);
  assert.equal(merged.server, "https://a");
  assert.equal(merged.tlsServerName, undefined);
  assert.equal(merged.source, 'context "main" of /b');
  assert.equal((await load(host, { context: "first" })).source, 'context "first" of /a');
  assert.equal((await load(host, { kubeconfig: "/b" })).server, "https://b");
});

Deno.test("loadClusterAccess() looks in the order of flag, KUBECONFIG, pod, home", async () => {
  const secrets = "/var/run/secrets/kubernetes.io/serviceaccount";
  const host = fakeHost({
    "/flag": kubeconfig("server: https://flag"),
    "/env": kubeconfig("server: https://env"),
    [`${secrets}/token`]: "pod-token\n",
    [`${secrets}/ca.crt`]: authority,
    [`${secrets}/namespace`]: "pods\n",
    "/home/me/.kube/config": kubeconfig("server: https://home"),
  }, { KUBECONFIG: "/env", KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443", DISABLE_HTTP2: "1" });
  assert.equal((await load(host, { kubeconfig: "/flag" })).server, "https://flag");
  assert.equal((await load(host)).server, "https://env");
  host.variables.delete("KUBECONFIG");
  const { credentials, ...pod } = await load(host);
  assert.deepEqual(pod, {
    server: "https://[fd00::1]:443",
    certificateAuthority: authority,
    namespace: "pods",
    disableHttp2: true,
    source: "the pod's service account",
  });
  assert.deepEqual(await credentials.identify(), { authorization: "Bearer pod-token" });
  host.variables.clear();
  assert.equal((await load(host)).server, "https://home");
});

const noCertificate = base64("nonsense");
const wrong: [string, string, RegExp][] = [
  ["not YAML", "a: [", /^kubeconfig \/etc\/kube\/config is not YAML: line 1, column 5: /],
  ["not an object", "- a", /^kubeconfig \/etc\/kube\/config: the document: must be an object, but is a list$/],
  ["of another kind", "kind: Pod", /: kind: must be one of "Config"/],
  [
    "wrongly typed",
    kubeconfig("server: 1, insecure-skip-tls-verify: maybe"),
    /: clusters\[0\]\.cluster\.server: must be a string, but is 1; clusters\[0\]\.cluster\.insecure-skip-tls-verify: must be true or false/,
  ],
  ["with a name twice", "users: [{name: a}, {name: a}]", /users\[1\]\.name: "a" is there twice/],
  ["without a name", "users: [{user: {}}]", /users\[0\]\.name: is missing/],
  ["empty", "", /current-context: is missing: choose one with `kubectl config use-context`: there are no contexts/],
  [
    "without current context",
    kubeconfig().replace("current-context: main", ""),
    /current-context: is missing.*: there are "main"/,
  ],
  [
    "with an unknown current context",
    kubeconfig().replace("current-context: main", "current-context: x"),
    /current-context: there is no context "x": there are "main"/,
  ],
  [
    "with an unknown cluster",
    kubeconfig().replace("name: one", "name: two"),
    /contexts\[0\]\.context\.cluster: there is no cluster "one": there are "two"/,
  ],
  [
    "with an unknown user",
    kubeconfig().replace("name: me", "name: you"),
    /contexts\[0\]\.context\.user: there is no user "me": there are "you"/,
  ],
  [
    "with a context without cluster",
    kubeconfig().replace("cluster: one,", ""),
    /contexts\[0\]\.context\.cluster: is missing/,
  ],
  ["without server", kubeconfig(""), /clusters\[0\]\.cluster\.server: is missing: write it like https:/],
  [
    "with a server that is no URL",
    kubeconfig("server: 'one:6443'"),
    /cluster\.server: "one:6443" is not the URL of a server/,
  ],
  [
    "with a query in the server",
    kubeconfig("server: 'https://one?a=b'"),
    /cluster\.server: the URL must be without user name, query/,
  ],
  [
    "with a proxy that is none",
    kubeconfig("server: https://one, proxy-url: 'ftp://x'"),
    /cluster\.proxy-url: is not the URL/,
  ],
  [
    "with proxy and tls-server-name",
    kubeconfig("server: https://one, proxy-url: 'http://x', tls-server-name: y"),
    /cluster\.proxy-url: cannot be combined with/,
  ],
  [
    "with authority and skipped verification",
    kubeconfig("server: https://one, certificate-authority: a, insecure-skip-tls-verify: true"),
    /insecure-skip-tls-verify: contradicts the certificate authority/,
  ],
  [
    "with bad base64",
    kubeconfig("server: https://one, certificate-authority-data: '%%%'"),
    /certificate-authority-data: is not base64/,
  ],
  [
    "with an authority that is no PEM",
    kubeconfig(`server: https://one, certificate-authority-data: ${noCertificate}`),
    /certificate-authority-data: holds no PEM.*BEGIN CERTIFICATE/,
  ],
  [
    "with a missing authority",
    kubeconfig("server: https://one, certificate-authority: no.pem"),
    /cluster\.certificate-authority: the file \/etc\/kube\/no\.pem does not exist/,
  ],
  [
    "with an unreadable authority",
    kubeconfig("server: https://one, certificate-authority: /locked"),
    /cannot read the file \/locked: permission denied/,
  ],
  [
    "with a certificate without key",
    kubeconfig(undefined, `client-certificate-data: ${base64(authority)}`),
    /user\.client-key: is missing beside/,
  ],
  [
    "with a key without certificate",
    kubeconfig(undefined, `client-key-data: ${base64(key)}`),
    /user\.client-certificate: is missing beside/,
  ],
  [
    "with a key that is no PEM",
    kubeconfig(undefined, `client-certificate-data: ${base64(authority)}, client-key-data: ${noCertificate}`),
    /user\.client-key-data: holds no PEM/,
  ],
  [
    "with an encrypted key",
    kubeconfig(
      undefined,
      `client-certificate-data: ${base64(authority)}, client-key-data: ${
        base64("-----BEGIN ENCRYPTED PRIVATE KEY-----")
      }`,
    ),
    /client-key-data: the private key is encrypted/,
  ],
  [
    "with an auth provider",
    kubeconfig(undefined, "auth-provider: {name: oidc}"),
    /user\.auth-provider: "oidc": auth providers were removed.*exec plugin/,
  ],
  [
    "with token and password",
    kubeconfig(undefined, "token: a, username: b"),
    /user\.username: the user has a token as well/,
  ],
  ["with a password alone", kubeconfig(undefined, "password: b"), /user\.username: is missing beside password/],
  ["with a broken token", kubeconfig(undefined, 'token: "a\\nb"'), /user\.token: holds white space/],
  ["with groups of nobody", kubeconfig(undefined, "as-groups: [a]"), /user\.as: is missing beside/],
  [
    "with an old plugin",
    kubeconfig(undefined, "exec: {command: a, apiVersion: client.authentication.k8s.io/v1alpha1}"),
    /user\.exec\.apiVersion: ".*v1alpha1" is not supported: use one of/,
  ],
  [
    "with a plugin without command",
    kubeconfig(undefined, "exec: {apiVersion: client.authentication.k8s.io/v1}"),
    /user\.exec\.command: is missing/,
  ],
  [
    "with a v1 plugin without mode",
    kubeconfig(undefined, "exec: {command: a, apiVersion: client.authentication.k8s.io/v1}"),
    /user\.exec\.interactiveMode: is missing/,
  ],
  [
    "with a plugin that needs a terminal",
    kubeconfig(undefined, "exec: {command: a, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}"),
    /interactiveMode: is Always, but there is no terminal/,
  ],
];

for (const [name, text, message] of wrong) {
  Deno.test(`a kubeconfig ${name} is refused with file, field and remedy`, async () => {
    await assert.rejects(loadText(text, { "/locked": new Error("permission denied") }), (error) => {
      assert.ok(error instanceof KubeconfigError, String(error));
      assert.match(error.message, message);
      assert.ok(error.message.includes("/etc/kube/config"), error.message);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  });
}

Deno.test("errors in a kubeconfig do not print secrets", async () => {
  for (const text of ["users: [{name: a, user: {token: [hunter2]}}", "token: hunter2: hunter2", "users: hunter2"]) {
    await assert.rejects(loadText(text), (error) => error instanceof Error && !error.message.includes("hunter2"), text);
  }
});

Deno.test("what unused entries mean does not matter", async () => {
  const text = kubeconfig().replace("clusters: [", "clusters: [{name: bad, cluster: {server: nonsense}}, ");
  assert.equal((await loadText(text)).server, "https://one:6443");
});

Deno.test("loadClusterAccess() says where it looked when there is no kubeconfig", async (t) => {
  const cases: [string, FakeHost, { kubeconfig?: string; context?: string }, RegExp][] = [
    ["flag", fakeHost(), { kubeconfig: "/no" }, /^kubeconfig \/no does not exist$/],
    ["environment", fakeHost({}, { KUBECONFIG: "/no:/nor" }), {}, /KUBECONFIG names no file that exists: \/no, \/nor/],
    [
      "nothing",
      fakeHost(),
      {},
      /no cluster to connect to: .*\/home\/me\/\.kube\/config does not exist: set KUBECONFIG/,
    ],
    ["no home", fakeHost({}, {}, null), {}, /this is no pod, and ~\/\.kube\/config does not exist/],
    [
      "unreadable",
      fakeHost({ "/home/me/.kube/config": new Error("denied") }),
      {},
      /\.kube\/config cannot be read: denied/,
    ],
    [
      "context",
      fakeHost({ "/k": kubeconfig() }),
      { kubeconfig: "/k", context: "x" },
      /contexts: there is no context "x": there are "main"/,
    ],
    [
      "pod without token",
      fakeHost({}, { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" }),
      {},
      /in-cluster configuration: no token in .*: does the pod set automountServiceAccountToken to false/,
    ],
  ];
  for (const [name, host, flags, message] of cases) {
    await t.step(
      name,
      () => assert.rejects(load(host, flags), (e) => e instanceof KubeconfigError && message.test(e.message)),
    );
  }
});
