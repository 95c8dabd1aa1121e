import assert from "node:assert/strict";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { createRestClient } from "../../../../lib/k8s/client/mod.ts";
import { Discovery, UnknownResourceError } from "../../../../lib/k8s/discovery.ts";
import { ApiError, isConflict, isInvalid, isUnauthorized } from "../../../../lib/k8s/errors.ts";
import {
  type ClusterAccess,
  denoHost,
  loadClusterAccess,
  staticCredentials,
} from "../../../../lib/k8s/kubeconfig/mod.ts";
import { configMaps, secrets } from "../../../../lib/k8s/kinds/core.ts";
import { systemClock as clock } from "../../../../lib/util/clock/mod.ts";
import { systemRandom as random } from "../../../../lib/util/random.ts";
import { binariesAvailable } from "../../../controlplane/assets.ts";
import { startControlPlane } from "../../../controlplane/control_plane.ts";

const transports: readonly (readonly [string, (access: ClusterAccess) => ClusterAccess])[] = [
  ["HTTP/2", (access) => access],
  ["HTTP/1.1", (access) => ({ ...access, disableHttp2: true })],
  ["a tls-server-name", (access) => ({ ...access, tlsServerName: "kubernetes.default.svc" })],
  ["no verification", ({ certificateAuthority: _, ...access }) => ({ ...access, insecureSkipTlsVerify: true })],
];

Deno.test("the client works with a real API server", { ignore: !binariesAvailable() }, async (t) => {
  await using controlPlane = await startControlPlane({ controllerManager: false });
  const load = (kubeconfig: string): Promise<ClusterAccess> =>
    loadClusterAccess({ host: denoHost, clock, flags: { kubeconfig } });
  await t.step("many watches at once leave room for other requests", async () => {
    using client = createRestClient({ config: await load(controlPlane.kubeconfig), clock, random });
    const api = new Api(client, configMaps, { namespace: "default" });
    const controller = new AbortController();
    const { signal } = controller;
    // The API server takes at most 100 requests at a time on one HTTP/2 connection.
    const open = new Set<unknown>();
    const watches = Array.from({ length: 120 }, async () => {
      const events = await api.watch({ sendInitialEvents: true, signal });
      await assert.rejects(async () => {
        for await (const event of events) {
          if (event.type === "BOOKMARK" && event.initialEventsEnd) open.add(events);
        }
      }, /enough/);
    });
    while (open.size < watches.length) await api.list({ limit: 1 });
    controller.abort(new Error("enough"));
    await Promise.all(watches);
  });

  const users = {
    token: controlPlane.admin,
    certificate: await controlPlane.certificateUser("somebody", ["system:masters"]),
  };

  for (const [credentials, { kubeconfigPath }] of Object.entries(users)) {
    for (const [name, change] of transports) {
      await t.step(`over ${name}, with a ${credentials}: write, watch, read, delete`, async () => {
        using client = createRestClient({ config: change(await load(kubeconfigPath)), clock, random });
        const api = new Api(client, configMaps, { namespace: "default", fieldManager: "test" });
        const controller = new AbortController();
        const { signal } = controller;
        const selector = { labelSelector: "app in (test)" };
        const events = await api.watch({ ...selector, sendInitialEvents: true, signal });
        const metadata = { name: "one", labels: { app: "test" } };
        const created = await api.create({ metadata, data: { a: "1" } });
        await api.patch("one", { type: "merge", patch: { data: { a: "2" } } });
        await assert.rejects(api.replace(created), isConflict);
        const operations = [{ op: "test", path: "/data/a", value: "3" }] as const;
        await assert.rejects(api.patch("one", { type: "json", operations }), isInvalid);
        await api.apply({ metadata, data: { a: "4" } }, { force: true });
        const pages = await Array.fromAsync(api.asMetadata().pages({ ...selector, limit: 1 }));
        assert.deepEqual(pages.flatMap(({ items }) => items.map((item) => item.metadata.name)), ["one"]);
        await api.deleteCollection(selector);
        const seen: string[] = [];
        await assert.rejects(async () => {
          for await (const event of events) {
            if (event.type === "BOOKMARK") continue;
            seen.push(`${event.type} ${event.object.data?.["a"]}`);
            if (event.type === "DELETED") controller.abort(new Error("enough"));
          }
        }, /enough/);
        assert.deepEqual(seen, [
          "ADDED 1",
          "MODIFIED 2",
          "MODIFIED 4",
          "DELETED 4",
        ]);
      });
    }
  }

  await t.step("discovery finds resources and names those that are missing", async () => {
    using client = createRestClient({ config: await load(controlPlane.kubeconfig), clock, random });
    const discovery = new Discovery(client, { clock });
    const deployments = await discovery.resourceFor({ group: "apps", resource: "deployments" });
    assert.deepEqual([deployments.version, deployments.kind, deployments.namespaced], ["v1", "Deployment", true]);
    assert.ok(deployments.verbs.includes("watch"));
    assert.equal((await discovery.resourceFor({ group: "", resource: "namespaces" })).namespaced, false);
    await assert.rejects(discovery.resourceFor({ group: "sharding.example", resource: "rings" }), UnknownResourceError);
  });

  await t.step("refusals say which request and why", async () => {
    const access = await load(controlPlane.kubeconfig);
    using client = createRestClient({ config: access, clock, random });
    await assert.rejects(new Api(client, secrets, { namespace: "default" }).get("no"), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.message, 'GET /api/v1/namespaces/default/secrets/no: NotFound (404): secrets "no" not found');
      return true;
    });
    const credentials = staticCredentials({ authorization: "Bearer wrong" });
    using stranger = createRestClient({ config: { ...access, credentials }, clock, random });
    await assert.rejects(new Api(stranger, secrets).list(), isUnauthorized);
  });
});
