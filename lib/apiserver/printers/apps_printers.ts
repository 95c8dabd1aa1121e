import type { JSONObject } from "../../k8s/contract.ts";
import { objectAt, objectsAt, stringAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { containersOf, labelsText, none, numberAt, selectorText } from "./cells.ts";
import { ageColumn, column, nameColumn, type Printer, wideColumn } from "./column.ts";

const containers = wideColumn("Containers", "Names of the containers");
const images = wideColumn("Images", "Images of the containers");
const selector = wideColumn("Selector", "Which pods belong to it");

function nameOf(object: JSONObject): string {
  return stringAt(objectAt(object, "metadata"), "name");
}

/** Deployments. */
export const deploymentPrinter: Printer = {
  columns: [
    nameColumn,
    column("Ready", "Pods that are ready, of those that are wanted"),
    column("Up-to-date", "Pods of the newest template"),
    column("Available", "Pods that have been ready for long enough"),
    ageColumn,
    containers,
    images,
    selector,
  ],
  cells: (object, now) => {
    const status = objectAt(object, "status");
    const spec = objectAt(object, "spec");
    return [
      nameOf(object),
      `${numberAt(status, "readyReplicas")}/${numberAt(spec, "replicas")}`,
      numberAt(status, "updatedReplicas"),
      numberAt(status, "availableReplicas"),
      ageOf(object, now),
      ...containersOf(object),
      selectorText(objectAt(spec, "selector")),
    ];
  },
};

/** ReplicaSets. */
export const replicaSetPrinter: Printer = {
  columns: [
    nameColumn,
    column("Desired", "Pods that are wanted", "integer"),
    column("Current", "Pods that there are", "integer"),
    column("Ready", "Pods that are ready", "integer"),
    ageColumn,
    containers,
    images,
    selector,
  ],
  cells: (object, now) => {
    const status = objectAt(object, "status");
    const spec = objectAt(object, "spec");
    return [
      nameOf(object),
      numberAt(spec, "replicas"),
      numberAt(status, "replicas"),
      numberAt(status, "readyReplicas"),
      ageOf(object, now),
      ...containersOf(object),
      selectorText(objectAt(spec, "selector")),
    ];
  },
};

/** StatefulSets. */
export const statefulSetPrinter: Printer = {
  columns: [
    nameColumn,
    column("Ready", "Pods that are ready, of those that are wanted"),
    ageColumn,
    containers,
    images,
  ],
  cells: (object, now) => [
    nameOf(object),
    `${numberAt(objectAt(object, "status"), "readyReplicas")}/${numberAt(objectAt(object, "spec"), "replicas")}`,
    ageOf(object, now),
    ...containersOf(object),
  ],
};

/** DaemonSets. */
export const daemonSetPrinter: Printer = {
  columns: [
    nameColumn,
    column("Desired", "Nodes that shall run a pod", "integer"),
    column("Current", "Nodes that run one", "integer"),
    column("Ready", "Nodes whose pod is ready", "integer"),
    column("Up-to-date", "Nodes whose pod is of the newest template", "integer"),
    column("Available", "Nodes whose pod has been ready for long enough", "integer"),
    column("Node Selector", "Labels of the nodes that shall run a pod"),
    ageColumn,
    containers,
    images,
    selector,
  ],
  cells: (object, now) => {
    const status = objectAt(object, "status");
    const spec = objectAt(object, "spec");
    const pod = objectAt(objectAt(spec, "template"), "spec");
    return [
      nameOf(object),
      ...[
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
      ]
        .map((field) => numberAt(status, field)),
      labelsText(objectAt(pod, "nodeSelector")),
      ageOf(object, now),
      ...containersOf(object),
      selectorText(objectAt(spec, "selector")),
    ];
  },
};

/** ControllerRevisions. */
export const controllerRevisionPrinter: Printer = {
  columns: [
    nameColumn,
    column("Controller", "What it is a revision of"),
    column("Revision", "Number of the revision"),
    ageColumn,
  ],
  cells: (object, now) => {
    const owner = objectsAt(objectAt(object, "metadata"), "ownerReferences").find((each) =>
      each["controller"] === true
    );
    const [group = ""] = stringAt(owner ?? {}, "apiVersion").split("/").slice(0, -1);
    const kind = stringAt(owner ?? {}, "kind").toLowerCase();
    const controller = `${kind}${group === "" ? "" : `.${group}`}/${stringAt(owner ?? {}, "name")}`;
    return [nameOf(object), owner === undefined ? none : controller, numberAt(object, "revision"), ageOf(object, now)];
  },
};

/** Scales, of whatever it is. */
export const scalePrinter: Printer = {
  columns: [
    nameColumn,
    column("Desired", "How many are wanted", "integer"),
    column("Available", "How many there are", "integer"),
    ageColumn,
  ],
  cells: (object, now) => [
    nameOf(object),
    numberAt(objectAt(object, "spec"), "replicas"),
    numberAt(objectAt(object, "status"), "replicas"),
    ageOf(object, now),
  ],
};
