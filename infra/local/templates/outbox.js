// Loads the page again when something was sent or deleted, and leaves it alone otherwise.
const shown = document.body.dataset.revision;
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch('/revision', { cache: 'no-store' });
    if (answer.ok && (await answer.text()) !== shown) location.reload();
  } catch {
    // The stack is being started again; the next look will find it.
  }
}, 1500);
