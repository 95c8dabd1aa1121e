import assert from "node:assert/strict";
import { apiHandler } from "../../../../lib/apiserver/http/mod.ts";
import { tokenAuthentication } from "../../../../lib/apiserver/http/users.ts";
import { objectAt, stringAt } from "../../../../lib/apiserver/json.ts";
import type { JSONObject, JSONValue } from "../../../../lib/k8s/contract.ts";
import { isJsonObject } from "../../../../lib/k8s/errors.ts";
import { type Fixture, refusal, send, start } from "../fixture.ts";

const accounts = "/api/v1/namespaces/default/serviceaccounts";
const userReviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
const tokenReviews = "/apis/authentication.k8s.io/v1/tokenreviews";

interface Face extends Fixture {
  /** Sends a request over HTTP; an empty token: none. Answers code and body. */
  readonly http: (token: string, method: string, path: string, body?: JSONValue, headers?: HeadersInit) => Promise<
    { code: number; body: JSONObject }
  >;
}

async function face(): Promise<Face> {
  const fixture = start();
  const handler = apiHandler({
    server: fixture.server,
    authenticate: tokenAuthentication([{ username: "admin", groups: ["system:masters"], token: "admin" }, {
      username: "jane",
      token: "jane",
    }]),
    closing: new AbortController().signal,
  });
  await send(fixture.client, "POST", accounts, { metadata: { name: "robot" } });
  const http: Face["http"] = async (token, method, path, body, given) => {
    const headers = new Headers(given);
    headers.set("content-type", "application/json");
    if (token !== "") headers.set("authorization", `Bearer ${token}`);
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await handler(new Request(`https://127.0.0.1${path}`, init));
    const value: JSONValue = await response.json();
    return { code: response.status, body: isJsonObject(value) ? value : {} };
  };
  return { ...fixture, http, [Symbol.dispose]: () => fixture.server.close() };
}

/** A token of the service account `robot`. */
async function newToken({ client }: Fixture, spec: JSONObject = {}): Promise<string> {
  const answer = await send(client, "POST", `${accounts}/robot/token`, { spec });
  return isJsonObject(answer) ? stringAt(objectAt(answer, "status"), "token") : "";
}

function userOf({ body }: { body: JSONObject }): JSONObject {
  return objectAt(objectAt(body, "status"), "userInfo");
}

async function createPod({ client }: Fixture, name: string): Promise<void> {
  const spec = { serviceAccountName: "robot", containers: [{ name: "c", image: "i" }] };
  await send(client, "POST", "/api/v1/namespaces/default/pods", { metadata: { name }, spec });
}

Deno.test("a token of a service account makes its holder that account, with the pod that it is bound to", async () => {
  using server = await face();
  await createPod(server, "p");
  const boundObjectRef = { kind: "Pod", apiVersion: "v1", name: "p" };
  const found = userOf(await server.http(await newToken(server, { boundObjectRef }), "POST", userReviews, {}));
  assert.equal(found["username"], "system:serviceaccount:default:robot");
  assert.deepEqual(found["groups"], [
    "system:serviceaccounts",
    "system:serviceaccounts:default",
    "system:authenticated",
  ]);
  const extra = objectAt(found, "extra");
  assert.deepEqual(extra["authentication.kubernetes.io/pod-name"], ["p"]);
  assert.deepEqual(Object.keys(extra).sort(), [
    "authentication.kubernetes.io/credential-id",
    "authentication.kubernetes.io/pod-name",
    "authentication.kubernetes.io/pod-uid",
  ]);
});

Deno.test("a token has the claims of the real server, and servers of the same seed issue the same", async () => {
  using server = await face();
  using other = await face();
  const token = await newToken(server, { expirationSeconds: 600, audiences: ["a"] });
  assert.equal(await newToken(other, { expirationSeconds: 600, audiences: ["a"] }), token);
  const [, body = ""] = token.split(".");
  const claims = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(body, { alphabet: "base64url" })));
  assert.deepEqual(Object.keys(claims).sort(), ["aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub"]);
  assert.deepEqual([claims.aud, claims.exp - claims.iat], [["a"], 600]);
  assert.equal(claims["kubernetes.io"].serviceaccount.name, "robot");
  assert.equal((await server.http(token, "GET", "/api")).code, 401, "it is for others");
});

