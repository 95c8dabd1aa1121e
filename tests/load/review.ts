/** The review of the creation of a Secret with 300 bytes of data, as API servers send it: about 1.4 kB. */
export function reviewOf(labels?: Readonly<Record<string, string>>): string {
  const kind = { group: "", version: "v1", kind: "Secret" };
  const resource = { group: "", version: "v1", resource: "secrets" };
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: "secret-4711",
      namespace: "default",
      operation: "CREATE",
      userInfo: { username: "admin", uid: "0", groups: ["system:masters", "system:authenticated"] },
      object: {
        kind: "Secret",
        apiVersion: "v1",
        metadata: {
          name: "secret-4711",
          namespace: "default",
          creationTimestamp: null,
          ...labels === undefined ? {} : { labels },
          managedFields: [{
            manager: "load",
            operation: "Update",
            apiVersion: "v1",
            time: "2026-11-21T12:00:00Z",
            fieldsType: "FieldsV1",
            fieldsV1: { "f:data": { ".": {}, "f:value": {} }, "f:type": {} },
          }],
        },
        data: { value: btoa("0123456789abcdefghijklmnopqrst".repeat(10)) },
        type: "Opaque",
      },
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1", fieldManager: "load" },
    },
  });
}
