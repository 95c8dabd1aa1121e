import pMap from "p-map";
import { systemClock } from "../../lib/util/clock/mod.ts";
import { LogsByTest } from "./stages/captured_logs.ts";
import { HttpStage, issueWebhookCertificate } from "./stages/http.ts";
import { show, shownWith } from "./suite.ts";
import { all } from "./suite/all.ts";

/** How many behaviours are shown at a time. They wait most of the time. */
const concurrency = Number(Deno.env.get("CONC") ?? 10);

Deno.test("over HTTP", async (t) => {
  const certificate = await issueWebhookCertificate();
  const logs = new LogsByTest();
  await logs.capture(systemClock);
  await pMap(shownWith(all, HttpStage.abilities), async ({ behaviour, number }) => {
    await t.step({
      name: behaviour.name,
      // Several at a time: what one of them leaves behind, the test as a whole sees.
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
      fn: () =>
        logs.run(async (lines) => {
          await using stage = await HttpStage.start(certificate, lines);
          await show(behaviour, stage, number);
        }),
    });
  }, { concurrency });
});