Deno.test("a token ends with its time, its account, and what it is bound to", async () => {
  using server = await face();
  const { client, clock, http } = server;
  const works = async (token: string): Promise<boolean> => (await http(token, "GET", "/api")).code === 200;
  await createPod(server, "p");
  await send(client, "POST", "/api/v1/namespaces/default/secrets", { metadata: { name: "s" } });
  const plain = await newToken(server);
  const brief = await newToken(server, { expirationSeconds: 600 });
  const ofPod = await newToken(server, { boundObjectRef: { kind: "Pod", apiVersion: "v1", name: "p" } });
  const ofSecret = await newToken(server, { boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "s" } });
  for (const token of [plain, brief, ofPod, ofSecret]) assert(await works(token));
  assert.equal(await works(`${plain.slice(0, -2)}aa`), false, "it is signed");
  await clock.advance(661_000);
  assert.equal(await works(brief), false);
  await send(client, "DELETE", "/api/v1/namespaces/default/pods/p");
  await createPod(server, "p");
  assert.equal(await works(ofPod), false, "it was another pod");
  await send(client, "DELETE", "/api/v1/namespaces/default/secrets/s");
  assert.equal(await works(ofSecret), false);
  assert(await works(plain));
  await send(client, "DELETE", `${accounts}/robot`);
  await send(client, "POST", accounts, { metadata: { name: "robot" } });
  assert.equal(await works(plain), false, "it was another account");
});

const refused: readonly (readonly [JSONObject, number, RegExp])[] = [
  [
    { expirationSeconds: 599 },
    422,
    /spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than/,
  ],
  [{ expirationSeconds: 2 ** 32 + 1 }, 422, /may not specify a duration larger than 2\^32 seconds/],
  [{ boundObjectRef: { kind: "Pod", name: "none" } }, 404, /^pods "none" not found$/],
  [{ boundObjectRef: { kind: "ConfigMap", apiVersion: "v1", name: "c" } }, 400, /of type \/v1, Kind=ConfigMap$/],
  [
    { boundObjectRef: { kind: "Pod", name: "p", uid: "other" } },
    409,
    /the UID in the bound object reference \(other\)/,
  ],
  [{ boundObjectRef: { kind: "Pod", name: "q" } }, 400, /to pod running with different serviceaccount name\.$/],
];

for (const [spec, code, message] of refused) {
  Deno.test(`no token is given for ${JSON.stringify(spec)}`, async () => {
    using server = await face();
    await createPod(server, "p");
    const other = { containers: [{ name: "c", image: "i" }] };
    await send(server.client, "POST", "/api/v1/namespaces/default/pods", { metadata: { name: "q" }, spec: other });
    const found = await refusal(newToken(server, spec));
    assert.equal(found.code, code);
    assert.match(found.message, message);
  });
}

Deno.test("a TokenReview knows the tokens of users and of service accounts, and says what is wrong with others", async () => {
  using server = await face();
  const review = async (token: string, audiences: string[] = []): Promise<JSONObject> => {
    const { code, body } = await server.http("admin", "POST", tokenReviews, { spec: { token, audiences } });
    assert.equal(code, 201);
    return objectAt(body, "status");
  };
  assert.equal(stringAt(objectAt(await review("jane"), "user"), "username"), "jane");
  const token = await newToken(server, { audiences: ["a", "b"] });
  assert.deepEqual((await review(token, ["b", "c"]))["audiences"], ["b"]);
  assert.deepEqual(await review("nobody"), { user: {}, error: "invalid bearer token" });
  assert.match(
    stringAt(await review(token), "error"),
    /token audiences \["a" "b"\] is invalid for the target audiences/,
  );
  await send(server.client, "DELETE", `${accounts}/robot`);
  const gone = '[invalid bearer token, serviceaccounts "robot" not found]';
  assert.equal((await review(token, ["a"]))["error"], gone);
  assert.equal((await server.http("jane", "POST", tokenReviews, { spec: { token } })).code, 403);
});

