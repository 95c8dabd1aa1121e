import assert from "node:assert/strict";
import { binariesAvailable, locateBinaries } from "./assets.ts";
import { createAuthority } from "./certificates.ts";
import { type ControlPlane, startControlPlane } from "./control_plane.ts";
import { loopback } from "./ports.ts";
import { eventually, isRunning } from "./processes.ts";
import { SupervisorError } from "./supervisor_client.ts";
import { serviceAccountUser } from "./users.ts";
import { kubernetesVersion } from "./versions.ts";

const needsBinaries = { ignore: !binariesAvailable() };

const sharder = serviceAccountUser("sharding-system", "sharder");

/** Standard output of a kubectl that must succeed. */
async function kubectl(controlPlane: ControlPlane, args: readonly string[], stdin?: string): Promise<string> {
  const { code, stdout, stderr } = await controlPlane.kubectl(args, stdin === undefined ? {} : { stdin });
  assert.equal(code, 0, `kubectl ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

Deno.test(
  "a control plane serves users, controllers and webhooks, and survives a restart",
  needsBinaries,
  async (t) => {
    await using controlPlane = await startControlPlane({ users: [sharder] });

    await t.step("its certificate is verified by clients", async () => {
      const authorization = `Bearer ${controlPlane.admin.token}`;
      {
        using client = Deno.createHttpClient({ caCerts: [controlPlane.certificateAuthority] });
        const response = await fetch(`${controlPlane.server}/version`, { client, headers: { authorization } });
        const version: unknown = await response.json();
        assert.ok(typeof version === "object" && version !== null && "gitVersion" in version);
        if (Deno.env.get("KUBEBUILDER_ASSETS") === undefined) assert.equal(version.gitVersion, kubernetesVersion);
      }
      using stranger = Deno.createHttpClient({ caCerts: [(await createAuthority()).certificate] });
      await assert.rejects(fetch(`${controlPlane.server}/version`, { client: stranger }), (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(String(error.cause), /invalid peer certificate/);
        return true;
      });
    });

    await t.step("the administrator may do everything, in namespace default", async () => {
      assert.equal(await kubectl(controlPlane, ["auth", "can-i", "*", "*", "--all-namespaces"]), "yes");
      assert.equal(
        await kubectl(controlPlane, ["get", "serviceaccount", "default", "-o", "name"]),
        "serviceaccount/default",
      );
    });

    await t.step("a token user may do what RBAC grants, and no more", async () => {
      const whoami = await controlPlane.kubectl(["auth", "whoami", "-o", "jsonpath={.status.userInfo}"], {
        user: sharder.name,
      });
      assert.match(whoami.stdout, /system:serviceaccounts:sharding-system/);
      const list = ["get", "configmaps", "-o", "name"];
      assert.match((await controlPlane.kubectl(list, { user: sharder.name })).stderr, /Forbidden/);
      await kubectl(controlPlane, ["create", "rolebinding", "view", "--clusterrole=view", `--user=${sharder.name}`]);
      await eventually(
        "the role binding takes effect",
        async () => (await controlPlane.kubectl(list, { user: sharder.name })).code === 0,
      );
      assert.throws(() => controlPlane.user("nobody"), /name it in startControlPlane/);
    });

    await t.step("a user with a client certificate is known by it", async () => {
      const user = await controlPlane.certificateUser("jane, doe", ["team=a"]);
      const { stdout, stderr } = await controlPlane.kubectl(["auth", "whoami", "-o", "jsonpath={.status.userInfo}"], {
        user,
      });
      assert.match(stdout, /"jane, doe"/, stderr);
      assert.match(stdout, /"team=a"/);
    });

    await t.step("the garbage collector and the namespace controller work", async () => {
      await kubectl(controlPlane, ["create", "configmap", "owner"]);
      const uid = await kubectl(controlPlane, ["get", "configmap", "owner", "-o", "jsonpath={.metadata.uid}"]);
      const child = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "child", ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid }] },
      };
      await kubectl(controlPlane, ["create", "-f", "-"], JSON.stringify(child));
      await kubectl(controlPlane, ["delete", "configmap", "owner"]);
      await kubectl(controlPlane, ["wait", "--for=delete", "configmap/child", "--timeout=30s"]);
      await kubectl(controlPlane, ["create", "namespace", "other"]);
      await kubectl(controlPlane, ["delete", "namespace", "other", "--timeout=30s"]);
    });

    await t.step("a webhook on loopback is called by URL", async () => {
      const authority = await createAuthority();
      const { certificate, key } = await authority.issueServer([{ type: "ip", value: loopback }]);
      const patch = [{ op: "add", path: "/data", value: { seen: "yes" } }];
      await using server = Deno.serve(
        { hostname: loopback, port: 0, cert: certificate, key, onListen: () => {} },
        async (request) => {
          const review: unknown = await request.json();
          assert.ok(typeof review === "object" && review !== null && "request" in review);
          assert.ok(typeof review.request === "object" && review.request !== null && "uid" in review.request);
          return Response.json({
            apiVersion: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: {
              uid: review.request.uid,
              allowed: true,
              patchType: "JSONPatch",
              patch: btoa(JSON.stringify(patch)),
            },
          });
        },
      );
      const configuration = {
        apiVersion: "admissionregistration.k8s.io/v1",
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "test" },
        webhooks: [{
          name: "test.example.com",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          clientConfig: { url: `https://${loopback}:${server.addr.port}/`, caBundle: btoa(authority.certificate) },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }],
        }],
      };
      await kubectl(controlPlane, ["create", "-f", "-"], JSON.stringify(configuration));
      const dryRun = ["create", "configmap", "x", "--dry-run=server", "-o", "jsonpath={.data.seen}"];
      await eventually("the webhook is called", async () => await kubectl(controlPlane, dryRun) === "yes");
      await kubectl(controlPlane, ["delete", "mutatingwebhookconfiguration", "test"]);
    });

    await t.step("the API server restarts on the same port with what it stored", async () => {
      await kubectl(controlPlane, ["create", "configmap", "kept"]);
      for (const kill of [false, true]) {
        const before = controlPlane.pids;
        await controlPlane.stopApiServer({ kill });
        assert.ok(!isRunning(before["kube-apiserver"] ?? 0));
        assert.notEqual((await controlPlane.kubectl(["get", "configmap", "kept"])).code, 0);
        await controlPlane.startApiServer();
        assert.equal(await kubectl(controlPlane, ["get", "configmap", "kept", "-o", "name"]), "configmap/kept");
        assert.equal(controlPlane.pids.etcd, before.etcd);
        assert.equal(controlPlane.pids["kube-controller-manager"], before["kube-controller-manager"]);
      }
    });

    await t.step("logs() has the last lines of each component", async () => {
      const logs = await controlPlane.logs(undefined, 5);
      for (const name of ["etcd", "kube-apiserver", "kube-controller-manager"]) {
        assert.match(logs, new RegExp(`--- ${name}, last 5 lines`));
      }
    });
  },
);

