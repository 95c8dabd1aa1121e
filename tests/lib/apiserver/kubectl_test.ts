import assert from "node:assert/strict";
import { delimiter, join } from "node:path";
import { serveApi } from "../../../lib/apiserver/http/mod.ts";
import { ApiServer } from "../../../lib/apiserver/mod.ts";
import { systemClock } from "../../../lib/util/clock/mod.ts";
import { systemRandom } from "../../../lib/util/random.ts";
import { accessSteps } from "./kubectl_access_steps.ts";
import { runStep, steps } from "./kubectl_steps.ts";
import { workloadSteps } from "./kubectl_workload_steps.ts";
import { startWatch } from "./kubectl_watch.ts";
import { isHunt } from "../../support/runs.ts";

/** The kubectl that this machine has, of whatever version. */
function findKubectl(): string | undefined {
  for (const folder of (Deno.env.get("PATH") ?? "").split(delimiter)) {
    const path = join(folder, "kubectl");
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) throw error;
    }
  }
  return undefined;
}

const kubectl = findKubectl();

Deno.test(
  "this machine's kubectl gets along with the in-memory API server",
  { ignore: kubectl === undefined },
  async (t) => {
    const program = kubectl ?? "";
    using server = new ApiServer({ clock: systemClock, random: systemRandom });
    await using listener = await serveApi(server);
    const folder = await Deno.makeTempDir();
    await using cleanUp = new globalThis.AsyncDisposableStack();
    cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
    const config = join(folder, "kubeconfig");
    const cache = join(folder, "cache");
    await Deno.writeTextFile(config, listener.kubeconfig());
    // Each starts a kubectl; kubectl_cluster_test.ts takes all of them, beside the real server.
    for (const step of isHunt ? [...steps, ...workloadSteps, ...accessSteps] : steps.slice(0, 28)) {
      await t.step(`kubectl ${step.args.slice(0, 3).join(" ")}`, async () => {
        const { code, output } = await runStep(program, config, cache, step);
        assert.match(output, step.prints);
        assert.equal(code, step.code ?? 0, output);
      });
    }
    await t.step("kubectl get -w --output-watch-events", async () => {
      await using watch = startWatch(program, config, cache);
      const direct = server.client();
      const secrets = "/api/v1/namespaces/default/secrets";
      // Over HTTP, so that each takes its time.
      await watch.ready((attempt) =>
        runStep(program, config, cache, {
          args: ["create", "secret", "generic", `probe-${attempt}`],
          prints: /created/,
        })
      );
      const bodyJson = { metadata: { name: "seen", labels: { a: "b" } }, data: { k: "dg==" } };
      await direct.performRequest({ method: "POST", path: secrets, bodyJson });
      await direct.performRequest({ method: "DELETE", path: `${secrets}/seen` });
      const lines = await watch.until(/^DELETED +seen/);
      assert.match(lines[0] ?? "", /^EVENT +NAME +TYPE +DATA +AGE +LABELS$/);
      const seen = lines.filter((line) => / seen /.test(line));
      assert.match(seen[0] ?? "", /^ADDED +seen +Opaque +1 +\d+s +a=b$/);
      assert.match(seen[1] ?? "", /^DELETED +seen +Opaque +1 +\d+s +a=b$/);
    });
  },
);
