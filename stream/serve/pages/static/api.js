// Requests to the service. Errors are problem details (RFC 9457).
import { t } from "./texts.js";

const csrf = document.querySelector('meta[name="csrf"]').content;

export class ProblemError extends Error {
  constructor(status, title, detail, more) {
    super(title);
    Object.assign(this, { status, title, detail, more });
  }
}

export async function ask(method, url, body, options = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    answer = await fetch(url, { method, headers, body: text, credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ProblemError(0, t("error.offline"), t("error.offline_detail"), {});
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  throw await problemOf(answer);
}

export async function problemOf(answer) {
  const kind = answer.headers.get("Content-Type") ?? "";
  const said = kind.includes("json") ? await answer.json().catch(() => ({})) : {};
  return new ProblemError(answer.status, said.title ?? t("error.answer", { status: answer.status }), said.detail ?? "", said);
}
