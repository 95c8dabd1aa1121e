import type { JSONObject } from "../../../lib/k8s/contract.ts";
import { type BindAddress, formatBindAddress } from "../../../lib/util/bind_address.ts";
import { formatDuration } from "../../../lib/util/duration.ts";
import type { SharderConfig } from "./sharder_config.ts";

/** A configuration as a file that means the same, with all defaults written out. */
export function formatSharderConfig(config: SharderConfig): JSONObject {
  const { leaderElection, clientConnection, controller: { sharder, leases }, webhook: { server, config: webhook } } =
    config;
  const { leaseDuration, renewDeadline, retryPeriod, ...election } = leaderElection;
  const { syncPeriod, drainDeadline, ...limits } = sharder;
  const { namespaces, joinWindow, settleWindow, massLossHold } = leases;
  return {
    apiVersion: "config.sharding.timebertt.dev/v1alpha1",
    kind: "SharderConfig",
    clientConnection: { ...clientConnection },
    leaderElection: {
      ...election,
      resourceLock: "leases",
      leaseDuration: formatDuration(leaseDuration),
      renewDeadline: formatDuration(renewDeadline),
      retryPeriod: formatDuration(retryPeriod),
    },
    debugging: { ...config.debugging },
    health: { bindAddress: addressText(config.health) },
    metrics: { bindAddress: addressText(config.metrics) },
    controller: {
      sharder: {
        ...limits,
        syncPeriod: formatDuration(Number.isFinite(syncPeriod) ? syncPeriod : 0),
        drainDeadline: formatDuration(drainDeadline),
      },
      leases: {
        ...(namespaces === undefined ? {} : { namespaces: [...namespaces] }),
        joinWindow: formatDuration(joinWindow),
        settleWindow: formatDuration(settleWindow),
        massLossHold,
      },
    },
    webhook: {
      server: { ...server, bindAddress: addressText(server.bindAddress) },
      // Only plain data, so that YAML writes no anchors.
      config: JSON.parse(JSON.stringify(webhook)),
    },
    gracefulShutDown: formatDuration(config.gracefulShutdown),
  };
}

function addressText(address: BindAddress | undefined): string {
  return address === undefined ? "0" : formatBindAddress(address);
}
