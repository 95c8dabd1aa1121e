import assert from "node:assert/strict";
import type { Cluster } from "../../../commands/common/parts.ts";
import { ShutdownRequest } from "../../../commands/common/shutdown.ts";
import { sharder } from "../../../commands/sharder/mod.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { namespaces, secrets } from "../../../lib/k8s/kinds/core.ts";
import { controllerRings } from "../../../lib/sharding/ring_types.ts";
import { seededRandom } from "../../../lib/util/random.ts";
import { fakeParts } from "../common/fake_parts.ts";

const quiet = "health: { bindAddress: '0' }\nmetrics: { bindAddress: '0' }\n";

interface Outcome {
  /** The authorities in the Secret; undefined where there is none. */
  readonly issued: string | undefined;
  /** What the ring's webhook configuration has API servers trust. */
  readonly caBundle: string | undefined;
}

/** Runs the command until a ring has its webhook configuration. */
async function runWith(webhookConfig: string, files: Readonly<Record<string, string | Error>> = {}): Promise<Outcome> {
  const stop = new AbortController();
  const findCluster = (): Promise<Cluster> =>
    Promise.resolve({
      description: "a test",
      namespace: "default",
      open: ({ userAgent }) =>
        server.client({
          userAgent,
          intercept: (request, next) => request.path === "/version" ? Promise.resolve({ major: "1" }) : next(request),
        }),
    });
  const config = `${quiet}webhook: { server: { bindAddress: "0", certDir: /certs }, config: ${webhookConfig} }`;
  const { parts, clock } = fakeParts({
    findCluster,
    readTextFile: (path) => {
      const content = path === "sharder.yaml" ? config : files[path];
      return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
    },
  });
  const server = new ApiServer({ clock, random: seededRandom(3) });
  await new Api(server.client(), namespaces).create({ metadata: { name: "sharding-system" } });
  await new Api(server.client(), controllerRings).create({ metadata: { name: "ring" }, spec: {} });
  let isDone = false;
  void sharder(["--config=sharder.yaml"], parts, stop.signal).then(() => isDone = true);
  const configurations = new Api(server.client(), mutatingWebhookConfigurations);
  await clock.advanceUntil(async () => await configurations.find("controllerring-ring") !== undefined, 20_000);
  const configuration = await configurations.get("controllerring-ring");
  const secret = await new Api(server.client(), secrets, { namespace: "sharding-system" })
    .find("sharder-webhook-certificate");
  stop.abort(new ShutdownRequest("asked to shut down"));
  await clock.advanceUntil(() => isDone, 60_000);
  server.close();
  return { issued: secret?.data?.["ca.crt"], caBundle: configuration.webhooks?.[0]?.clientConfig.caBundle };
}

Deno.test("without any certificate the sharder issues one, and has API servers trust it", async () => {
  const { issued, caBundle } = await runWith("{}");
  assert.ok(issued !== undefined);
  assert.equal(caBundle, issued);
});

Deno.test("the sharder issues none where a file is there, also one that cannot be read", async () => {
  for (const files of [{ "/certs/tls.crt": "x" }, { "/certs/tls.key": "x" }, { "/certs/tls.key": new Error("no") }]) {
    assert.deepEqual(await runWith("{}", files), { issued: undefined, caBundle: undefined });
  }
});

Deno.test("the sharder issues none where the configuration names an authority", async () => {
  assert.deepEqual(await runWith("{ clientConfig: { caBundle: Q0E= } }"), { issued: undefined, caBundle: "Q0E=" });
});

Deno.test("the sharder issues none, and writes no CA bundle, where somebody injects it", async () => {
  const annotations = "annotations: { cert-manager.io/inject-ca-from: sharding-system/webhook-server }";
  const nothing = { issued: undefined, caBundle: undefined };
  assert.deepEqual(await runWith(`{ ${annotations} }`), nothing);
  assert.deepEqual(await runWith(`{ ${annotations}, clientConfig: { caBundle: Q0E= } }`), nothing);
});
