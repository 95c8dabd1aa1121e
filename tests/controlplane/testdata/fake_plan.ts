import { fileURLToPath } from "node:url";
import { freePorts, loopback } from "../ports.ts";
import type { Plan } from "../supervisor_protocol.ts";

const script = fileURLToPath(new URL("component.ts", import.meta.url));

/** A plan with stand-in components (see component.ts) which note what happens to them in the file `record`. */
export function fakePlan(
  folder: string,
  record: string,
  components: readonly (readonly [name: string, behaviour: "polite" | "stubborn" | "broken"])[],
): Plan {
  const ports = freePorts(components.length);
  return {
    folder,
    files: { "hello.txt": "hello" },
    certificateAuthority: "",
    stopGrace: 300,
    components: components.map(([name, behaviour], index) => {
      const port = ports[index] ?? 0;
      return {
        name,
        command: Deno.execPath(),
        args: ["run", "--no-config", "-A", script, record, name, behaviour, `${port}`],
        probes: [{ url: `http://${loopback}:${port}/` }],
        ports: [port],
      };
    }),
  };
}
