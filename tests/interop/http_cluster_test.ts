import { systemClock } from "../../lib/util/clock/mod.ts";
import { LogsByTest } from "../integration/stages/captured_logs.ts";
import { HttpStage, issueWebhookCertificate } from "../integration/stages/http.ts";
import { goMembersAvailable, showGoMembers } from "./support/go_members.ts";

// Go's client gets along with that server; what hurts shards is between them and the sharder, and shown on the real one.
Deno.test("shards in Go are members of a ring on the API server in memory", {
  ignore: !goMembersAvailable(),
}, async (t) => {
  const logs = new LogsByTest();
  await logs.capture(systemClock);
  await logs.run(async (lines) => {
    await using stage = await HttpStage.start(await issueWebhookCertificate(), lines);
    await showGoMembers(t, stage, false);
  });
});
