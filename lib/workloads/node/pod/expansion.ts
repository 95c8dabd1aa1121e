/**
 * Replaces `$(NAME)` by the value of a variable. `$$(NAME)` stands for the text `$(NAME)`, and a reference to a
 * variable that does not exist is left as it is (Kubernetes API, Container, fields `command`, `args` and `env.value`).
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (found: string, name: string | undefined) => {
    if (name === undefined) return "$";
    return variables.get(name) ?? found;
  });
}
