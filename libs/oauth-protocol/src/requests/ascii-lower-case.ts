/**
 * The text with its ASCII letters in lower case. Other letters have none here: lower case would make the sign of Kelvin a `k`, and one
 * name another.
 */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
