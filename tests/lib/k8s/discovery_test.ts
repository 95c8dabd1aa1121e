import assert from "node:assert/strict";
import type { JSONValue, RequestOptions } from "../../../lib/k8s/contract.ts";
import { Discovery, UnknownResourceError } from "../../../lib/k8s/discovery.ts";
import { ApiError, ConnectionError } from "../../../lib/k8s/errors.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { accessTo, clientOf, serve } from "./support/server.ts";

const secrets = { group: "", resource: "secrets" };
const websites = { group: "webhosting.timebertt.dev", resource: "websites" };

function aggregatedResource(resource: string, kind: string, scope: string, verbs: string[]): JSONValue {
  return { resource, responseKind: { group: "", version: "", kind }, scope, verbs };
}

/** What a server of the given kind answers; `installed` says whether Websites exist. */
function documents(kind: "aggregated" | "plain", installed: boolean): Record<string, JSONValue> {
  const verbs = ["list", "patch", "watch"];
  if (kind === "aggregated") {
    const group = {
      metadata: { name: websites.group },
      versions: [
        { version: "v2", resources: [aggregatedResource("themes", "Theme", "Cluster", verbs)] },
        { version: "v1", resources: [aggregatedResource("websites", "Website", "Namespaced", verbs)] },
      ],
    };
    const core = {
      metadata: { name: "" },
      versions: [{ version: "v1", resources: [aggregatedResource("secrets", "Secret", "Namespaced", verbs)] }],
    };
    return {
      "/api": { kind: "APIGroupDiscoveryList", items: [core] },
      "/apis": { kind: "APIGroupDiscoveryList", items: installed ? [group] : [] },
    };
  }
  const base = `/apis/${websites.group}`;
  const group = {
    name: websites.group,
    versions: [{ version: "v1" }, { version: "v2" }],
    preferredVersion: { version: "v2" },
  };
  return {
    "/api": { kind: "APIVersions", versions: ["v1"] },
    "/api/v1": {
      resources: [
        { name: "secrets", kind: "Secret", namespaced: true, verbs },
        { name: "secrets/status", kind: "Other", namespaced: true, verbs },
      ],
    },
    "/apis": { kind: "APIGroupList", groups: installed ? [group] : [] },
    [`${base}/v1`]: { resources: [{ name: "websites", kind: "Website", namespaced: true, verbs }] },
    [`${base}/v2`]: { resources: [{ name: "themes", kind: "Theme", namespaced: false, verbs }] },
  };
}

/** A server of discovery documents that remembers what it was asked. */
function discoveryServer(kind: "aggregated" | "plain"): {
  handler: Deno.ServeHandler;
  requests: string[];
  accepts: (string | null)[];
  state: { installed: boolean; failing: boolean };
} {
  const requests: string[] = [];
  const accepts: (string | null)[] = [];
  const state = { installed: true, failing: false };
  return {
    requests,
    accepts,
    state,
    handler: (request) => {
      const { pathname } = new URL(request.url);
      requests.push(pathname);
      accepts.push(request.headers.get("accept"));
      const document = documents(kind, state.installed)[pathname];
      if (state.failing) return new Response("down", { status: 500 });
      return document === undefined ? new Response(null, { status: 404 }) : Response.json(document);
    },
  };
}

