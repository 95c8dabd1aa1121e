const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** Greater numbers are cut to this one. */
const largest = 2n ** 63n - 1n;

/**
 * A quantity in canonical form, as `resource.Quantity` of apimachinery writes it: the largest suffix of the same kind
 * with which the number is whole. Undefined when the text is no quantity.
 */
export function formatQuantity(text: string): string | undefined {
  const match = /^([+-]?)(\d+\.?\d*|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?|[eE][+-]?\d+)$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", digits = "", suffix = ""] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const minus = sign === "-" ? "-" : "";
  const power = binary.indexOf(suffix);
  if (power > 0) return minus + formatBinary(BigInt(whole + fraction), fraction.length, power);
  const exponent = decimal[suffix];
  // An exponent keeps its style: it is written with a multiple of three.
  const style = exponent === undefined ? "exponent" : "suffix";
  const shift = (exponent ?? Number(suffix.slice(1))) - fraction.length;
  const formatted = formatDecimal(BigInt(whole + fraction), shift, style);
  return formatted === "0" ? "0" : minus + formatted;
}

function formatDecimal(mantissa: bigint, shift: number, style: "suffix" | "exponent"): string {
  if (mantissa === 0n) return "0";
  if (shift >= 0 && mantissa * 10n ** BigInt(shift) > largest) return `${largest}`;
  let [number, exponent] = [mantissa, shift];
  // Nothing is finer than a thousandth: it is rounded up.
  while (exponent < -3) {
    number = (number + 9n) / 10n;
    exponent++;
  }
  while (number % 10n === 0n) {
    number /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0 || exponent > 18) {
    number *= 10n;
    exponent--;
  }
  if (style === "exponent") return exponent === 0 ? `${number}` : `${number}e${exponent}`;
  const [suffix = ""] = Object.entries(decimal).find(([, value]) => value === exponent) ?? [];
  return `${number}${suffix}`;
}

function formatBinary(mantissa: bigint, places: number, power: number): string {
  let number = mantissa * 1024n ** BigInt(power);
  const divisor = 10n ** BigInt(places);
  // What is no whole number of bytes is written in decimal.
  if (number % divisor !== 0n) return formatDecimal(number, -places, "suffix");
  number /= divisor;
  if (number === 0n) return "0";
  if (number > largest) return `${largest}`;
  let suffix = 0;
  while (number % 1024n === 0n && suffix < binary.length - 1) {
    number /= 1024n;
    suffix++;
  }
  return `${number}${binary[suffix]}`;
}
