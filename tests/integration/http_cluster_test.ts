import { systemClock } from "../../lib/util/clock/mod.ts";
import { runAsLoadAllows } from "./busy_machine.ts";
import { LogsByTest } from "./stages/captured_logs.ts";
import { HttpStage, issueWebhookCertificate } from "./stages/http.ts";
import { show, shownWith } from "./suite.ts";
import { all } from "./suite/all.ts";

// It needs no binaries, but time: with real sockets it runs in real time, so it is with the tests that do.
Deno.test("on the API server in memory, over HTTPS", async (t) => {
  const certificate = await issueWebhookCertificate();
  const logs = new LogsByTest();
  await logs.capture(systemClock);
  const showings = shownWith(all, HttpStage.abilities).map(({ behaviour, number }) => ({
    name: behaviour.name,
    run: () =>
      logs.run(async (lines) => {
        await using stage = await HttpStage.start(certificate, lines);
        await show(behaviour, stage, number);
      }),
  }));
  // Several at a time, as they wait most of the time; the steps come after that, one by one as steps have to.
  const outcomes = await runAsLoadAllows(showings.map(({ run }) => run));
  for (const [index, { name, run }] of showings.entries()) {
    const outcome = outcomes[index];
    await t.step(name, async () => {
      if (outcome?.type !== "failed") return;
      // Who gets no time loses its Lease, and that is right so: once more, with nothing else beside it.
      if (!outcome.starved) throw outcome.error;
      await run();
    });
  }
});
