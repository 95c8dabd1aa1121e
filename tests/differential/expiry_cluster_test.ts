import assert from "node:assert/strict";
import { objectAt, stringAt } from "../../lib/apiserver/json.ts";
import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { binariesAvailable } from "../controlplane/assets.ts";
import { type Face, isWatching, type WireAnswer, type WireRequest } from "./face.ts";
import { MemoryFace } from "./memory_face.ts";
import { Normalizer } from "./normalize.ts";
import { RealFace } from "./real_face.ts";

const path = "/api/v1/namespaces/default/secrets";

function get(query: Record<string, string>): WireRequest {
  return { method: "GET", path, query: new URLSearchParams(query) };
}

async function write(face: Face, method: "POST" | "PUT", name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, type: `example.com/${method}` });
  const place = method === "POST" ? path : `${path}/${name}`;
  const { code } = await face.send({ method, path: place, query: new URLSearchParams(), body });
  assert(code < 300, `${method} ${name}: ${code}`);
}

function metadataOf({ body }: WireAnswer, field: "continue" | "resourceVersion"): string {
  return isJsonObject(body) ? stringAt(objectAt(body, "metadata"), field) : "";
}

/** Names of the objects in a list, and whether it goes on; or the whole refusal. */
function outline(answer: WireAnswer): JSONValue {
  const { code, body } = answer;
  if (!isJsonObject(body) || !Array.isArray(body["items"])) return [code, new Normalizer().normalize(body)];
  const names = body["items"].map((item) => isJsonObject(item) ? stringAt(objectAt(item, "metadata"), "name") : "");
  return [code, names, metadataOf(answer, "continue") !== ""];
}

async function watched(face: Face, version: string): Promise<JSONValue> {
  const watch = await face.watch(get({ watch: "true", resourceVersion: version }));
  if (!isWatching(watch)) return [watch.code, new Normalizer().normalize(watch.body)];
  await watch.reach(1);
  await watch.stop();
  return watch.events.map((event) => new Normalizer().normalize(event));
}

/** What is answered about states that were forgotten. */
async function story(face: Face): Promise<readonly JSONValue[]> {
  for (const name of ["a", "b", "c", "d"]) await write(face, "POST", name);
  const first = await face.send(get({ limit: "2" }));
  const [token, version] = [metadataOf(first, "continue"), metadataOf(first, "resourceVersion")];
  await write(face, "POST", "e");
  await write(face, "POST", "bb");
  const before = [first, await face.send(get({ limit: "2", continue: token }))];
  await face.compact();
  const late = await face.send(get({ limit: "2", continue: token }));
  const rest = await face.send(get({ limit: "2", continue: metadataOf(late, "continue") }));
  const answers = [
    ...before,
    late,
    rest,
    await face.send(get({ limit: "2", continue: metadataOf(rest, "continue") })),
    await face.send(get({ resourceVersion: version, resourceVersionMatch: "Exact" })),
    await face.send(get({ resourceVersion: version, limit: "2" })),
    await face.send(get({ resourceVersion: version, resourceVersionMatch: "NotOlderThan" })),
    await face.send(get({ resourceVersion: version })),
  ];
  return [...answers.map(outline), await watched(face, version)];
}

/** Versions are numbers of the server's own. */
function withoutVersions(values: readonly JSONValue[]): JSONValue {
  return JSON.parse(JSON.stringify(values).replaceAll(/\b\d{2,}\b(?=[ )])/g, "N"));
}

Deno.test({
  name: "lists, pages and watches from states that were compacted are answered as by the real server",
  ignore: !binariesAvailable(),
  async fn(): Promise<void> {
    await using real = await RealFace.start();
    await using memory = new MemoryFace();
    const answers = withoutVersions(await story(real));
    assert.deepEqual(withoutVersions(await story(memory)), answers);
    // Both could be wrong in the same way.
    assert.match(JSON.stringify(answers), /^\[\[200,\["a","b"\],true\],\[200,\["c","d"\],false\],\[410,/);
  },
});
