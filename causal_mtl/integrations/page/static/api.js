// What is asked of the server. Its errors are `{"error": message}`.

export class Refused extends Error {}

export async function ask(path, body) {
  const sent = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  let answer;
  try {
    answer = await fetch(path, sent);
  } catch {
    throw new Refused("The server does not answer. Is causal-mtl serve still running?");
  }
  const value = await answer.json().catch(() => null);
  if (!answer.ok || value === null) {
    throw new Refused(value?.error ?? `The server answered with status ${answer.status}.`);
  }
  return value;
}
