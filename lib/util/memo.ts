/**
 * What a pure function made of a text, so that it is not made again. It holds no more than a number of results, and then
 * forgets the oldest, so it may live as long as the program.
 */
export function memoize<T>(make: (text: string) => T, limit: number): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known;
    const value = make(text);
    const [oldest] = made.keys();
    if (made.size >= limit && oldest !== undefined) made.delete(oldest);
    made.set(text, value);
    return value;
  };
}