for (const kind of ["aggregated", "plain"] as const) {
  Deno.test(`resourceFor() knows kind, version and scope from ${kind} documents, and asks once`, async () => {
    const { handler, requests } = discoveryServer(kind);
    await using server = serve(handler);
    using client = clientOf(accessTo(server.url));
    const clock = new VirtualClock();
    const discovery = new Discovery(client, { clock });
    const [secret, website, theme] = await Promise.all([
      discovery.resourceFor(secrets),
      discovery.resourceFor(websites),
      discovery.resourceFor({ ...websites, resource: "themes" }),
    ]);
    const { is: _, ...fields } = website;
    assert.deepEqual(fields, {
      group: websites.group,
      version: "v1",
      plural: "websites",
      kind: "Website",
      namespaced: true,
      verbs: ["list", "patch", "watch"],
    });
    assert.deepEqual([secret.kind, secret.version, secret.namespaced], ["Secret", "v1", true]);
    assert.deepEqual([theme.kind, theme.version, theme.namespaced], ["Theme", "v2", false]);
    const asked = requests.length;
    assert.equal(new Set(requests).size, asked);
    await discovery.resourceFor(websites);
    assert.equal(requests.length, asked);
    assert.equal(clock.pending, 0);
  });

  Deno.test(`resourceFor() finds with ${kind} documents what was installed later, some seconds after it failed`, async () => {
    const { handler, requests, state } = discoveryServer(kind);
    state.installed = false;
    await using server = serve(handler);
    using client = clientOf(accessTo(server.url));
    const clock = new VirtualClock();
    const discovery = new Discovery(client, { clock, refreshInterval: 5_000 });
    await assert.rejects(discovery.resourceFor(websites), (error) => {
      assert.ok(error instanceof UnknownResourceError);
      assert.deepEqual(error.resource, websites);
      assert.match(error.message, /"websites\.webhosting\.timebertt\.dev": is its CustomResourceDefinition installed/);
      return true;
    });
    state.installed = true;
    await clock.advance(4_999);
    const before = requests.length;
    await assert.rejects(discovery.resourceFor(websites), UnknownResourceError);
    assert.equal(requests.length, before);
    await clock.advance(1);
    assert.equal((await discovery.resourceFor(websites)).kind, "Website");
  });
}

for (const kind of ["aggregated", "plain"] as const) {
  Deno.test(`forget() has resourceFor() ask again with ${kind} documents`, async () => {
    const { handler, requests, state } = discoveryServer(kind);
    await using server = serve(handler);
    using client = clientOf(accessTo(server.url));
    const discovery = new Discovery(client, { clock: new VirtualClock() });
    await discovery.resourceFor(websites);
    const before = requests.length;
    state.installed = false;
    await discovery.resourceFor(websites);
    assert.equal(requests.length, before);
    discovery.forget(websites);
    await assert.rejects(discovery.resourceFor(websites), UnknownResourceError);
  });
}

Deno.test("resourceFor() asks for the aggregated documents first", async () => {
  const { handler, accepts } = discoveryServer("aggregated");
  await using server = serve(handler);
  using client = clientOf(accessTo(server.url));
  await new Discovery(client, { clock: new VirtualClock() }).resourceFor(secrets);
  assert.deepEqual(accepts, ["application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"]);
});

Deno.test("resourceFor() passes on that the server cannot be asked, and tries again at once", async () => {
  const { handler, state } = discoveryServer("aggregated");
  state.failing = true;
  await using server = serve(handler);
  using client = clientOf(accessTo(server.url));
  const discovery = new Discovery(client, { clock: new VirtualClock() });
  await assert.rejects(discovery.resourceFor(secrets), ApiError);
  state.failing = false;
  assert.equal((await discovery.resourceFor(secrets)).kind, "Secret");
});

Deno.test("resourceFor() ends one caller's wait with its signal and goes on for the others", async () => {
  const release = Promise.withResolvers<JSONValue>();
  let signal: AbortSignal | undefined;
  const clock = new VirtualClock();
  const discovery = new Discovery(
    {
      performRequest(opts: RequestOptions): Promise<never> {
        signal = opts.abortSignal;
        return release.promise.then(() => Promise.reject(new ConnectionError("gone")));
      },
      [Symbol.dispose]: () => undefined,
    },
    { clock },
  );
  const controller = new AbortController();
  const first = assert.rejects(discovery.resourceFor(secrets, controller.signal), /enough/);
  const second = assert.rejects(discovery.resourceFor(secrets), /gone/);
  controller.abort(new Error("enough"));
  await first;
  assert.equal(signal?.aborted, false);
  release.resolve(null);
  await second;
  assert.equal(clock.pending, 0);
});
