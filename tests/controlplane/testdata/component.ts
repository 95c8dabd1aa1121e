/**
 * Stands in for a server in the tests of the supervisor. Arguments: a file, a name and a behaviour. It appends a line
 * to the file when it starts and when it is told to end, and serves its port when the name is followed by one.
 */
const [file = "", name = "", behaviour = "polite", port = "0"] = Deno.args;

function note(event: string): void {
  Deno.writeTextFileSync(file, `${name} ${event}\n`, { append: true });
}

const held = setInterval(() => {}, 60_000);
Deno.addSignalListener("SIGTERM", () => {
  note("term");
  if (behaviour === "stubborn") return;
  clearInterval(held);
  Deno.exit(0);
});
Deno.stderr.writeSync(new TextEncoder().encode(`${name} says hello\n`));
if (behaviour === "broken") {
  Deno.stderr.writeSync(new TextEncoder().encode(`${name} cannot find its config\n`));
  Deno.exit(3);
}
Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => note("up") }, () => new Response("ok"));
