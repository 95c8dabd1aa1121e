import type { Host, HostCommand, HostCommandResult } from "../../../../lib/k8s/kubeconfig/mod.ts";

/** What is on a machine that exists only in a test. Change it while the test runs. */
export interface FakeHost extends Host {
  readonly files: Map<string, string | Error>;
  readonly variables: Map<string, string>;
  /** Programs by path or name. */
  readonly programs: Map<string, (command: HostCommand) => HostCommandResult | Promise<HostCommandResult>>;
  /** All runs so far. */
  readonly runs: HostCommand[];
}

/** A machine with these files and environment variables. */
export function fakeHost(
  files: Record<string, string | Error> = {},
  variables: Record<string, string> = {},
  home: string | null = "/home/me",
): FakeHost {
  const runs: HostCommand[] = [];
  const host = {
    files: new Map(Object.entries(files)),
    variables: new Map(Object.entries(variables)),
    programs: new Map<string, (command: HostCommand) => HostCommandResult | Promise<HostCommandResult>>(),
    runs,
    home: home ?? undefined,
    env: (name: string) => host.variables.get(name),
    readTextFile(path: string): Promise<string | undefined> {
      const content = host.files.get(path);
      return content instanceof Error ? Promise.reject(content) : Promise.resolve(content);
    },
    async run(command: HostCommand): Promise<HostCommandResult | undefined> {
      host.runs.push(command);
      return await host.programs.get(command.program)?.(command);
    },
  };
  return host;
}
