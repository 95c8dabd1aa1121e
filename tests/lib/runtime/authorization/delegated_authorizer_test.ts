import assert from "node:assert/strict";
import { ApiServer } from "../../../../lib/apiserver/mod.ts";
import type { JSONValue, RequestOptions, RestClient } from "../../../../lib/k8s/contract.ts";
import { ConnectionError, isJsonObject } from "../../../../lib/k8s/errors.ts";
import { authorized, DelegatedAuthorizer } from "../../../../lib/runtime/authorization/mod.ts";
import type { DelegatedAuthorizerOptions } from "../../../../lib/runtime/authorization/mod.ts";
import type { Logger } from "../../../../lib/util/log.ts";
import { VirtualClock } from "../../../../lib/util/clock/mod.ts";
import { seededRandom } from "../../../../lib/util/random.ts";

interface Scene extends Disposable {
  readonly clock: VirtualClock;
  readonly admin: RestClient;
  /** Paths of the questions that the API server was asked. */
  readonly asked: string[];
  readonly logs: string[];
  /** What happens to questions; undefined: they are answered. */
  fail: Error | undefined;
  /** Questions wait for this. */
  hold: Promise<void> | undefined;
  readonly authorizer: DelegatedAuthorizer;
  readonly tokenOf: (account: string) => Promise<string>;
  readonly get: (token: string | undefined, path?: string, method?: string) => Promise<[number, string]>;
}

async function post(client: RestClient, path: string, body: JSONValue): Promise<JSONValue> {
  return await client.performRequest({ method: "POST", path, bodyJson: body, expectJson: true });
}

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const accounts = "/api/v1/namespaces/monitoring/serviceaccounts";

/** An API server in which the account `prometheus` may get /metrics, and `nobody` may nothing. */
async function scene(options: Partial<DelegatedAuthorizerOptions> = {}): Promise<Scene> {
  const clock = new VirtualClock();
  const server = new ApiServer({ clock, random: seededRandom(1) });
  const admin = server.client();
  await post(admin, "/api/v1/namespaces", { metadata: { name: "monitoring" } });
  for (const name of ["prometheus", "nobody"]) await post(admin, accounts, { metadata: { name } });
  const rules = [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }];
  await post(admin, `${rbac}/clusterroles`, { metadata: { name: "metrics-reader" }, rules });
  await post(admin, `${rbac}/clusterrolebindings`, {
    metadata: { name: "metrics-reader" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "metrics-reader" },
    subjects: [{ kind: "ServiceAccount", name: "prometheus", namespace: "monitoring" }],
  });
  const asked: string[] = [];
  const logs: string[] = [];
  const client = server.client({
    intercept: async (request: RequestOptions, next) => {
      asked.push(request.path);
      await made.hold;
      if (made.fail !== undefined) throw made.fail;
      return await next(request);
    },
  });
  const note = (message: string, properties: Record<string, unknown> = {}): void => {
    logs.push(`${message} ${JSON.stringify(properties)}`);
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note, with: () => logger };
  const authorizer = new DelegatedAuthorizer({ client, clock, logger, ...options });
  const handle = authorized(() => new Response("secret"), authorizer);
  const made: Scene = {
    clock,
    admin,
    asked,
    logs,
    fail: undefined,
    hold: undefined,
    authorizer,
    tokenOf: async (account) => {
      const answer = await post(admin, `${accounts}/${account}/token`, { spec: {} });
      const status = isJsonObject(answer) ? answer["status"] : undefined;
      return isJsonObject(status) ? String(status["token"]) : "";
    },
    get: async (token, path = "/metrics", method = "GET") => {
      const headers = new Headers(token === undefined ? {} : { authorization: token });
      const response = await handle(new Request(`https://127.0.0.1${path}?a=b`, { method, headers }));
      return [response.status, await response.text()];
    },
    [Symbol.dispose]: () => server.close(),
  };
  return made;
}

