import assert from "node:assert/strict";
import { type ComponentConfig, readComponentConfig } from "../../../lib/runtime/component_config.ts";
import { Fields } from "../../../lib/util/fields.ts";

const defaults: ComponentConfig = {
  leaderElection: {
    leaderElect: true,
    leaseDuration: 15_000,
    renewDeadline: 10_000,
    retryPeriod: 2_000,
    resourceName: "sharder",
    resourceNamespace: "sharding-system",
  },
  clientConnection: {},
  health: { hostname: "", port: 8081 },
  metrics: undefined,
  gracefulShutdown: 15_000,
};

function read(document: unknown): { config: ComponentConfig; problems: string[] } {
  const problems: string[] = [];
  return { config: readComponentConfig(new Fields(document, "", problems), defaults), problems };
}

Deno.test("readComponentConfig() keeps the defaults where nothing is said", () => {
  assert.deepEqual(read({}), { config: defaults, problems: [] });
  assert.deepEqual(read({ leaderElection: null, health: {} }), { config: defaults, problems: [] });
  assert.deepEqual(read({ health: { bindAddress: "" } }), { config: defaults, problems: [] });
});

Deno.test("readComponentConfig() reads every common field", () => {
  const { config, problems } = read({
    leaderElection: {
      leaderElect: true,
      leaseDuration: "1m",
      renewDeadline: "40s",
      retryPeriod: "500ms",
      resourceLock: "leases",
      resourceName: "other",
      resourceNamespace: "default",
    },
    clientConnection: { qps: 12.5, burst: 30 },
    health: { bindAddress: "0" },
    metrics: { bindAddress: "127.0.0.1:9090" },
    gracefulShutDown: "-1s",
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(config, {
    leaderElection: {
      leaderElect: true,
      leaseDuration: 60_000,
      renewDeadline: 40_000,
      retryPeriod: 500,
      resourceName: "other",
      resourceNamespace: "default",
    },
    clientConnection: { qps: 12.5, burst: 30 },
    health: undefined,
    metrics: { hostname: "127.0.0.1", port: 9090 },
    gracefulShutdown: -1_000,
  });
});

Deno.test("readComponentConfig() takes limits of 0 and less for no limit", () => {
  assert.deepEqual(read({ clientConnection: { qps: 0, burst: -1 } }), { config: defaults, problems: [] });
});

Deno.test("readComponentConfig() names the path of each problem", () => {
  const cases: [unknown, RegExp[]][] = [
    [{ leaderElection: { leaseDuration: "5s" } }, [
      /^leaderElection\.leaseDuration: must be longer than renewDeadline/,
    ]],
    [{ leaderElection: { renewDeadline: "2400ms" } }, [
      /^leaderElection\.renewDeadline: must be longer than 1.2 times/,
    ]],
    [{ leaderElection: { retryPeriod: "0" } }, [/^leaderElection\.retryPeriod: must be longer than 0/]],
    [{ leaderElection: { retryPeriod: 2 } }, [/^leaderElection\.retryPeriod: must be a duration/]],
    [{ leaderElection: { resourceLock: "endpoints" } }, [/^leaderElection\.resourceLock: must be one of "leases"/]],
    [{ leaderElection: { resourceName: "" } }, [/^leaderElection\.resourceName: must not be empty/]],
    [
      { leaderElection: { leaseDuration: "900ms", renewDeadline: "600ms", retryPeriod: "100ms" } },
      [/^leaderElection\.leaseDuration: must be at least 1s/],
    ],
    [{ clientConnection: { qps: "many" } }, [/^clientConnection\.qps: must be a number/]],
    [{ health: { bindAddress: "8081" } }, [/^health\.bindAddress: "8081" is no address to listen on/]],
    [{ gracefulShutDown: "soon", metrics: [] }, [
      /^metrics: must be an object/,
      /^gracefulShutDown: must be a duration/,
    ]],
  ];
  for (const [document, expected] of cases) {
    const { problems } = read(document);
    assert.equal(problems.length, expected.length, problems.join("; "));
    expected.forEach((pattern, index) => assert.match(problems[index] ?? "", pattern));
  }
});

Deno.test("readComponentConfig() does not check the times of an election that is off", () => {
  assert.deepEqual(read({ leaderElection: { leaderElect: false, leaseDuration: "1s" } }).problems, []);
});
