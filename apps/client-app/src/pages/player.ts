/**
 * The one script of the pages: lights the messages of a picture one after the other, and copies commands. What began later waits
 * longer, in the measure of the real times, slowed down so that the eye can follow; nothing is lit for less than `SHORTEST`, and
 * whoever wants less motion gets one even pace. Without it nothing is missing.
 */
export const PLAYER = `
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
/** Milliseconds for one step: the mean, the least, and of the even pace. */
const MEAN = 650;
const SHORTEST = 200;
const EVEN = 250;
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

function button(text, kind, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = kind;
  made.textContent = text;
  made.addEventListener('click', () => act(made));
  return made;
}

/** How long each step is lit before the next one, from when they really began. */
function pace(picture) {
  const begun = [...picture.querySelectorAll('[data-at]')].map(({ dataset }) => Number(dataset.at));
  if (calm) return begun.map(() => EVEN);
  const gaps = begun.slice(1).map((at, i) => Math.max(at - begun[i], 0));
  const whole = gaps.reduce((sum, gap) => sum + gap, 0) || 1;
  const spread = gaps.length * (MEAN - SHORTEST);
  return [...gaps.map((gap) => SHORTEST + (gap / whole) * spread), MEAN];
}

async function play(picture, pressed) {
  pressed.disabled = true;
  picture.classList.add('playing');
  const steps = [...picture.querySelectorAll('[data-step]')];
  for (const [index, time] of pace(picture).entries()) {
    for (const part of steps) part.classList.toggle('lit', Number(part.dataset.step) <= index + 1);
    await wait(time);
  }
  picture.classList.remove('playing');
  for (const part of steps) part.classList.remove('lit');
  pressed.disabled = false;
}

for (const picture of document.querySelectorAll('[data-player]')) {
  if (picture.querySelectorAll('.messages > li').length < 2) continue;
  const place = document.createElement('div');
  place.className = 'player';
  place.append(button('Play the steps', 'quiet', (pressed) => play(picture, pressed)));
  picture.prepend(place);
}

for (const command of document.querySelectorAll('[data-copy]')) {
  const text = command.querySelector('pre').textContent;
  command.append(button('Copy', 'quiet copy', async (pressed) => {
    await navigator.clipboard.writeText(text);
    pressed.textContent = 'Copied';
  }));
}
`;
