import assert from "node:assert/strict";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { Api } from "../../../lib/k8s/api/api.ts";
import { DiscreetClient, withoutObject } from "../../../lib/k8s/discreet_client.ts";
import { ApiError, isForbidden, isInvalid, type StatusCause } from "../../../lib/k8s/errors.ts";
import { secrets } from "../../../lib/k8s/kinds/core.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../lib/util/random.ts";

const omitted = "(further words are left out, as they may quote the object)";

/** The server's words as they are told on. */
function told(code: number, message: string, causes: readonly StatusCause[] = []): string {
  return withoutObject(new ApiError("PATCH /foo", { code, reason: "Reason", message, causes })).message
    .replace(`PATCH /foo: Reason (${code}): `, "");
}

Deno.test.each([
  [
    422,
    'Website.example.com "foo" is invalid: spec.password: Invalid value: "hunter2": too short',
    `Website.example.com "foo" is invalid ${omitted}`,
  ],
  [400, 'admission webhook "a.b" denied the request: hunter2', `admission webhook "a.b" denied the request ${omitted}`],
  [
    422,
    `secrets "foo" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: hunter2`,
    `secrets "foo" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request ${omitted}`,
  ],
  [500, 'admission webhook "a.b" denied the request: hunter2', `admission webhook "a.b" denied the request ${omitted}`],
  [403, 'pods "foo" is forbidden: violates PodSecurity: hunter2', `pods "foo" is forbidden ${omitted}`],
  [400, "error decoding patch: ...|hunter2|...", `the object was refused ${omitted}`],
])("withoutObject() leaves out what a refusal with %i may quote", (code, message, expected) => {
  assert.equal(told(code, message), expected);
});

Deno.test.each([
  [403, 'secrets "foo" is forbidden: User "sharder" cannot patch resource "secrets" in API group ""'],
  [404, 'secrets "foo" not found'],
  [409, 'Operation cannot be fulfilled on secrets "foo": the object has been modified'],
  [429, "too many requests"],
  [500, 'failed calling webhook "a.b": connection refused'],
])("withoutObject() keeps the words of an answer with %i that quote nothing", (code, message) => {
  assert.equal(told(code, message), message);
});

Deno.test("withoutObject() names the fields, without what is said of them", () => {
  const causes = [
    { field: "spec.password", reason: "FieldValueInvalid", message: 'Invalid value: "hunter2"' },
    { field: "spec.password", reason: "FieldValueTooLong" },
    { message: "hunter2" },
  ];
  const status = { code: 422, reason: "Invalid", message: 'Website "foo" is invalid: hunter2', causes };
  const error = withoutObject(new ApiError("PATCH /foo", status));
  assert.equal(error.status.message, `Website "foo" is invalid for spec.password ${omitted}`);
  assert.doesNotMatch(JSON.stringify([error.message, error.status, error.stack]), /hunter2/);
  assert.ok(isInvalid(error));
});

Deno.test("a DiscreetClient passes answers on as they are, and other errors too", async () => {
  using server = new ApiServer({ clock: new VirtualClock(), random: seededRandom(1) }).client();
  const api = new Api(new DiscreetClient(server), secrets, { namespace: "default" });
  await api.create({ metadata: { name: "foo" }, data: { password: "aHVudGVyMg==" } });
  assert.deepEqual((await api.get("foo")).data, { password: "aHVudGVyMg==" });
  await assert.rejects(api.get("bar"), /secrets "bar" not found/);
  const invalid = api.patch("foo", { type: "merge", patch: { metadata: { labels: { a: "hunter2!" } } } });
  await assert.rejects(invalid, (error) => isInvalid(error) && !/hunter2/.test(`${error.message} ${error.stack}`));
  await assert.rejects(invalid, /Secret "foo" is invalid for metadata\.labels/);
  assert.equal(isForbidden(await invalid.catch((error) => error)), false);
});
