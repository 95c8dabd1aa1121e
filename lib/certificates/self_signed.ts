/**
 * A certificate for a server that lives as long as a test. It is written by hand, as the X.509 library behind `issue.ts`
 * takes longer to load than an API server in memory takes to start; everything that lasts is issued there. Keys come
 * from the machine's randomness and not from an injected part: nobody shall be able to seed them.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import { CertificateError } from "./check_pair.ts";
import { bits, bytes, explicit, flag, integer, objectId, sequence, set, tagged, text, time } from "./der.ts";
import type { CertificatePair } from "./source.ts";

/** What a short-lived server is called by. */
export interface SelfSignedOptions {
  /** Beginning of the authority's name; a random part follows, so that no two authorities have the same name. */
  readonly name: string;
  readonly dnsNames: readonly string[];
  /** IPv4 addresses. */
  readonly ipAddresses: readonly string[];
  /** The time, in milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds until both certificates expire. @default a year */
  readonly validity?: number;
}

/** A serving certificate with the authority that signed it. */
export interface SelfSigned {
  /** What clients have to trust, PEM. Its key is forgotten, so that it never signs anything else. */
  readonly authority: string;
  readonly serving: CertificatePair;
}

/** How far in the past certificates begin, so that a clock that is behind ours accepts them too. */
const backdating = 3_600_000;

const ids = {
  ecdsaWithSha256: "2a8648ce3d040302",
  commonName: "550403",
  subjectKeyIdentifier: "551d0e",
  keyUsage: "551d0f",
  subjectAltName: "551d11",
  basicConstraints: "551d13",
  authorityKeyIdentifier: "551d23",
  extendedKeyUsage: "551d25",
  serverAuth: "2b06010505070301",
} as const;

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Issues a serving certificate by a new authority (RFC 5280, ECDSA on P-256).
 * @throws CertificateError when no name is given, or an address is no IPv4 address.
 */
export function issueSelfSigned(options: SelfSignedOptions): SelfSigned {
  const { name, dnsNames, ipAddresses, now, validity = 365 * 24 * 3_600_000 } = options;
  const names = alternativeNames(dnsNames, ipAddresses);
  const [authorityKeys, keys] = [newKeys(), newKeys()];
  const lifetime = sequence(time(now - backdating), time(now + validity));
  const authorityId = identifierOf(authorityKeys);
  const issuer = `${name}-${randomBytes(4).toString("hex")}`;
  const authority = certificate(issuer, issuer, lifetime, authorityKeys, authorityKeys, [
    extension(ids.basicConstraints, sequence(flag(true)), true),
    extension(ids.keyUsage, bits(Uint8Array.of(0b0000_0100), 2), true), // keyCertSign
    extension(ids.subjectKeyIdentifier, bytes(authorityId)),
  ]);
  const serving = certificate(name, issuer, lifetime, keys, authorityKeys, [
    extension(ids.basicConstraints, sequence(), true),
    extension(ids.keyUsage, bits(Uint8Array.of(0b1000_0000), 7), true), // digitalSignature
    extension(ids.extendedKeyUsage, sequence(objectId(ids.serverAuth))),
    extension(ids.subjectAltName, names),
    extension(ids.subjectKeyIdentifier, bytes(identifierOf(keys))),
    extension(ids.authorityKeyIdentifier, sequence(tagged(0, authorityId))),
  ]);
  const key = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { authority, serving: { certificate: serving, key } };
}

/** Tags of the kinds of names that certificates have here. */
const [dnsName, ipAddress] = [2, 7];

function alternativeNames(dnsNames: readonly string[], ipAddresses: readonly string[]): Uint8Array {
  const wrong = ipAddresses.find((address) => !isIPv4(address));
  if (wrong !== undefined) {
    throw new CertificateError(`cannot issue a certificate for "${wrong}": it is no IPv4 address`);
  }
  if (dnsNames.length + ipAddresses.length === 0) {
    throw new CertificateError("cannot issue a serving certificate for no names: give a DNS name or an IP address");
  }
  const encoder = new TextEncoder();
  return sequence(
    ...dnsNames.map((each) => tagged(dnsName, encoder.encode(each))),
    ...ipAddresses.map((each) => tagged(ipAddress, Uint8Array.from(each.split("."), Number))),
  );
}

function newKeys(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function publicKeyOf({ publicKey }: KeyPair): Uint8Array {
  return publicKey.export({ type: "spki", format: "der" });
}

/** Key identifiers are any hash of the key (RFC 7093). */
function identifierOf(keys: KeyPair): Uint8Array {
  return createHash("sha256").update(publicKeyOf(keys)).digest().subarray(0, 20);
}

function nameOf(commonName: string): Uint8Array {
  return sequence(set(sequence(objectId(ids.commonName), text(commonName))));
}

function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(objectId(id), ...critical ? [flag(true)] : [], bytes(value));
}

/** Signs a certificate and writes it as PEM. */
function certificate(
  subject: string,
  issuer: string,
  lifetime: Uint8Array,
  keys: KeyPair,
  signer: KeyPair,
  extensions: readonly Uint8Array[],
): string {
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const content = sequence(
    explicit(0, integer(Uint8Array.of(2))), // version 3
    integer(randomBytes(16)),
    algorithm,
    nameOf(issuer),
    lifetime,
    nameOf(subject),
    publicKeyOf(keys),
    explicit(3, sequence(...extensions)),
  );
  const signature = sign("sha256", content, signer.privateKey);
  const base64 = sequence(content, algorithm, bits(signature)).toBase64();
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
