import assert from "node:assert/strict";
import { secretName } from "../../controllers/certificates/certificate_secret.ts";
import type { JSONValue } from "../../lib/k8s/contract.ts";
import { isJsonObject } from "../../lib/k8s/errors.ts";
import { secrets } from "../../mod.ts";
import { rollover } from "./certificates.ts";
import { withInstall } from "./circumstances.ts";
import { intercept } from "./defects/requests.ts";
import { play } from "./run.ts";
import { scenarioNamed } from "./scenarios.ts";

const scenario = scenarioNamed("certificate rollover");

Deno.test("the certificate rollover of the simulation is one: two authorities are trusted before the certificate changes", async () => {
  const seen: { readonly at: number; readonly authorities: number; readonly serving: string }[] = [];
  const { violations } = await play(scenario.history, {
    endings: false,
    circumstances: withInstall(scenario, (stage) =>
      stage.server.observe(secrets, (_previous, next) => {
        if (next?.metadata.name !== secretName) return;
        const bundle = atob(next.data?.["ca.crt"] ?? "");
        const authorities = bundle.split("BEGIN CERTIFICATE").length - 1;
        seen.push({ at: stage.clock.monotonic(), authorities, serving: next.data?.["tls.crt"] ?? "" });
      })),
  });
  assert.deepEqual(violations, []);
  const [both, switched, ...more] = seen;
  assert.ok(both !== undefined && switched !== undefined && more.length === 0, `${seen.length} changes`);
  assert.deepEqual([both.authorities, switched.authorities], [2, 2]);
  assert.notEqual(both.serving, switched.serving);
  assert.ok(both.at >= rollover && switched.at >= both.at + 300_000, `${both.at} ${switched.at}`);
});

Deno.test("the simulation finds out when the API server is told to trust somebody else", async () => {
  const { violations } = await play(scenario.history, {
    endings: false,
    untilFound: true,
    circumstances: withInstall(scenario, (stage) => {
      intercept("sharder-", (request, next) => {
        const { bodyJson, path } = request;
        if (!path.includes("/mutatingwebhookconfigurations/") || !isJsonObject(bodyJson)) return next(request);
        const changed: JSONValue = JSON.parse(
          JSON.stringify(bodyJson).replace(/"caBundle":"[^"]+"/g, '"caBundle":"bm9uZQ=="'),
        );
        return next(isJsonObject(changed) ? { ...request, bodyJson: changed } : request);
      })(stage);
      return { [Symbol.dispose]: () => undefined };
    }),
  });
  assert.match(violations.map(({ message }) => message).join("\n"), /does not trust a certificate that is in use/);
});
