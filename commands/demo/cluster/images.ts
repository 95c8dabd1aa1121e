import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { InvalidObjectError, isJsonObject } from "../../../lib/k8s/errors.ts";
import type { JSONObject, JSONValue } from "../../../lib/k8s/contract.ts";
import type { ImageContext, Images, ResolvedImage } from "../../../lib/workloads/node/pod/images.ts";

const main = fileURLToPath(new URL("../../../main.ts", import.meta.url));
const loopback = "127.0.0.1";

/** The environment that our commands look at, and what their packages ask for. */
const variables = [
  "KUBECONFIG",
  "KUBERNETES_SERVICE_HOST",
  "KUBERNETES_SERVICE_PORT",
  "POD_NAME",
  "LEADER_ELECT",
  "DISABLE_HTTP2",
  "HOME",
  "TMPDIR",
  "NO_COLOR",
  "FORCE_COLOR",
  "CLICOLOR_FORCE",
  // Of the YAML parser.
  "LOG_TOKENS",
  "LOG_STREAM",
  // Of proxies.
  "NO_PROXY",
  "no_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
];

/**
 * What images mean to the demo: our own commands, each with no more permissions than it needs.
 * @param execPath the Deno to run them with. @param server URL of the API server that they talk to.
 */
export function demoImages(execPath: string, server: string): Images {
  const run = (command: string, context: ImageContext, appended: readonly string[]): ResolvedImage =>
    withCommand(command, execPath, [...new Set([loopback, new URL(server).hostname])], context, appended);
  return {
    known: ["sharder", "checksum-controller"],
    resolve: async (image, context) => {
      const command = image.replace(/^.*\//, "").replace(/[:@].*$/, "");
      if (command === "sharder") return run(command, context, await sharderArguments(context));
      if (command === "checksum-controller") return run(command, context, []);
      return undefined;
    },
  };
}

function withCommand(
  command: string,
  execPath: string,
  hosts: readonly string[],
  { mounts, folder }: ImageContext,
  appended: readonly string[],
): ResolvedImage {
  const readable = [folder, ...mounts.map(({ hostPath }) => hostPath)];
  return {
    command: [
      execPath,
      "run",
      "--no-prompt",
      // The demo has loaded and checked all of it already.
      "--cached-only",
      `--allow-net=${hosts.join(",")}`,
      `--allow-read=${readable.join(",")}`,
      `--allow-env=${variables.join(",")}`,
      "--allow-sys=hostname",
      // Smaller steps of the garbage collector: less memory for many small processes.
      "--v8-flags=--max-semi-space-size=2",
      main,
      command,
    ],
    env: { NO_COLOR: "1" },
    appended: ["--zap-encoder=console", ...appended],
  };
}

/**
 * The sharder's configuration names ports and paths as in a container; here all pods share the machine's, so it gets one
 * of its own with those that it was given.
 */
async function sharderArguments({ ports, mounts, folder }: ImageContext): Promise<readonly string[]> {
  const hostPath = (path: string): string | undefined => mounts.find(({ mountPath }) => mountPath === path)?.hostPath;
  const config = hostPath("/etc/controller-sharding/config");
  if (config === undefined) throw new InvalidObjectError("the sharder's pod mounts no configuration");
  const document: JSONValue = parse(await Deno.readTextFile(join(config, "config.yaml")));
  const root = objectOf(document);
  const webhook = objectOf(root["webhook"]);
  const adapted = {
    ...root,
    health: { ...objectOf(root["health"]), bindAddress: `${loopback}:${ports["health"]}` },
    metrics: { bindAddress: ports["metrics"] === undefined ? "0" : `${loopback}:${ports["metrics"]}` },
    webhook: {
      ...webhook,
      server: {
        ...objectOf(webhook["server"]),
        bindAddress: `${loopback}:${ports["webhook"]}`,
        certDir: hostPath("/etc/controller-sharding/webhook-server") ?? dirname(config),
      },
    },
  };
  const file = join(folder, "sharder.yaml");
  await Deno.writeTextFile(file, stringify(adapted), { mode: 0o600 });
  return ["--config", file];
}

function objectOf(value: JSONValue): JSONObject {
  return isJsonObject(value) ? value : {};
}
