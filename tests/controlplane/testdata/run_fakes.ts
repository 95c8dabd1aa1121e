/** A process to be killed: starts two stand-in components under a supervisor, prints their pids and waits. */
import { SupervisorClient } from "../supervisor_client.ts";
import { fakePlan } from "./fake_plan.ts";

const [folder = "", record = ""] = Deno.args;
const plan = fakePlan(folder, record, [["first", "polite"], ["second", "polite"]]);
const supervisor = new SupervisorClient([Deno.execPath()], folder);
const { pids } = await supervisor.request({ do: "run", plan });
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ ...pids, supervisor: supervisor.pid })}\n`));
await new Promise(() => setInterval(() => {}, 60_000));
