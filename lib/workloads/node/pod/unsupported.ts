import type { Container, Pod } from "../../kinds/mod.ts";
import { probesOf } from "./pod_ports.ts";

const knownVolumes = ["configMap", "secret", "emptyDir", "downwardAPI", "projected"];
const knownProjections = ["configMap", "secret", "downwardAPI", "serviceAccountToken"];

/**
 * What a pod asks for that a node of local processes cannot give, one sentence each. Requests and limits, security
 * contexts and host names are passed over: a process simply runs as the user who runs the node.
 */
export function unsupportedFeatures({ spec }: Pod): readonly string[] {
  return [
    ...(spec.volumes ?? []).flatMap((volume) => {
      const { name, ...source } = volume;
      return [
        ...Object.keys(source).filter((kind) => !knownVolumes.includes(kind))
          .map((kind) => `volume ${name} of type ${kind}: this node knows ${knownVolumes.join(", ")}`),
        ...(volume.projected?.sources ?? []).flatMap((each) => Object.keys(each))
          .filter((kind) => !knownProjections.includes(kind))
          .map((kind) => `volume ${name} projects ${kind}: this node knows ${knownProjections.join(", ")}`),
      ];
    }),
    ...(spec.initContainers ?? []).flatMap((container) => [
      ...(container.restartPolicy === undefined ? [] : [`init container ${container.name} is a sidecar`]),
      ...ofContainer(container),
    ]),
    ...spec.containers.flatMap(ofContainer),
  ];
}

function ofContainer(container: Container): readonly string[] {
  const { name, lifecycle } = container;
  const { preStop, postStart } = lifecycle ?? {};
  const probeKinds = new Set(
    probesOf(container).flatMap((probe) => [probe.exec && "exec", probe.grpc && "gRPC"]).filter((kind) =>
      typeof kind === "string"
    ),
  );
  return [
    ...[...probeKinds].map((kind) =>
      `container ${name} has a probe of type ${kind}: this node knows httpGet, tcpSocket`
    ),
    ...(postStart === undefined ? [] : [`container ${name} has a postStart hook`]),
    ...(preStop === undefined || preStop.sleep !== undefined
      ? []
      : [`container ${name} has a preStop hook other than sleep`]),
    ...(container.volumeMounts ?? []).filter((mount) => mount.subPathExpr !== undefined)
      .map((mount) => `container ${name} mounts ${mount.name} with a subPathExpr`),
  ];
}
