import assert from "node:assert/strict";
import fc from "fast-check";
import { expand } from "../../../../../lib/workloads/node/pod/expansion.ts";
import { commandLine } from "../../../../../lib/workloads/node/pod/images.ts";
import { relocate } from "../../../../../lib/workloads/node/pod/relocate.ts";
import { podKubeconfig, serviceVariables } from "../../../../../lib/workloads/node/pod/pod_kubeconfig.ts";
import { parseKubeconfig } from "../../../../../lib/k8s/kubeconfig/kubeconfig_file.ts";

const variables = new Map([["A", "1"], ["B_C", "two"], ["D", "$(A)"]]);
const expansions: readonly (readonly [text: string, expected: string])[] = [
  ["$(A)", "1"],
  ["x$(A)y$(B_C)z", "x1ytwoz"],
  ["$(NOPE)", "$(NOPE)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$1"],
  ["$$", "$"],
  ["$A ${A} $(A", "$A ${A} $(A"],
  ["$(D)", "$(A)"],
  ["", ""],
];
for (const [text, expected] of expansions) {
  Deno.test(`expand() makes "${expected}" of "${text}"`, () => assert.equal(expand(text, variables), expected));
}

Deno.test("expand() leaves text without a dollar sign alone", () => {
  fc.assert(fc.property(fc.string().filter((text) => !text.includes("$")), (text) => {
    assert.equal(expand(text, variables), text);
  }));
});

const mounts = [
  { mountPath: "/etc/app/", hostPath: "/pod/config" },
  { mountPath: "/etc/app/certs", hostPath: "/pod/certs" },
  { mountPath: "/config.yaml", hostPath: "/pod/config.yaml" },
];
const relocations: readonly (readonly [text: string, expected: string])[] = [
  ["--config=/etc/app/config.yaml", "--config=/pod/config/config.yaml"],
  ["/etc/app", "/pod/config"],
  ["/etc/app/certs/tls.crt:/etc/app/x", "/pod/certs/tls.crt:/pod/config/x"],
  ["/etc/apps", "/etc/apps"],
  ["/mnt/etc/app", "/mnt/etc/app"],
  ["--config=/config.yaml", "--config=/pod/config.yaml"],
  ["/config.yaml.old", "/config.yaml.old"],
  ["https://example.org/etc/app", "https://example.org/etc/app"],
];
for (const [text, expected] of relocations) {
  Deno.test(`relocate() makes "${expected}" of "${text}"`, () => assert.equal(relocate(text, mounts), expected));
}

Deno.test("commandLine() treats command and args as Kubernetes treats ENTRYPOINT and CMD", () => {
  const image = { command: ["run"], args: ["default"], appended: ["--port=1"] };
  assert.deepEqual(commandLine(image, {}), ["run", "default", "--port=1"]);
  assert.deepEqual(commandLine(image, { args: ["mine"] }), ["run", "mine", "--port=1"]);
  assert.deepEqual(commandLine(image, { command: ["other"] }), ["other", "--port=1"]);
  assert.deepEqual(commandLine(image, { command: ["other"], args: ["mine"] }), ["other", "mine", "--port=1"]);
});

Deno.test("podKubeconfig() is read by our own commands, and names the token's file instead of the token", () => {
  const files = { token: "/p/token", certificateAuthority: "/p/ca.crt" };
  const text = podKubeconfig({ url: "https://127.0.0.1:6443" }, "team", files);
  const kubeconfig = parseKubeconfig(text, "/p/kubeconfig");
  const [user] = kubeconfig.users.values();
  const [cluster] = kubeconfig.clusters.values();
  assert.equal(user?.tokenFile, "/p/token");
  assert.equal(cluster?.certificateAuthority, "/p/ca.crt");
  assert.equal(cluster?.server, "https://127.0.0.1:6443");
});

Deno.test("serviceVariables() gives host and port apart", () => {
  const variables = (url: string): string[] => Object.values(serviceVariables({ url }));
  assert.deepEqual(variables("https://127.0.0.1:6443"), ["127.0.0.1", "6443", "6443"]);
  assert.deepEqual(variables("https://[::1]"), ["::1", "443", "443"]);
});
