// A page that could not be shown: it is asked for again until it can.
const again = Number(document.querySelector('meta[name="again"]').content) * 1000;

async function look() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (answer && answer.status !== 503 && answer.status !== 429) location.replace(location.href);
  else setTimeout(look, again);
}

setTimeout(look, again);