Deno.test("who may look is decided by the API server", async () => {
  using at = await scene();
  const [prometheus, nobody] = [await at.tokenOf("prometheus"), await at.tokenOf("nobody")];
  const denied = (name: string): [number, string] => [
    403,
    `Authorization denied for user system:serviceaccount:monitoring:${name}\n`,
  ];
  const table: readonly (readonly [string, string | undefined, string, string, [number, string]])[] = [
    ["no token", undefined, "/metrics", "GET", [401, "Unauthorized\n"]],
    ["another scheme", `Basic ${prometheus}`, "/metrics", "GET", [401, "Unauthorized\n"]],
    ["an empty token", "Bearer ", "/metrics", "GET", [401, "Unauthorized\n"]],
    ["a token that is none", "Bearer nonsense", "/metrics", "GET", [401, "Unauthorized\n"]],
    ["a changed token", `Bearer ${prometheus}x`, "/metrics", "GET", [401, "Unauthorized\n"]],
    ["a good one", `Bearer ${prometheus}`, "/metrics", "GET", [200, "secret"]],
    ["the scheme in lower case", `bearer ${prometheus}`, "/metrics", "GET", [200, "secret"]],
    ["another method", `Bearer ${prometheus}`, "/metrics", "POST", denied("prometheus")],
    ["another path", `Bearer ${prometheus}`, "/debug/pprof/heap", "GET", denied("prometheus")],
    ["a path below", `Bearer ${prometheus}`, "/metrics/", "GET", denied("prometheus")],
    ["a user without rights", `Bearer ${nobody}`, "/metrics", "GET", denied("nobody")],
  ];
  for (const [what, token, path, method, wanted] of table) {
    assert.deepEqual(await at.get(token, path, method), wanted, what);
  }
});

Deno.test("an API server that does not answer is a 500, is not remembered, and no token comes into the log", async () => {
  using at = await scene();
  const token = await at.tokenOf("prometheus");
  at.fail = new ConnectionError("connection refused");
  assert.deepEqual(await at.get(`Bearer ${token}`), [500, "Authentication failed\n"]);
  at.fail = undefined;
  assert.equal((await at.get(`Bearer ${token}`))[0], 200);
  at.fail = new ConnectionError("connection refused");
  assert.deepEqual(await at.get(`Bearer ${token}`, "/other"), [500, "Authorization failed\n"]);
  assert.equal(at.logs.length, 2);
  assert.ok(at.logs.every((line) => !line.includes(token)));
});

Deno.test("a review that takes too long is a 500", async () => {
  using at = await scene({ timeout: 1_000 });
  const token = await at.tokenOf("prometheus");
  const hanging = Promise.withResolvers<void>();
  at.hold = hanging.promise;
  const answer = at.get(`Bearer ${token}`);
  await at.clock.advance(1_000);
  hanging.resolve();
  assert.equal((await answer)[0], 500);
});

Deno.test("a token is remembered for a minute, an allowance for five, a refusal for half a one", async () => {
  using at = await scene();
  const [prometheus, nobody] = [`Bearer ${await at.tokenOf("prometheus")}`, `Bearer ${await at.tokenOf("nobody")}`];
  const questions = async (token: string): Promise<string[]> => {
    at.asked.length = 0;
    await at.get(token);
    return at.asked.map((path) => path.split("/").at(-1) ?? "");
  };
  assert.deepEqual(await questions(prometheus), ["tokenreviews", "subjectaccessreviews"]);
  assert.deepEqual(await questions(nobody), ["tokenreviews", "subjectaccessreviews"]);
  assert.deepEqual(await questions("Bearer nonsense"), ["tokenreviews"]);
  await at.clock.advance(29_999);
  for (const token of [prometheus, nobody, "Bearer nonsense"]) assert.deepEqual(await questions(token), []);
  await at.clock.advance(1);
  assert.deepEqual(await questions(nobody), ["subjectaccessreviews"]);
  await at.clock.advance(30_000);
  assert.deepEqual(await questions(prometheus), ["tokenreviews"]);
  assert.deepEqual(await questions("Bearer nonsense"), ["tokenreviews"]);
  await at.clock.advance(240_000);
  assert.deepEqual(await questions(prometheus), ["tokenreviews", "subjectaccessreviews"]);
});

Deno.test("the same question is asked once at a time, and floods are turned away", async () => {
  using at = await scene({ concurrency: 2 });
  const token = `Bearer ${await at.tokenOf("prometheus")}`;
  const go = Promise.withResolvers<void>();
  at.hold = go.promise;
  const answers = [at.get(token), at.get(token), at.get("Bearer a")];
  const [status] = await at.get("Bearer b");
  assert.equal(status, 503);
  go.resolve();
  assert.deepEqual((await Promise.all(answers)).map(([code]) => code), [200, 200, 401]);
  assert.deepEqual(at.asked.map((path) => path.split("/").at(-1)), [
    "tokenreviews",
    "tokenreviews",
    "subjectaccessreviews",
  ]);
});

Deno.test("as many tokens as anybody sends, few are remembered", async () => {
  using at = await scene({ capacity: 2 });
  for (const token of ["a", "b", "c"]) await at.get(`Bearer ${token}`);
  at.asked.length = 0;
  await at.get("Bearer c");
  assert.equal(at.asked.length, 0);
  await at.get("Bearer a");
  assert.equal(at.asked.length, 1);
});
