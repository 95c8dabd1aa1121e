/**
 * A server for a process that may have few files open, for a test. Says what it logs; a second passes with each line
 * that it reads, and it stops when there are no more.
 */
import { startHttpServer } from "../../../lib/runtime/http_server.ts";
import { VirtualClock } from "../../../lib/util/clock/mod.ts";
import { configureLogging } from "../../../lib/util/log.ts";

function say(text: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const clock = new VirtualClock();
await configureLogging({ format: "text", level: "info", clock, write: (line) => say(line.trimEnd()) });
const handler = (): Response => new Response("hello");
const server = startHttpServer({ name: "crowded", address: { hostname: "127.0.0.1", port: 0 }, handler, clock });
say(server.address.port);
for await (const _line of Deno.stdin.readable) {
  await clock.advance(1_000);
  say("a second later");
}
await server.close(1_000);
say(`closed, timers: ${clock.pending}`);
Deno.exit();
