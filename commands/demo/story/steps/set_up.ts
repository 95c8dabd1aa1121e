import { pathOf } from "../../../../lib/k8s/api/resource.ts";
import { mutatingWebhookConfigurations } from "../../../../lib/k8s/kinds/admissionregistration.ts";
import { systemNamespace, webhookConfigurationName } from "../../../../lib/sharding/names.ts";
import { controllerRings } from "../../../../lib/sharding/ring_types.ts";
import { pods } from "../../../../lib/workloads/kinds/mod.ts";
import { lookAtPods, lookAtReadyLeases, lookAtRing, lookAtWebhook } from "../looks.ts";
import type { Step } from "../teller.ts";
import type { Look } from "../until_met.ts";
import { place } from "../world.ts";
import { ringSelector, showLeases, type StoryParts, within } from "./step_parts.ts";

/** What is there at the beginning. */
export function setUp({ world, hands }: StoryParts): Step {
  return {
    title: "The ControllerRing and its Leases",
    guide:
      "The sharder runs in namespace sharding-system, the example's three shards in namespace default. Each shard " +
      "announces itself by a Lease. The ring is Ready and counts three of them. For the ring's resources the sharder " +
      "has made a webhook configuration.",
    async run(teller, signal): Promise<void> {
      const sharders = "app.kubernetes.io/component=sharder";
      const shards = `app.kubernetes.io/component=${place.deployment}`;
      await teller.expect(
        "two ready sharders",
        within.pods,
        (signal) => lookAtPods(world, systemNamespace, sharders, 2, signal),
        signal,
      );
      await hands.show(["-n", systemNamespace, "get", "po"], [{ path: pathOf(pods, systemNamespace) }], [], signal);
      await teller.expect(
        "three ready shards",
        within.pods,
        (signal) => lookAtPods(world, place.namespace, shards, 3, signal),
        signal,
      );
      await hands.show(["get", "po"], [{ path: world.path(pods) }], [], signal);
      await teller.expect(
        "a ring that is Ready with 3 of 3 shards",
        within.settled,
        (signal) => lookAtRing(world, 3, signal),
        signal,
      );
      await hands.show(["get", "controllerring", place.ring], [{ path: pathOf(controllerRings) }], [], signal);
      await teller.expect(
        "three ready Leases",
        within.settled,
        (signal) => lookAtReadyLeases(world, 3, signal),
        signal,
      );
      await showLeases(hands, world, signal);
      const find = (signal: AbortSignal): Promise<Look> =>
        world.webhooks.find(webhookConfigurationName(place.ring), { signal }).then(lookAtWebhook);
      await teller.expect("the webhook configuration of the ring", within.settled, find, signal);
      await hands.show(
        ["get", mutatingWebhookConfigurations.plural, "-l", ringSelector],
        [{ path: pathOf(mutatingWebhookConfigurations), labelSelector: ringSelector }],
        [],
        signal,
      );
    },
  };
}
