import assert from "node:assert/strict";
import { CredentialsError, KubeconfigError, loadClusterAccess } from "../../../../lib/k8s/kubeconfig/mod.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { describeError } from "../../../../lib/util/log.ts";
import { fakeHost } from "../support/fake_host.ts";

const exec =
  "exec: {apiVersion: client.authentication.k8s.io/v1, command: login, interactiveMode: Never, installHint: x}";

function kubeconfig(user: string): string {
  return `current-context: main
clusters: [{name: one, cluster: {server: "https://one:6443"}}]
contexts: [{name: main, context: {cluster: one, user: me}}]
users:
- name: me
  user:
    ${user}
`;
}

Deno.test("an exec plugin that prints its bare token is an error without the token", async () => {
  const host = fakeHost({ "/config": kubeconfig(exec) });
  host.programs.set("login", () => ({ code: 0, stdout: "s3cr3t-token\n", stderr: "" }));
  const { credentials } = await loadClusterAccess({
    host,
    clock: new VirtualClock(),
    flags: { kubeconfig: "/config" },
  });
  await assert.rejects(credentials.identify(), (error) => {
    assert.ok(error instanceof CredentialsError);
    assert.match(describeError(error), /printed something that is not JSON/);
    assert.doesNotMatch(describeError(error), /s3cr3t/);
    return true;
  });
});

Deno.test.each([
  ["an alias of nothing", "token: *s3cr3t"],
  ["a block scalar with text in its head", "token: |s3cr3t"],
  ["an open quote", "token: 's3cr3t"],
  ["a tag", "token: @s3cr3t"],
])("a kubeconfig file with %s is an error that names the place and not the text", async (_, user) => {
  const host = fakeHost({ "/config": kubeconfig(user) });
  await assert.rejects(
    loadClusterAccess({ host, clock: new VirtualClock(), flags: { kubeconfig: "/config" } }),
    (error) => {
      assert.ok(error instanceof KubeconfigError, String(error));
      assert.match(error.message, /^kubeconfig \/config is not YAML: /);
      assert.doesNotMatch(describeError(error), /s3cr3t/);
      return true;
    },
  );
});

Deno.test("an exec plugin whose end is not seen, as a child of its own holds its output, is given up", async () => {
  const host = fakeHost({ "/config": kubeconfig(exec) });
  const clock = new VirtualClock();
  let runs = 0;
  host.programs.set("login", () => {
    runs++;
    return Promise.withResolvers<never>().promise;
  });
  const { credentials } = await loadClusterAccess({ host, clock, flags: { kubeconfig: "/config" } });
  for (const run of [1, 2]) {
    let failure: unknown;
    const asked = credentials.identify().catch((error: unknown) => failure = error);
    await clock.advance(60_000);
    assert.match(String(failure), /took longer than 60 s/);
    await asked;
    assert.equal(runs, run);
  }
  assert.equal(clock.pending, 0);
});
