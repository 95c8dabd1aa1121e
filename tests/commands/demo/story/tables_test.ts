import assert from "node:assert/strict";
import { commandText } from "../../../../commands/demo/story/hands.ts";
import { getTables } from "../../../../commands/demo/story/tables.ts";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import { Api } from "../../../../lib/k8s/api/api.ts";
import { secrets } from "../../../../lib/k8s/kinds/core.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";

const signal = new AbortController().signal;

Deno.test("getTables() prints collections as kubectl get does, with the columns of -L", async () => {
  using server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) });
  const client = server.client();
  const api = new Api(client, secrets, { namespace: "default" });
  await api.create({ metadata: { name: "foo", labels: { "example.org/team": "a" } }, type: "Opaque" });
  await api.create({ metadata: { name: "longer-name" }, type: "Opaque", data: { x: "eA==" } });
  const path = "/api/v1/namespaces/default/secrets";
  assert.equal(
    await getTables(client, [{ path, prefix: "secret/" }], ["example.org/team"], signal),
    "NAME                 TYPE     DATA   AGE   TEAM\n" +
      "secret/foo           Opaque   0      0s    a\n" +
      "secret/longer-name   Opaque   1      0s\n",
  );
  const one = await getTables(client, [{ path, labelSelector: "example.org/team=a" }], [], signal);
  assert.equal(one, "NAME   TYPE     DATA   AGE\nfoo    Opaque   0      0s\n");
  const object = await getTables(client, [{ path: `${path}/foo` }], [], signal);
  assert.equal(object, one);
});

Deno.test("commandText() quotes what a shell would take apart", () => {
  assert.equal(commandText(["get", "po", "-l", "a=b"]), "kubectl get po -l a=b");
  assert.equal(commandText(["create", "secret", "it's $HOME"]), "kubectl create secret 'it'\\''s $HOME'");
});
