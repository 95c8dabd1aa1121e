/** A process to be killed: starts a control plane, prints its pids, port and folder, and waits. */
import { startControlPlane } from "../control_plane.ts";

const { pids, folder, server } = await startControlPlane();
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ pids, folder, port: new URL(server).port })}\n`));
await new Promise(() => setInterval(() => {}, 60_000));
