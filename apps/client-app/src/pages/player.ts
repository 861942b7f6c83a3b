/**
 * The one script of the pages: lights the messages of a picture one after the other, in the measure of their times, and copies
 * commands. Without it nothing is missing.
 */
export const PLAYER = `
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

function button(text, kind, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = kind;
  made.textContent = text;
  made.addEventListener('click', () => act(made));
  return made;
}

async function play(picture, pressed) {
  pressed.disabled = true;
  picture.classList.add('playing');
  const steps = [...picture.querySelectorAll('[data-step]')];
  const count = Math.max(...steps.map((step) => Number(step.dataset.step)));
  for (let step = 1; step <= count; step += 1) {
    for (const part of steps) part.classList.toggle('lit', Number(part.dataset.step) <= step);
    await wait(calm ? 250 : 650);
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