Deno.test("several control planes run at once and know nothing of each other", needsBinaries, async () => {
  const options = { controllerManager: false };
  const starts = await Promise.all([startControlPlane(options), startControlPlane(options)]);
  await using first = starts[0];
  await using second = starts[1];
  assert.notEqual(first.server, second.server);
  assert.equal(first.pids["kube-controller-manager"], undefined);
  await kubectl(first, ["create", "namespace", "mine"]);
  assert.match((await second.kubectl(["get", "namespace", "mine"])).stderr, /not found/);
});

Deno.test(
  "startControlPlane() fails with the component's own words when it rejects a flag",
  needsBinaries,
  async () => {
    const flags = { "kube-apiserver": ["--no-such-flag"] };
    await assert.rejects(startControlPlane({ flags }), (error) => {
      assert.ok(error instanceof SupervisorError);
      assert.match(error.message, /kube-apiserver ended while it was starting/);
      assert.match(error.message, /no-such-flag/);
      return true;
    });
  },
);

Deno.test("startControlPlane() tries other ports when one is taken", needsBinaries, async () => {
  const folder = await Deno.makeTempDir();
  try {
    const binaries = locateBinaries();
    const etcd = `${folder}/etcd`;
    // Fails the first time, as etcd does when somebody listens on its port already.
    const script = `#!/bin/sh
if mkdir ${folder}/tried 2>/dev/null; then echo "listen tcp: bind: address already in use" >&2; exit 1; fi
exec ${binaries.etcd} "$@"
`;
    await Deno.writeTextFile(etcd, script, { mode: 0o755 });
    await using controlPlane = await startControlPlane({ binaries: { ...binaries, etcd }, controllerManager: false });
    assert.equal((await controlPlane.kubectl(["get", "namespaces"])).code, 0);
    assert.ok((await Deno.stat(`${folder}/tried`)).isDirectory);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (const milliseconds of [0, 600]) {
  Deno.test(
    `startControlPlane() gives up when its signal aborts ${milliseconds} ms after the call`,
    needsBinaries,
    async () => {
      const stop = new AbortController();
      const started = assert.rejects(startControlPlane({ signal: stop.signal }), /changed my mind/);
      const timer = setTimeout(() => stop.abort(new Error("changed my mind")), milliseconds);
      await started;
      clearTimeout(timer);
    },
  );
}