Deno.test("administrators may be taken for anybody, with groups, uid and what else is known of him", async () => {
  using server = await face();
  const found = await server.http("admin", "POST", userReviews, {}, [
    ["impersonate-user", "bob"],
    ["impersonate-group", "a"],
    ["impersonate-group", "b"],
    ["impersonate-uid", "7"],
    ["impersonate-extra-acme.com%2fproject", "p"],
  ]);
  assert.deepEqual(userOf(found), {
    username: "bob",
    uid: "7",
    groups: ["a", "b", "system:authenticated"],
    extra: { "acme.com/project": ["p"] },
  });
  const account = await server.http("admin", "POST", userReviews, {}, {
    "impersonate-user": "system:serviceaccount:default:robot",
  });
  assert.deepEqual(userOf(account)["groups"], [
    "system:serviceaccounts",
    "system:serviceaccounts:default",
    "system:authenticated",
  ]);
  const nobody = await server.http("admin", "GET", "/api", undefined, { "impersonate-group": "a" });
  assert.equal(nobody.code, 400);
  assert.match(
    stringAt(nobody.body, "message"),
    /Groups:\[\]string\{"a"\}, Extra:.* without impersonating a user name$/,
  );
  const anonymous = await server.http("admin", "GET", "/api", undefined, { "impersonate-user": "system:anonymous" });
  assert.equal(anonymous.code, 403);
});

async function grant({ client }: Fixture, ...rules: JSONObject[]): Promise<void> {
  const apiGroup = "rbac.authorization.k8s.io";
  await send(client, "POST", `/apis/${apiGroup}/v1/clusterroles`, { metadata: { name: "r" }, rules });
  await send(client, "POST", `/apis/${apiGroup}/v1/clusterrolebindings`, {
    metadata: { name: "r" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "r" },
    subjects: [{ kind: "User", apiGroup, name: "jane" }],
  });
}

Deno.test("others need the verb impersonate for the user and for all that they say of him", async () => {
  using server = await face();
  const be = (headers: HeadersInit): ReturnType<Face["http"]> => server.http("jane", "POST", userReviews, {}, headers);
  const before = await be({ "impersonate-user": "bob" });
  assert.match(stringAt(before.body, "message"), /User "jane" cannot impersonate-on:user-info:create resource/);
  await grant(server, { apiGroups: [""], resources: ["users"], resourceNames: ["bob"], verbs: ["impersonate"] });
  assert.equal((await be({ "impersonate-user": "bob" })).code, 201);
  assert.equal((await be({ "impersonate-user": "eve" })).code, 403);
  const group = await be({ "impersonate-user": "bob", "impersonate-group": "system:masters" });
  assert.equal(
    stringAt(group.body, "message"),
    'groups "system:masters" is forbidden: User "jane" cannot impersonate resource "groups" in API group "" at the ' +
      "cluster scope",
  );
});

Deno.test("impersonation can be constrained to some requests", async () => {
  using server = await face();
  const apiGroups = ["authentication.k8s.io"];
  await grant(
    server,
    { apiGroups, resources: ["users", "groups"], verbs: ["impersonate:user-info"] },
    { apiGroups, resources: ["selfsubjectreviews"], verbs: ["impersonate-on:user-info:create"] },
  );
  const bob = { "impersonate-user": "bob" };
  assert.equal((await server.http("jane", "POST", userReviews, {}, bob)).code, 201);
  assert.equal((await server.http("jane", "GET", "/api", undefined, bob)).code, 403);
  const masters = { ...bob, "impersonate-group": "system:masters" };
  const refusedMasters = await server.http("jane", "POST", userReviews, {}, masters);
  assert.match(stringAt(refusedMasters.body, "message"), /impersonating the system:masters group is not allowed$/);
});
