import assert from "node:assert/strict";
import { mutatingWebhookConfigurations } from "../../../lib/k8s/kinds/admissionregistration.ts";
import { webhookConfigurationName } from "../../../lib/sharding/names.ts";
import { InMemoryStage } from "../../integration/stages/in_memory.ts";
import { World } from "../../integration/world.ts";

const injection = "cert-manager.io/inject-ca-from";

/** The CA bundle in the webhook configuration of the world's ring. */
async function caBundleOf(world: World): Promise<string | undefined> {
  const found = await world.api(mutatingWebhookConfigurations).find(webhookConfigurationName(world.name));
  return found?.webhooks?.[0]?.clientConfig.caBundle;
}

for (const writer of ["the sharder", "somebody else"] as const) {
  const what = writer === "the sharder" ? "goes" : "stays";
  Deno.test(`a CA bundle that ${writer} has written ${what} when certificates come in files`, async () => {
    await using stage = await InMemoryStage.start();
    await using world = new World(stage, "ring");
    await world.setUp();
    const first = world.startSharder("sharder-a", { issuesCertificates: writer === "the sharder" });
    await world.isReady(0);
    const api = world.api(mutatingWebhookConfigurations);
    if (writer === "the sharder") {
      await world.eventually("it is there", async () => await caBundleOf(world) !== undefined);
    } else {
      const name = webhookConfigurationName(world.name);
      const operations = [{
        op: "add",
        path: "/webhooks/0/clientConfig/caBundle",
        value: btoa("an authority"),
      }] as const;
      await api.patch(name, { type: "json", operations: [...operations] }, { fieldManager: "somebody" });
    }
    await first.stop();
    world.startSharder("sharder-b");
    await world.consistently("time passes", () => true, 20_000);
    assert.equal(await caBundleOf(world) === undefined, writer === "the sharder");
    const mark = world.mark;
    await world.consistently("time passes", () => true, 60_000);
    assert.deepEqual(world.writes(mark), []);
  });
}

Deno.test("an annotation that had the CA injected goes with the setting", async () => {
  await using stage = await InMemoryStage.start();
  await using world = new World(stage, "ring");
  await world.setUp();
  const annotations = { [injection]: "sharding-system/webhook-server" };
  const first = world.startSharder("sharder-a", { webhookAnnotations: annotations });
  await world.isReady(0);
  const annotation = async (): Promise<string | undefined> => {
    const found = await world.api(mutatingWebhookConfigurations).get(webhookConfigurationName(world.name));
    return found.metadata.annotations?.[injection];
  };
  assert.equal(await annotation(), annotations[injection]);
  await first.stop();
  world.startSharder("sharder-b");
  await world.eventually("it is gone", async () => await annotation() === undefined, 20_000);
});
